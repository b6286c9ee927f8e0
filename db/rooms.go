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

// HoldRoom takes the lock of NextSeq.
func (w writer) HoldRoom(ctx context.Context, room int64) (chat.Topic, int64, error) {
	const query = `
		UPDATE rooms SET last_seq = last_seq WHERE id = $1
		RETURNING COALESCE(pair_low, 0) AS low, COALESCE(pair_high, 0) AS high, last_seq`
	var held struct {
		Low, High int64
		LastSeq   int64 `db:"last_seq"`
	}
	if err := w.get(ctx, &held, query, room); err != nil {
		return chat.Topic{}, 0, err
	}
	if held.Low != 0 {
		return chat.Topic{Low: held.Low, High: held.High}, held.LastSeq, nil
	}
	return chat.Topic{Room: room}, held.LastSeq, nil
}

// nextTurn remembers whom the message follows before it notes its author, $1, and its time, $2. A clock that is behind the one before,
// of another node perhaps, is passed over for a quarter of an hour; a time further ahead was wrong, and nobody follows it.
const nextTurn = `
	UPDATE rooms SET last_seq = last_seq + 1, previous_author = last_author, previous_at = last_at,
		last_author = $1, last_at = CASE WHEN last_at - $2 BETWEEN 0 AND 900000000 THEN last_at ELSE $2 END`

// itsTurn is what a room answers to nextTurn.
const itsTurn = `
	RETURNING id AS room, kind, access, last_seq, last_at, previous_author, previous_at, CAST($1 AS BIGINT) AS me,
		COALESCE(CASE WHEN pair_low = $1 THEN pair_high ELSE pair_low END, 0) AS peer,
		COALESCE((SELECT u.name FROM users u WHERE u.id = CASE WHEN pair_low = $1 THEN pair_high ELSE pair_low END), name) AS name`

// NextTurn takes the same lock as NextSeq.
func (w writer) NextTurn(ctx context.Context, author int64, p chat.Place, at chat.Micros) (turn chat.Turn, err error) {
	const (
		inRoom = nextTurn + ` WHERE id = $3` + itsTurn
		ofPair = nextTurn + ` WHERE pair_low = $3 AND pair_high = $4` + itsTurn
	)
	if p.Room != 0 {
		err = w.get(ctx, &turn, inRoom, author, at, p.Room)
	} else {
		err = w.get(ctx, &turn, ofPair, author, at, min(author, p.With), max(author, p.With))
	}
	return turn, err
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
