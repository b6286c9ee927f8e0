package db

import (
	"context"

	"charla/chat"
)

// askedKeys is a table expression with the strings of a JSON list; see listToJSON. Its placeholder is $1.
const askedKeys = `
	WITH asked AS MATERIALIZED (SELECT CAST(value ->> 0 AS TEXT) AS key FROM json_each($1))`

// UsersByHandle lists the enabled users who have one of the given handles, by id.
func (r reader) UsersByHandle(ctx context.Context, keys []string) (users []chat.UserSummary, err error) {
	const query = askedKeys + `
		SELECT ` + userSummaryColumns + ` FROM users u
		WHERE u.handle_key <> '' AND u.handle_key IN (SELECT a.key FROM asked a) AND u.disabled_at = 0
		ORDER BY u.id`
	err = r.list(ctx, "find users by handle", &users, query, listToJSON(tuples(keys)))
	return users, err
}

// TakenHandles returns those of the given keys that are the handle of another user.
func (r reader) TakenHandles(ctx context.Context, user int64, keys []string) (taken []string, err error) {
	const query = askedKeys + `
		SELECT a.key FROM asked a JOIN users u ON u.handle_key = a.key AND u.handle_key <> ''
		WHERE u.id <> $2
		ORDER BY a.key`
	err = r.list(ctx, "list taken handles", &taken, query, listToJSON(tuples(keys)), user)
	return taken, err
}

// FreedHandles returns those of the given hashes that another user has given up at or after a time.
func (r reader) FreedHandles(ctx context.Context, user int64, hashes []string,
	since chat.Timestamp) (freed []string, err error) {
	const query = askedKeys + `
		SELECT a.key FROM asked a JOIN freed_handles f ON f.hash = a.key
		WHERE f.user_id <> $2 AND f.freed_at >= $3
		ORDER BY a.key`
	err = r.list(ctx, "list freed handles", &freed, query, listToJSON(tuples(hashes)), user, since)
	return freed, err
}

// UsersWithoutHandle lists users who have no handle, by id.
func (r reader) UsersWithoutHandle(ctx context.Context, limit int) (users []chat.UserSummary, err error) {
	const query = `
		SELECT ` + userSummaryColumns + ` FROM users u
		WHERE u.handle_key = '' AND u.name <> ''
		ORDER BY u.id
		LIMIT $1`
	err = r.list(ctx, "list users without handle", &users, query, limit)
	return users, err
}

// SetHandle changes the handle of a user. A unique index keeps two users from having the same handle.
func (w writer) SetHandle(ctx context.Context, user int64, handle, key string) error {
	const query = `
		UPDATE users SET handle = $2, handle_key = $3 WHERE id = $1 AND name <> ''`
	return w.execRow(ctx, "set handle", query, user, handle, key)
}

// InsertFreedHandle records that a user gave up a handle. It replaces an earlier record of the same handle.
func (w writer) InsertFreedHandle(ctx context.Context, hash string, user int64, at chat.Timestamp) error {
	const query = `
		INSERT INTO freed_handles (hash, user_id, freed_at) VALUES ($1, $2, $3)
		ON CONFLICT (hash) DO UPDATE SET user_id = excluded.user_id, freed_at = excluded.freed_at`
	_, err := w.exec(ctx, "insert freed handle", query, hash, user, at)
	return err
}

// PruneFreedHandles deletes the records of handles that were given up before a time.
func (w writer) PruneFreedHandles(ctx context.Context, before chat.Timestamp) error {
	const query = `
		DELETE FROM freed_handles WHERE freed_at < $1`
	_, err := w.exec(ctx, "prune freed handles", query, before)
	return err
}
