package db

import (
	"context"

	"charla/chat"
)

// mentionsColumn is a JSON array of the users whom message x mentions, with the handles that they have now. Most
// messages mention nobody, so that most rows need no lookup.
const mentionsColumn = `
	CASE WHEN x.mention_count > 0 THEN '[' || COALESCE((
		SELECT string_agg(CAST(json_build_object('user', n.user_id, 'name', p.name, 'handle', p.handle,
			'written', n.written) AS TEXT), ',' ORDER BY n.user_id)
		FROM mentions n JOIN users p ON p.id = n.user_id
		WHERE n.message_id = x.id), '') || ']' ELSE '[]' END AS mentions`

// mentionJSON is one element of the array in mentionsColumn.
type mentionJSON struct {
	User    int64  `json:"user"`
	Name    string `json:"name"`
	Handle  string `json:"handle"`
	Written string `json:"written"`
}

func (m mentionJSON) mention() chat.Mention {
	return chat.Mention{
		UserSummary: chat.UserSummary{ID: m.User, Name: m.Name, Handle: m.Handle}, Written: m.Written,
	}
}

// MentionCandidates lists users who have one of the given handles and whom the author sees, by id, and says which of
// them are in the conversation. Two people who have not talked yet have no room, but are both in their conversation.
func (r reader) MentionCandidates(ctx context.Context, author int64, ref chat.ConversationRef,
	keys []string) (list []chat.MentionCandidate, err error) {
	const query = `
		SELECT ` + userSummaryColumns + `, u.handle_key,
			u.id = $4 OR u.id = $1 OR EXISTS (SELECT 1 FROM members o WHERE o.room_id = $3 AND o.user_id = u.id)
				AS is_member
		FROM users u
		WHERE u.handle_key <> '' AND u.handle_key IN (SELECT CAST(value ->> 0 AS TEXT) FROM json_each($2))
			AND u.disabled_at = 0 AND ` + isVisible + `
		ORDER BY u.id`
	err = r.list(ctx, "find mentioned users", &list, query, author, listToJSON(tuples(keys)), ref.Room, ref.With)
	return list, err
}

// MentionIDs lists messages that mention a person, or everybody in one of the person's rooms, below an id and highest
// first.
func (r reader) MentionIDs(ctx context.Context, user, below int64, limit int) (ids []int64, err error) {
	const query = `
		SELECT f.id FROM (
			SELECT n.message_id AS id FROM mentions n WHERE n.user_id = $1 AND n.message_id < $2
			UNION
			SELECT y.id FROM members m JOIN messages y ON y.room_id = m.room_id
			WHERE m.user_id = $1 AND y.notifies_all AND y.id < $2 AND y.author_id <> $1) AS f
		JOIN messages x ON x.id = f.id
		WHERE x.room_id IN (SELECT room_id FROM members WHERE user_id = $1)
		ORDER BY f.id DESC
		LIMIT $3`
	err = r.list(ctx, "list ids of mentions", &ids, query, user, below, limit)
	return ids, err
}

// SetMentions replaces the mentions of a message. It passes the list as JSON; see listToJSON.
func (w writer) SetMentions(ctx context.Context, message int64, mentions []chat.Mention) error {
	const op = "set mentions"
	const (
		remove = `
			DELETE FROM mentions WHERE message_id = $1`
		add = `
			INSERT INTO mentions (message_id, user_id, written, room_id, seq)
			SELECT x.id, CAST(value ->> 0 AS BIGINT), value ->> 1, x.room_id, x.seq
			FROM json_each($2), messages x WHERE x.id = $1
			ON CONFLICT DO NOTHING`
	)
	if _, err := w.exec(ctx, op, remove, message); err != nil || len(mentions) == 0 {
		return err
	}
	rows := make([][2]any, len(mentions))
	for i, m := range mentions {
		rows[i] = [2]any{m.ID, m.Written}
	}
	_, err := w.exec(ctx, op, add, message, listToJSON(rows))
	return err
}
