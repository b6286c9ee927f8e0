package db

import (
	"context"
	"encoding/json"

	"charla/chat"
)

// fileLine is a file f with its content c as a line of chat.Files.
const fileLine = `
	f.id || '` + "\t" + `' || f.name || '` + "\t" + `' || f.alt || '` + "\t" + `' || c.type || '` + "\t" + `' || c.size || '` + "\t" + `' || c.width
		|| '` + "\t" + `' || c.height || '` + "\t" + `' || CASE WHEN c.moves THEN 1 ELSE 0 END`

// files is the column with the files of a message x, as chat.Files reads them. The message counts them, so most rows cost
// no look.
const files = `
	CASE WHEN x.files > 0 THEN COALESCE((
		SELECT string_agg(` + fileLine + `, '` + "\n" + `' ORDER BY f.position)
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.message_id = x.id), '') ELSE '' END AS files`

// isAvatar tells whether a file f is the picture of its owner, and waits whether it waits for a message.
const (
	isAvatar = `EXISTS (SELECT 1 FROM users a WHERE a.id = f.user_id AND a.avatar = f.id)`
	waits    = `f.message_id IS NULL AND NOT ` + isAvatar
)

const file = `f.id, f.name, f.alt, c.type, c.size, c.width, c.height, c.moves`

// File is one statement, so that nothing falls between finding a file and asking who may see it.
func (r reader) File(ctx context.Context, user, id int64) (f chat.StoredFile, err error) {
	const query = `
		SELECT ` + file + `, c.object, ` + isAvatar + ` AS avatar
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.id = $2 AND (f.message_id IS NULL AND f.user_id = $1 OR ` + isAvatar + ` OR EXISTS (
			SELECT 1 FROM messages x JOIN members m ON m.room_id = x.room_id
			WHERE x.id = f.message_id AND x.deleted_at = 0 AND m.user_id = $1))`
	err = r.get(ctx, &f, query, user, id)
	return f, err
}

// WaitingFiles leaves pictures of people out, which are in no place.
func (r reader) WaitingFiles(ctx context.Context, user int64, p chat.Place, limit int) (list []chat.File, err error) {
	const query = `
		SELECT ` + file + `
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.user_id = $1 AND f.room_id = $2 AND f.peer_id = $3 AND ` + waits + `
		ORDER BY f.id
		LIMIT $4`
	err = r.list(ctx, &list, query, user, p.Room, p.With, limit)
	return list, err
}

// Usage counts the same bytes again for each file that has them.
func (r reader) Usage(ctx context.Context, user int64, p chat.Place) (u chat.Usage, err error) {
	const query = `
		SELECT CAST(COALESCE(SUM(c.size), 0) AS BIGINT) AS bytes,
			COUNT(CASE WHEN f.room_id = $2 AND f.peer_id = $3 AND ` + waits + ` THEN 1 END) AS waiting
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.user_id = $1`
	err = r.get(ctx, &u, query, user, p.Room, p.With)
	return u, err
}

// ContentByHash finds content by the bytes that it came from.
func (r reader) ContentByHash(ctx context.Context, hash string) (int64, chat.Content, error) {
	const query = `
		SELECT id, object, hash, type, size, width, height, moves FROM contents WHERE hash = $1`
	var row struct {
		ID int64 `db:"id"`
		chat.Content
	}
	err := r.get(ctx, &row, query, hash)
	return row.ID, row.Content, err
}

// UnusedContents reads the whole table, once an hour.
func (r reader) UnusedContents(ctx context.Context, limit int) (ids []int64, err error) {
	const query = `
		SELECT c.id FROM contents c
		WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.content_id = c.id)
		ORDER BY c.id
		LIMIT $1`
	err = r.list(ctx, &ids, query, limit)
	return ids, err
}

