package db

import (
	"context"
	"strings"

	"charla/chat"
)

// CompletePeople lists users by the beginning of their handle or of a word of their name. It looks at the last 200
// messages of the conversation to find out who wrote last.
func (r reader) CompletePeople(ctx context.Context, viewer int64, c chat.Conversation, nameKey string,
	limit int) (users []chat.UserSummary, err error) {
	const query = `
		WITH recent AS MATERIALIZED (
			SELECT author_id, MAX(seq) AS seq FROM (
				SELECT x.author_id, x.seq FROM messages x WHERE x.room_id = $2 ORDER BY x.seq DESC LIMIT 200) AS latest
			GROUP BY author_id)
		SELECT ` + userSummaryColumns + `
		FROM users u
		LEFT JOIN members o ON o.room_id = $2 AND o.user_id = u.id
		LEFT JOIN recent ON recent.author_id = u.id
		WHERE (u.handle_key LIKE $4 ESCAPE '\' OR ' ' || u.name_key LIKE $5 ESCAPE '\')
			AND u.handle_key <> '' AND u.disabled_at = 0 AND u.id <> $1 AND ` + isVisible + `
		ORDER BY CASE WHEN o.user_id IS NULL AND u.id <> $3 THEN 1 ELSE 0 END, COALESCE(recent.seq, 0) DESC, u.name_key,
			u.id
		LIMIT $6`
	err = r.list(ctx, "complete people", &users, query, viewer, c.Room, c.Peer,
		strings.TrimPrefix(likePattern(chat.HandleKey(nameKey)), "%"), likePattern(" "+nameKey), limit)
	return users, err
}
