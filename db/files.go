package db

import (
	"context"

	"charla/chat"
)

const fileColumns = `f.id, f.name, f.alt, c.type, c.size, c.width, c.height, c.moves`

// File is one statement, so that nothing falls between finding a file and asking who may see it.
func (r reader) File(ctx context.Context, user, id int64) (f chat.StoredFile, err error) {
	const query = `
		SELECT ` + fileColumns + `, c.object, ` + isAvatar + ` AS avatar
		FROM files f JOIN contents c ON c.id = f.content_id
		WHERE f.id = $2 AND (f.message_id IS NULL AND f.user_id = $1 OR ` + isAvatar + ` OR EXISTS (
			SELECT 1 FROM messages x JOIN members m ON m.room_id = x.room_id
			WHERE x.id = f.message_id AND x.deleted_at = 0 AND m.user_id = $1))`
	err = r.get(ctx, &f, query, user, id)
	return f, err
}