// OrphansAmong takes the names as one JSON object, like LastSeqs.
func (r reader) OrphansAmong(ctx context.Context, objects []string) (orphans []string, err error) {
	const query = `
		WITH asked AS MATERIALIZED (SELECT value ->> 0 AS object FROM json_each($1))
		SELECT a.object FROM asked a
		WHERE NOT EXISTS (SELECT 1 FROM contents c WHERE c.object = a.object)
		ORDER BY a.object`
	names := make(map[int][1]string, len(objects))
	for i, name := range objects {
		names[i] = [1]string{name}
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	err = r.list(ctx, &orphans, query, string(list))
	return orphans, err
}

// HoldUser takes the lock of the person's row. SQLite has one writer anyway.
func (w writer) HoldUser(ctx context.Context, user int64) error {
	const query = `
		UPDATE users SET avatar = avatar WHERE id = $1`
	_, err := w.exec(ctx, query, user)
	return err
}

// InsertContent waits for another transaction that inserts the same bytes.
func (w writer) InsertContent(ctx context.Context, c chat.Content, at chat.Micros) error {
	const query = `
		INSERT INTO contents (object, hash, type, size, width, height, moves, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (hash) DO NOTHING`
	_, err := w.exec(ctx, query, c.Object, c.Hash, c.Type, c.Size, c.Width, c.Height, c.Moves, at)
	return err
}

// DeleteContents fails where a file is being made of one of them.
func (w writer) DeleteContents(ctx context.Context, contents []int64) (objects []string, err error) {
	const query = `
		DELETE FROM contents
		WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))
			AND NOT EXISTS (SELECT 1 FROM files f WHERE f.content_id = contents.id)
		RETURNING object`
	err = w.list(ctx, &objects, query, object(contents))
	return objects, err
}

// InsertFile relies on the reference to its content.
func (w writer) InsertFile(ctx context.Context, f chat.NewFile) (made chat.File, err error) {
	const (
		insert = `
			INSERT INTO files (content_id, user_id, name, alt, room_id, peer_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			RETURNING id`
		query = `
			SELECT ` + file + ` FROM files f JOIN contents c ON c.id = f.content_id WHERE f.id = $1`
	)
	var id int64
	err = w.get(ctx, &id, insert, f.Content, f.Owner, f.Name, f.Alt, f.Place.Room, f.Place.With, f.CreatedAt)
	if err == nil {
		err = w.get(ctx, &made, query, id)
	}
	return made, err
}

// where is the place of a row of files.
type where struct {
	Room    int64 `db:"room_id"`
	With    int64 `db:"peer_id"`
	Content int64 `db:"content_id"`
}

func (w where) place() chat.Place { return chat.Place{Room: w.Room, With: w.With} }

// SetAlt finds nothing where the file was sent.
func (w writer) SetAlt(ctx context.Context, user, id int64, alt string) (chat.Place, error) {
	const query = `
		UPDATE files AS f SET alt = $3 WHERE f.id = $2 AND f.user_id = $1 AND ` + waits + `
		RETURNING room_id, peer_id, content_id`
	var at where
	err := w.get(ctx, &at, query, user, id, alt)
	return at.place(), err
}

// SetAlts takes them as a JSON object whose names are the ids.
func (w writer) SetAlts(ctx context.Context, message int64, alts map[int64]string) error {
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

// DeleteWaiting finds nothing where the file was sent.
func (w writer) DeleteWaiting(ctx context.Context, user, id int64) (chat.Place, int64, error) {
	const query = `
		DELETE FROM files AS f WHERE f.id = $2 AND f.user_id = $1 AND ` + waits + `
		RETURNING room_id, peer_id, content_id`
	var at where
	err := w.get(ctx, &at, query, user, id)
	return at.place(), at.Content, err
}

// FilesToSend takes its ids as a JSON object whose names are their order.
func (w writer) FilesToSend(ctx context.Context, user int64, ids []int64) (list chat.Files, err error) {
	const query = `
		SELECT COALESCE(string_agg(` + fileLine + `, '` + "\n" + `' ORDER BY CAST(o.key AS BIGINT)), '')
		FROM json_each($2) o
		JOIN files f ON f.id = CAST(o.value ->> 0 AS BIGINT)
		JOIN contents c ON c.id = f.content_id
		WHERE f.user_id = $1 AND ` + waits
	err = w.get(ctx, &list, query, user, object(ids))
	return list, err
}

// SendFiles lets only one message take a file: a second one waits for the first and finds it sent.
func (w writer) SendFiles(ctx context.Context, user int64, ids []int64, message int64) (int, error) {
	const query = `
		UPDATE files AS f SET message_id = $3, position = CAST(o.key AS BIGINT), room_id = 0, peer_id = 0
		FROM json_each($2) o
		WHERE f.id = CAST(o.value ->> 0 AS BIGINT) AND f.user_id = $1 AND ` + waits
	sent, err := w.exec(ctx, query, user, object(ids), message)
	return int(sent), err
}

// DeleteFiles leaves the message's count to UpdateMessage.
func (w writer) DeleteFiles(ctx context.Context, message int64) (contents []int64, err error) {
	const query = `
		DELETE FROM files WHERE message_id = $1 RETURNING content_id`
	err = w.list(ctx, &contents, query, message)
	return contents, err
}

// DeleteStale leaves the contents to who looks for unused ones.
func (w writer) DeleteStale(ctx context.Context, t chat.Micros) error {
	const query = `
		DELETE FROM files AS f WHERE f.created_at < $1 AND ` + waits
	_, err := w.exec(ctx, query, t)
	return err
}

// SetAvatar finds nothing where the file is not the person's, or does not wait.
func (w writer) SetAvatar(ctx context.Context, user, file int64) (contents []int64, err error) {
	const (
		mine = `
			SELECT f.id FROM files f WHERE f.id = $2 AND f.user_id = $1 AND ` + waits
		before = `
			DELETE FROM files WHERE id = (SELECT avatar FROM users WHERE id = $1) AND id <> $2 RETURNING content_id`
		set = `
			UPDATE users SET avatar = $2 WHERE id = $1`
	)
	if err := w.HoldUser(ctx, user); err != nil {
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
