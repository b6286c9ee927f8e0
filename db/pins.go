package db

import (
	"context"

	"charla/chat"
)

// pinsColumn is a JSON array of the pin of message x, which is empty if it is not pinned. A message that never changed
// has no pin, so most rows need no lookup.
const pinsColumn = `
	CASE WHEN x.changed_seq > x.seq AND x.deleted_at = 0 THEN '[' || COALESCE((
		SELECT string_agg(CAST(json_build_object('seq', n.seq, 'at', n.pinned_at, 'user', n.user_id, 'name', p.name,
			'handle', p.handle) AS TEXT), ',' ORDER BY n.seq)
		FROM pins n JOIN users p ON p.id = n.user_id
		WHERE n.message_id = x.id), '') || ']' ELSE '[]' END AS pins`

// pinJSON is one element of the array in pinsColumn.
type pinJSON struct {
	Seq    int64          `json:"seq"`
	At     chat.Timestamp `json:"at"`
	User   int64          `json:"user"`
	Name   string         `json:"name"`
	Handle string         `json:"handle"`
}

func (p pinJSON) pin() chat.Pin {
	return chat.Pin{Seq: p.Seq, At: p.At, By: chat.UserSummary{ID: p.User, Name: p.Name, Handle: p.Handle}}
}

// PinnedMessages lists the pinned messages of a room, the last pinned first, if the person is a member of it.
func (r reader) PinnedMessages(ctx context.Context, user, room, before int64, limit int) ([]chat.Message, error) {
	const query = `SELECT ` + messageColumns + `
		FROM pins i JOIN messages x ON x.id = i.message_id JOIN users u ON u.id = x.author_id
		WHERE i.room_id = $2 AND i.seq < $3 AND x.deleted_at = 0
			AND EXISTS (SELECT 1 FROM members WHERE room_id = $2 AND user_id = $1)
		ORDER BY i.seq DESC
		LIMIT $4`
	return r.listMessages(ctx, "list pinned messages", query, user, room, before, limit)
}

// PinnedIDs lists the pinned messages of a person's rooms below an id, highest first.
func (r reader) PinnedIDs(ctx context.Context, user, below int64, limit int) (ids []int64, err error) {
	const query = `
		SELECT i.message_id FROM members m JOIN pins i ON i.room_id = m.room_id
		WHERE m.user_id = $1 AND i.message_id < $2
		ORDER BY i.message_id DESC
		LIMIT $3`
	err = r.list(ctx, "list ids of pinned messages", &ids, query, user, below, limit)
	return ids, err
}

// CountPins counts the pinned messages of a room.
func (r reader) CountPins(ctx context.Context, room int64) (n int, err error) {
	const query = `
		SELECT COUNT(*) FROM pins i JOIN messages x ON x.id = i.message_id WHERE i.room_id = $1 AND x.deleted_at = 0`
	err = r.get(ctx, "count pinned messages", &n, query, room)
	return n, err
}

// ExportPins lists the messages that a person pinned, by message.
func (r reader) ExportPins(ctx context.Context, user, after int64, limit int) (pins []chat.ExportedPin, err error) {
	const query = `
		SELECT message_id, room_id, pinned_at FROM pins
		WHERE user_id = $1 AND message_id > $2
		ORDER BY message_id
		LIMIT $3`
	err = r.list(ctx, "export pins", &pins, query, user, after, limit)
	return pins, err
}

// InsertPin pins a message.
func (w writer) InsertPin(ctx context.Context, m chat.Message, p chat.Pin) error {
	const query = `
		INSERT INTO pins (message_id, room_id, seq, user_id, pinned_at) VALUES ($1, $2, $3, $4, $5)`
	_, err := w.exec(ctx, "pin message", query, m.ID, m.Room, p.Seq, p.By.ID, p.At)
	return err
}

// DeletePin unpins a message.
func (w writer) DeletePin(ctx context.Context, message int64) error {
	const query = `
		DELETE FROM pins WHERE message_id = $1`
	_, err := w.exec(ctx, "unpin message", query, message)
	return err
}
