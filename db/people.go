package db

import (
	"context"
	"strings"

	"charla/chat"
)

// sortedAfterUser is an SQL condition that is true for users u whose name comes after that of user $2. If $2 is 0, it
// is true for everybody.
const sortedAfterUser = `(CAST($2 AS BIGINT) = 0
	OR (u.name_key, u.id) > (SELECT a.name_key, a.id FROM users a WHERE a.id = $2))`

// userSummaryColumns lists the columns of a chat.UserSummary. The query must call the table users u.
const userSummaryColumns = `u.id, u.name, u.avatar_file_id, u.owner_id <> 0 AS is_bot, u.handle,
	u.role = 'guest' AS is_guest`

// handlePattern returns a LIKE pattern for the handles that contain what somebody searches for: a folded name, with or
// without the sign @ before it.
func handlePattern(nameKey string) string {
	return likePattern(chat.HandleKey(strings.TrimPrefix(nameKey, "@")))
}

// FindUsers lists enabled users, by name, whom the viewer sees and whose folded name or handle contains nameKey. It
// reads an index of the names until it has found enough matches.
func (r reader) FindUsers(ctx context.Context, viewer int64, nameKey string, after int64,
	limit int) (users []chat.UserSummary, err error) {
	const query = `
		SELECT ` + userSummaryColumns + ` FROM users u
		WHERE (u.name_key LIKE $3 ESCAPE '\' OR u.handle_key LIKE $5 ESCAPE '\') AND u.disabled_at = 0
			AND ` + sortedAfterUser + ` AND ` + isVisible + `
		ORDER BY u.name_key, u.id
		LIMIT $4`
	err = r.list(ctx, "find users", &users, query, viewer, after, likePattern(nameKey), limit,
		handlePattern(nameKey))
	return users, err
}

// AllUsers lists users, by name, whose folded name, handle or e-mail address contains key. It includes disabled
// accounts and excludes deleted ones.
func (r reader) AllUsers(ctx context.Context, key string, after int64, limit int) (users []chat.User, err error) {
	const query = `
		SELECT ` + userColumns + ` FROM users u
		WHERE (u.name_key LIKE $1 ESCAPE '\' OR u.email_key LIKE $1 ESCAPE '\' OR u.handle_key LIKE $4 ESCAPE '\')
			AND u.name <> '' AND ` + sortedAfterUser + `
		ORDER BY u.name_key, u.id
		LIMIT $3`
	err = r.list(ctx, "list all users", &users, query, likePattern(key), after, limit,
		handlePattern(key))
	return users, err
}
