package db

import (
	"context"
	"encoding/json"

	"charla/chat"
)

// packedFile is a file f with its content c as a line of chat.Files.
const packedFile = `
	f.id || '` + "\t" + `' || f.name || '` + "\t" + `' || f.alt || '` + "\t" + `' || c.type || '` + "\t" + `' || c.size || '` + "\t" + `' || c.width
		|| '` + "\t" + `' || c.height || '` + "\t" + `' || CASE WHEN c.moves THEN 1 ELSE 0 END`

// filesColumn is the column with the files of a message x, as chat.Files reads them. The message counts them, so most rows cost
// no look.
const filesColumn = `
	CASE WHEN x.files > 0 THEN COALESCE((
		SELECT string_agg(` + packedFile + `, '` + "\n" + `' ORDER BY f.position)
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.message_id = x.id), '') ELSE '' END AS files`

// isAvatar tells whether a file f is the picture of its owner, and waits whether it waits for a message.
const (
	isAvatar     = `EXISTS (SELECT 1 FROM users a WHERE a.id = f.user_id AND a.avatar = f.id)`
	isUnattached = `f.message_id IS NULL AND NOT ` + isAvatar
)

// PendingFiles leaves pictures of people out, which are in no place.
func (r reader) PendingFiles(ctx context.Context, user int64, ref chat.ConversationRef, limit int) (list []chat.File, err error) {
	const query = `
		SELECT ` + fileColumns + `
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.user_id = $1 AND f.room_id = $2 AND f.peer_id = $3 AND ` + isUnattached + `
		ORDER BY f.id
		LIMIT $4`
	err = r.list(ctx, &list, query, user, ref.Room, ref.With, limit)
	return list, err
}

// Usage counts the same bytes again for each file that has them.
func (r reader) Usage(ctx context.Context, user int64, ref chat.ConversationRef) (u chat.Usage, err error) {
	const query = `
		SELECT CAST(COALESCE(SUM(c.size), 0) AS BIGINT) AS bytes,
			COUNT(CASE WHEN f.room_id = $2 AND f.peer_id = $3 AND ` + isUnattached + ` THEN 1 END) AS waiting
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.user_id = $1`
	err = r.get(ctx, &u, query, user, ref.Room, ref.With)
	return u, err
}

// InsertFile relies on the reference to its content.
func (w writer) InsertFile(ctx context.Context, f chat.NewFile) (made chat.File, err error) {
	const (
		insert = `
			INSERT INTO files (content_id, user_id, name, alt, room_id, peer_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			RETURNING id`
		query = `
			SELECT ` + fileColumns + ` FROM files f JOIN contents c ON c.id = f.content_id WHERE f.id = $1`
	)
	var id int64
	err = w.get(ctx, &id, insert, f.Blob, f.Owner, f.Name, f.Alt, f.Conversation.Room, f.Conversation.With, f.CreatedAt)
	if err == nil {
		err = w.get(ctx, &made, query, id)
	}
	return made, err
}

// fileLocation is the place of a row of files.
type fileLocation struct {
	Room    int64 `db:"room_id"`
	With    int64 `db:"peer_id"`
	Content int64 `db:"content_id"`
}

func (w fileLocation) conversation() chat.ConversationRef {
	return chat.ConversationRef{Room: w.Room, With: w.With}
}

// SetFileAlt finds nothing where the file was sent.
func (w writer) SetFileAlt(ctx context.Context, user, id int64, alt string) (chat.ConversationRef, error) {
	const query = `
		UPDATE files AS f SET alt = $3 WHERE f.id = $2 AND f.user_id = $1 AND ` + isUnattached + `
		RETURNING room_id, peer_id, content_id`
	var location fileLocation
	err := w.get(ctx, &location, query, user, id, alt)
	return location.conversation(), err
}

// SetFileAlts takes them as a JSON object whose names are the ids.
func (w writer) SetFileAlts(ctx context.Context, message int64, alts map[int64]string) error {
	const query = `
		UPDATE files AS f SET alt = o.value ->> 0
		FROM json_each($2) o
		WHERE f.message_id = $1 AND f.id = CAST(o.key AS BIGINT)`
	if len(alts) == 0 {
		return nil
	}
	named := make(map[int64][1]string, len(alts))
	for id, alt := range alts {
		named[id] = [1]string{alt}
	}
	list, err := json.Marshal(named)
	if err == nil {
		_, err = w.exec(ctx, query, message, string(list))
	}
	return err
}

// DeletePendingFile finds nothing where the file was sent.
func (w writer) DeletePendingFile(ctx context.Context, user, id int64) (chat.ConversationRef, int64, error) {
	const query = `
		DELETE FROM files AS f WHERE f.id = $2 AND f.user_id = $1 AND ` + isUnattached + `
		RETURNING room_id, peer_id, content_id`
	var location fileLocation
	err := w.get(ctx, &location, query, user, id)
	return location.conversation(), location.Content, err
}

// PendingFilesByID takes its ids as a JSON object whose names are their order.
func (w writer) PendingFilesByID(ctx context.Context, user int64, ids []int64) (list chat.Files, err error) {
	const query = `
		SELECT COALESCE(string_agg(` + packedFile + `, '` + "\n" + `' ORDER BY CAST(o.key AS BIGINT)), '')
		FROM json_each($2) o
		JOIN files f ON f.id = CAST(o.value ->> 0 AS BIGINT)
		JOIN contents c ON c.id = f.content_id
		WHERE f.user_id = $1 AND ` + isUnattached
	err = w.get(ctx, &list, query, user, idsToJSON(ids))
	return list, err
}

// AttachFiles lets only one message take a file: a second one waits for the first and finds it sent.
func (w writer) AttachFiles(ctx context.Context, user int64, ids []int64, message int64) (int, error) {
	const query = `
		UPDATE files AS f SET message_id = $3, position = CAST(o.key AS BIGINT), room_id = 0, peer_id = 0
		FROM json_each($2) o
		WHERE f.id = CAST(o.value ->> 0 AS BIGINT) AND f.user_id = $1 AND ` + isUnattached
	sent, err := w.exec(ctx, query, user, idsToJSON(ids), message)
	return int(sent), err
}

// DeleteMessageFiles leaves the message's count to UpdateMessage.
func (w writer) DeleteMessageFiles(ctx context.Context, message int64) (contents []int64, err error) {
	const query = `
		DELETE FROM files WHERE message_id = $1 RETURNING content_id`
	err = w.list(ctx, &contents, query, message)
	return contents, err
}

// SetAvatar finds nothing where the file is not the person's, or does not wait.
func (w writer) SetAvatar(ctx context.Context, user, file int64) (contents []int64, err error) {
	const (
		mine = `
			SELECT f.id FROM files f WHERE f.id = $2 AND f.user_id = $1 AND ` + isUnattached
		before = `
			DELETE FROM files WHERE id = (SELECT avatar FROM users WHERE id = $1) AND id <> $2 RETURNING content_id`
		set = `
			UPDATE users SET avatar = $2 WHERE id = $1`
	)
	if err := w.LockUser(ctx, user); err != nil {
		return nil, err
	}
	if file != 0 {
		var found int64
		if err := w.get(ctx, &found, mine, user, file); err != nil {
			return nil, err
		}
	}
	if err := w.list(ctx, &contents, before, user, file); err != nil {
		return nil, err
	}
	_, err = w.exec(ctx, set, user, file)
	return contents, err
}
