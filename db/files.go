package db

import (
	"context"

	"charla/chat"
)

// fileColumns lists the columns of a chat.File. The query must call the table files f and the table blobs b.
const fileColumns = `f.id, f.name, f.alt, b.type, b.size, b.width, b.height, b.animated`

const (
	// isAvatar is an SQL condition that is true if file f is the avatar of its owner.
	isAvatar = `EXISTS (SELECT 1 FROM users a WHERE a.id = f.user_id AND a.avatar_file_id = f.id)`
	// isVisibleAvatar is an SQL condition that is true if file f is the avatar of a user whose name the person with the
	// id $1 sees in lists or in messages.
	isVisibleAvatar = `EXISTS (
		SELECT 1 FROM users u
		WHERE u.id = f.user_id AND u.avatar_file_id = f.id AND (` + isVisible + ` OR ` + wasInRoom + `))`
	// isUnattached is an SQL condition that is true if file f can still be attached to a message.
	isUnattached = `f.message_id IS NULL AND NOT ` + isAvatar
)

// File returns a file if the person may see it, and chat.ErrNotFound otherwise. One statement checks access and reads
// the file, so that nothing can change in between.
func (r reader) File(ctx context.Context, user, id int64) (f chat.StoredFile, err error) {
	const query = `
		SELECT ` + fileColumns + `, b.object, ` + isAvatar + ` AS is_avatar
		FROM files f JOIN blobs b ON b.id = f.blob_id
		WHERE f.id = $2 AND (f.message_id IS NULL AND f.user_id = $1 OR ` + isVisibleAvatar + ` OR EXISTS (
			SELECT 1 FROM messages x JOIN members m ON m.room_id = x.room_id
			WHERE x.id = f.message_id AND x.deleted_at = 0 AND m.user_id = $1))`
	err = r.get(ctx, "read file", &f, query, user, id)
	return f, err
}
