package db

import (
	"context"

	"charla/chat"
)

// reactions is the column with the reactions to a message x, as chat.Reactions reads them. A message that never changed
// has none, so most rows cost no look.
const reactions = `
	CASE WHEN x.changed_seq > x.seq THEN COALESCE((
		SELECT string_agg(q.emoji || ' ' || q.user_id || ' ' || p.name, '` + "\n" + `' ORDER BY q.seq)
		FROM reactions q JOIN users p ON p.id = q.user_id
		WHERE q.message_id = x.id), '') ELSE '' END AS reactions`

// UpdateMessage leaves the place of a message alone: its room, its seq and how it stands to its neighbours.
func (w writer) UpdateMessage(ctx context.Context, m chat.Message) error {
	const query = `
		UPDATE messages SET changed_seq = $2, body = $3, html = $4, edited_at = $5, deleted_at = $6, files = $7 WHERE id = $1`
	_, err := w.exec(ctx, query, m.ID, m.ChangedSeq, m.Body, m.HTML, m.EditedAt, m.DeletedAt, m.Files.Count())
	return err
}

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
