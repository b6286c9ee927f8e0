package db

import (
	"context"

	"charla/chat"
)

// ChecklistFacts returns whether there are invitations or several people, and whether there is a room besides General.
func (r reader) ChecklistFacts(ctx context.Context) (facts chat.ChecklistFacts, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM invitations)
				OR (SELECT COUNT(*) FROM (SELECT 1 FROM users WHERE name <> '' AND owner_id = 0 LIMIT 2) p) > 1
				AS has_invited,
			EXISTS (SELECT 1 FROM rooms WHERE kind = 'channel' AND id <> $1) AS has_room`
	err = r.get(ctx, "read checklist", &facts, query, chat.General)
	return facts, err
}
