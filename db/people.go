package db

import (
	"context"

	"charla/chat"
)

// FindUsers reads the names in order until it has enough of them. It goes on after a person like Members.
func (r reader) FindUsers(ctx context.Context, nameKey string, after int64, limit int) (people []chat.UserSummary, err error) {
	const query = `
		SELECT u.id, u.name, u.avatar, u.owner_id <> 0 AS bot FROM users u
		WHERE u.name_key LIKE $1 ESCAPE '\' AND u.disabled_at = 0 AND ` + sortedAfterUser + `
		ORDER BY u.name_key, u.id
		LIMIT $3`
	err = r.list(ctx, &people, query, likePattern(nameKey), after, limit)
	return people, err
}

// AllUsers lists the disabled too, and nobody who deleted their account.
func (r reader) AllUsers(ctx context.Context, key string, after int64, limit int) (users []chat.User, err error) {
	const query = `
		SELECT ` + userColumns + ` FROM users u
		WHERE (u.name_key LIKE $1 ESCAPE '\' OR u.email_key LIKE $1 ESCAPE '\') AND u.name <> '' AND ` + sortedAfterUser + `
		ORDER BY u.name_key, u.id
		LIMIT $3`
	err = r.list(ctx, &users, query, likePattern(key), after, limit)
	return users, err
}

// sortedAfterUser holds for those who stand behind the person $2 in the order of names; for all with 0.
const sortedAfterUser = `(CAST($2 AS BIGINT) = 0 OR (u.name_key, u.id) > (SELECT a.name_key, a.id FROM users a WHERE a.id = $2))`
