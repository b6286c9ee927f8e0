package db

import (
	"context"

	"charla/chat"
)

// reactionsColumn is a JSON array of the reactions to message x, oldest first. A message that never changed has none,
// so most rows need no lookup.
const reactionsColumn = `
	CASE WHEN x.changed_seq > x.seq THEN '[' || COALESCE((
		SELECT string_agg(CAST(json_build_object('emoji', e.emoji, 'user', e.user_id, 'name', p.name,
			'handle', p.handle) AS TEXT), ',' ORDER BY e.seq)
		FROM reactions e JOIN users p ON p.id = e.user_id
		WHERE e.message_id = x.id), '') || ']' ELSE '[]' END AS reactions`

// reactionJSON is one element of the array in reactionsColumn.
type reactionJSON struct {
	Emoji  string `json:"emoji"`
	User   int64  `json:"user"`
	Name   string `json:"name"`
	Handle string `json:"handle"`
}

func (r reactionJSON) reaction() chat.Reaction {
	return chat.Reaction{Emoji: r.Emoji, User: chat.UserSummary{ID: r.User, Name: r.Name, Handle: r.Handle}}
}

// MessagesReactedTo lists messages of a room to which a user reacted. It reads all their fields, because its caller
// changes each message.
func (r reader) MessagesReactedTo(ctx context.Context, user, room int64, limit int) ([]chat.Message, error) {
	const query = selectMessage + `
		WHERE x.id IN (
			SELECT m.id FROM reactions e JOIN messages m ON m.id = e.message_id
			WHERE e.user_id = $1 AND m.room_id = $2
			ORDER BY m.id
			LIMIT $3)
		ORDER BY x.id`
	return r.listMessages(ctx, "list messages reacted to", query, user, room, limit)
}

// InsertReaction adds a reaction. The primary key ensures that a user reacts to a message with an emoji only once; a
// second time it returns chat.ErrDuplicate.
func (w writer) InsertReaction(ctx context.Context, message, user int64, emoji string, seq int64) error {
	const query = `
		INSERT INTO reactions (message_id, user_id, emoji, seq) VALUES ($1, $2, $3, $4)`
	_, err := w.exec(ctx, "insert reaction", query, message, user, emoji, seq)
	return err
}

// DeleteReaction deletes one user's reaction with one emoji to a message.
func (w writer) DeleteReaction(ctx context.Context, message, user int64, emoji string) error {
	const query = `
		DELETE FROM reactions WHERE message_id = $1 AND user_id = $2 AND emoji = $3`
	_, err := w.exec(ctx, "delete reaction", query, message, user, emoji)
	return err
}

// DeleteReactions deletes all reactions to a message.
func (w writer) DeleteReactions(ctx context.Context, message int64) error {
	const query = `
		DELETE FROM reactions WHERE message_id = $1`
	_, err := w.exec(ctx, "delete reactions", query, message)
	return err
}
