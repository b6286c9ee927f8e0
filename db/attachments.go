package db

import (
	"context"
	"encoding/json"

	"charla/chat"
)

// filesColumn is a JSON array of the files of message x, in their order. Messages store how many files they have, so
// messages without files, which are most of them, need no lookup.
const filesColumn = `
	CASE WHEN x.file_count > 0 THEN '[' || COALESCE((
		SELECT string_agg(CAST(json_build_object('id', f.id, 'name', f.name, 'alt', f.alt, 'type', b.type,
			'size', b.size, 'width', b.width, 'height', b.height,
			'animated', CASE WHEN b.animated THEN 1 ELSE 0 END) AS TEXT), ',' ORDER BY f.position)
		FROM files f JOIN blobs b ON b.id = f.blob_id
		WHERE f.message_id = x.id), '') || ']' ELSE '[]' END AS files`

// fileJSON is an element of filesColumn. Animated is 0 or 1, because SQLite has no booleans.
type fileJSON struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Alt      string `json:"alt"`
	Type     string `json:"type"`
	Size     int64  `json:"size"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Animated int    `json:"animated"`
}

func (f fileJSON) file() chat.File {
	return chat.File{ID: f.ID, Name: f.Name, Alt: f.Alt, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height,
		Animated: f.Animated == 1}
}

// PendingFiles lists a person's pending files for a conversation, oldest first. It excludes avatars, which belong to no
// conversation.
func (r reader) PendingFiles(ctx context.Context, user int64, ref chat.ConversationRef,
	limit int) (files []chat.File, err error) {
	const query = `
		SELECT ` + fileColumns + `
		FROM files f JOIN blobs b ON b.id = f.blob_id
		WHERE f.user_id = $1 AND f.room_id = $2 AND f.peer_id = $3 AND ` + isUnattached + `
		ORDER BY f.id
		LIMIT $4`
	err = r.list(ctx, "list pending files", &files, query, user, ref.Room, ref.With, limit)
	return files, err
}

// Usage returns how many bytes a person has stored and how many pending files a conversation has. Files with the same
// blob count with its full size each.
func (r reader) Usage(ctx context.Context, user int64, ref chat.ConversationRef) (u chat.Usage, err error) {
	const query = `
		SELECT CAST(COALESCE(SUM(b.size), 0) AS BIGINT) AS bytes,
			COUNT(CASE WHEN f.room_id = $2 AND f.peer_id = $3 AND ` + isUnattached + ` THEN 1 END) AS pending
		FROM files f JOIN blobs b ON b.id = f.blob_id
		WHERE f.user_id = $1`
	err = r.get(ctx, "read storage usage", &u, query, user, ref.Room, ref.With)
	return u, err
}

// PendingFilesByID returns the files with the given ids, in the order of ids. It leaves out files that are attached to
// a message or deleted.
func (r reader) PendingFilesByID(ctx context.Context, user int64, ids []int64) (files []chat.File, err error) {
	const query = `
		SELECT ` + fileColumns + `
		FROM json_each($2) o
		JOIN files f ON f.id = CAST(o.value ->> 0 AS BIGINT)
		JOIN blobs b ON b.id = f.blob_id
		WHERE f.user_id = $1 AND ` + isUnattached + `
		ORDER BY CAST(o.key AS BIGINT)`
	err = r.list(ctx, "list pending files by id", &files, query, user, listToJSON(tuples(ids)))
	return files, err
}

// PendingDuplicate returns the pending file with the same owner, conversation, name and blob as f, or chat.ErrNotFound.
func (w writer) PendingDuplicate(ctx context.Context, f chat.NewFile) (file chat.File, err error) {
	const query = `
		SELECT ` + fileColumns + `
		FROM files f JOIN blobs b ON b.id = f.blob_id
		WHERE f.user_id = $1 AND f.room_id = $2 AND f.peer_id = $3 AND f.name = $4 AND f.blob_id = $5
			AND ` + isUnattached + `
		ORDER BY f.id
		LIMIT 1`
	err = w.get(
		ctx, "read pending file", &file, query, f.Owner, f.Conversation.Room, f.Conversation.With, f.Name, f.Blob,
	)
	return file, err
}

// InsertFile adds a pending file. If the file's blob is being deleted, the foreign key fails and InsertFile returns
// chat.ErrNotFound.
func (w writer) InsertFile(ctx context.Context, f chat.NewFile) (file chat.File, err error) {
	const op = "insert file"
	const (
		insert = `
			INSERT INTO files (blob_id, user_id, name, alt, room_id, peer_id, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			RETURNING id`
		query = `
			SELECT ` + fileColumns + ` FROM files f JOIN blobs b ON b.id = f.blob_id WHERE f.id = $1`
	)
	var id int64
	err = w.get(ctx, op, &id, insert, f.Blob, f.Owner, f.Name, f.Alt, f.Conversation.Room, f.Conversation.With,
		f.CreatedAt)
	if err != nil {
		return chat.File{}, err
	}
	err = w.get(ctx, op, &file, query, id)
	return file, err
}

// fileLocation is the conversation and the blob of a pending file.
type fileLocation struct {
	Room int64 `db:"room_id"`
	With int64 `db:"peer_id"`
	Blob int64 `db:"blob_id"`
}

func (l fileLocation) conversation() chat.ConversationRef {
	return chat.ConversationRef{Room: l.Room, With: l.With}
}

// SetFileAlt sets the alternative text of a pending file and returns the file's conversation. It returns
// chat.ErrNotFound if the file is attached to a message.
func (w writer) SetFileAlt(ctx context.Context, user, id int64, alt string) (chat.ConversationRef, error) {
	const query = `
		UPDATE files AS f SET alt = $3 WHERE f.id = $2 AND f.user_id = $1 AND ` + isUnattached + `
		RETURNING room_id, peer_id, blob_id`
	var location fileLocation
	err := w.get(ctx, "set description of file", &location, query, user, id, alt)
	return location.conversation(), err
}

// SetFileAlts sets the alternative texts of a message's files. It passes them to the database as one JSON object:
// {"file id": "text"}.
func (w writer) SetFileAlts(ctx context.Context, message int64, alts map[int64]string) error {
	const query = `
		UPDATE files AS f SET alt = o.value ->> 0
		FROM json_each($2) o
		WHERE f.message_id = $1 AND f.id = CAST(o.key AS BIGINT)`
	if len(alts) == 0 {
		return nil
	}
	byID := make(map[int64][1]string, len(alts))
	for id, alt := range alts {
		byID[id] = [1]string{alt}
	}
	text, err := json.Marshal(byID)
	if err != nil {
		return err
	}
	_, err = w.exec(ctx, "set descriptions of files", query, message, string(text))
	return err
}

// DeletePendingFile deletes a pending file and returns its conversation and blob. It returns chat.ErrNotFound if the
// file is attached to a message.
func (w writer) DeletePendingFile(ctx context.Context, user, id int64) (chat.ConversationRef, int64, error) {
	const query = `
		DELETE FROM files AS f WHERE f.id = $2 AND f.user_id = $1 AND ` + isUnattached + `
		RETURNING room_id, peer_id, blob_id`
	var location fileLocation
	err := w.get(ctx, "delete pending file", &location, query, user, id)
	return location.conversation(), location.Blob, err
}

// AttachFiles attaches pending files to a message and returns how many it attached. If two transactions attach the same
// file at the same time, the second waits for the first and then skips the file.
func (w writer) AttachFiles(ctx context.Context, user int64, ids []int64, message int64) (int, error) {
	const query = `
		UPDATE files AS f SET message_id = $3, position = CAST(o.key AS BIGINT), room_id = 0, peer_id = 0
		FROM json_each($2) o
		WHERE f.id = CAST(o.value ->> 0 AS BIGINT) AND f.user_id = $1 AND ` + isUnattached
	attached, err := w.exec(ctx, "attach files", query, user, listToJSON(tuples(ids)), message)
	return int(attached), err
}

// DeleteMessageFiles deletes the files of a message and returns their blobs. It does not change the file count of the
// message; UpdateMessage does.
func (w writer) DeleteMessageFiles(ctx context.Context, message int64) (blobs []int64, err error) {
	const query = `
		DELETE FROM files WHERE message_id = $1 RETURNING blob_id`
	err = w.list(ctx, "delete files of message", &blobs, query, message)
	return blobs, err
}
