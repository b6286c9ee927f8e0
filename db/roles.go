package db

import (
	"context"

	"charla/chat"
)

// RoleChanges lists the people whose role changed at or after a time, with their present role. It has no limit, because
// a person who is missing from the result would keep what the old role may see. Callers ask for a short time, in which
// few roles change.
func (r reader) RoleChanges(ctx context.Context, since chat.Timestamp) (changes []chat.RoleChanged, err error) {
	const query = `
		SELECT id, role FROM users WHERE role_changed_at > 0 AND role_changed_at >= $1 ORDER BY id`
	err = r.list(ctx, "list changes of roles", &changes, query, since)
	return changes, err
}
