package db

import (
	"context"

	"charla/chat"
)

// reactionsColumn is the column with the reactions to a message x, as chat.Reactions reads them. A message that never changed
// has none, so most rows cost no look.
const reactionsColumn = `
	CASE WHEN x.changed_seq > x.seq THEN COALESCE((
		SELECT string_agg(q.emoji || ' ' || q.user_id || ' ' || p.name, '` + "\n" + `' ORDER BY q.seq)
		FROM reactions q JOIN users p ON p.id = q.user_id
		WHERE q.message_id = x.id), '') ELSE '' END AS reactions`

// InsertReaction relies on the key of the table for one reaction of a kind by a person.
func (w writer) InsertReaction(ctx context.Context, message, user int64, emoji string, seq int64) error {
	const query = `
		INSERT INTO reactions (message_id, user_id, emoji, seq) VALUES ($1, $2, $3, $4)`
	_, err := w.exec(ctx, query, message, user, emoji, seq)
	return err
}

// DeleteReaction takes one reaction back.
func (w writer) DeleteReaction(ctx context.Context, message, user int64, emoji string) error {
	const query = `
		DELETE FROM reactions WHERE message_id = $1 AND user_id = $2 AND emoji = $3`
	_, err := w.exec(ctx, query, message, user, emoji)
	return err
}

// DeleteReactions takes all of them off a message.
func (w writer) DeleteReactions(ctx context.Context, message int64) error {
	const query = `
		DELETE FROM reactions WHERE message_id = $1`
	_, err := w.exec(ctx, query, message)
	return err
}

// MessagesReactedTo reads the messages whole, as they are changed one by one.
func (r reader) MessagesReactedTo(ctx context.Context, user, room int64, limit int) (list []chat.Message, err error) {
	const query = selectMessage + `
		WHERE x.id IN (
			SELECT m.id FROM reactions o JOIN messages m ON m.id = o.message_id
			WHERE o.user_id = $1 AND m.room_id = $2
			ORDER BY m.id
			LIMIT $3)
		ORDER BY x.id`
	err = r.list(ctx, &list, query, user, room, limit)
	return list, err
}
