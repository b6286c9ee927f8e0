package db

import (
	"context"

	"charla/chat"
)

// NextSeq takes the row lock that makes the order of commits the order of numbers.
func (w writer) NextSeq(ctx context.Context, room int64) (seq int64, err error) {
	const query = `
		UPDATE rooms SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq`
	err = w.get(ctx, &seq, query, room)
	return seq, err
}

// EnsureDirect lets two nodes make the same room at once: the second waits for the first and finds its room, which has
// its members by then.
func (w writer) EnsureDirect(ctx context.Context, low, high int64, at chat.Micros) (id int64, err error) {
	const (
		room = `
			INSERT INTO rooms (kind, pair_low, pair_high, created_at) VALUES ('direct', $1, $2, $3)
			ON CONFLICT (pair_low, pair_high) DO NOTHING`
		query = `
			SELECT id FROM rooms WHERE pair_low = $1 AND pair_high = $2`
		members = `
			INSERT INTO members (room_id, user_id) VALUES ($1, $2), ($1, $3)
			ON CONFLICT (room_id, user_id) DO NOTHING`
	)
	made, err := w.exec(ctx, room, low, high, at)
	if err != nil {
		return 0, err
	}
	if err = w.get(ctx, &id, query, low, high); err != nil || made == 0 {
		return id, err
	}
	_, err = w.exec(ctx, members, id, low, high)
	return id, err
}

// InsertMember lets a person in who has nothing to catch up with.
func (w writer) InsertMember(ctx context.Context, room, user, seq int64) error {
	const query = `
		INSERT INTO members (room_id, user_id, joined_seq, read_seq) VALUES ($1, $2, $3, $3)`
	_, err := w.exec(ctx, query, room, user, seq)
	return err
}

// SetRead leaves a mark that stands further alone.
func (w writer) SetRead(ctx context.Context, room, user, seq int64) (bool, error) {
	const query = `
		UPDATE members SET read_seq = $3 WHERE room_id = $1 AND user_id = $2 AND read_seq < $3`
	moved, err := w.exec(ctx, query, room, user, seq)
	return moved > 0, err
}
