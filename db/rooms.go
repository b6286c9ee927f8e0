package db

import (
	"context"
	"encoding/json"

	"charla/chat"
)

// NextSeq takes the row lock that makes the order of commits the order of numbers.
func (w writer) NextSeq(ctx context.Context, room int64) (seq int64, err error) {
	const query = `
		UPDATE rooms SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq`
	err = w.get(ctx, &seq, query, room)
	return seq, err
}

// LockRoom takes the lock of NextSeq.
func (w writer) LockRoom(ctx context.Context, room int64) (chat.StreamKey, int64, error) {
	const query = `
		UPDATE rooms SET last_seq = last_seq WHERE id = $1
		RETURNING COALESCE(pair_low, 0) AS low, COALESCE(pair_high, 0) AS high, last_seq`
	var held struct {
		Low, High int64
		LastSeq   int64 `db:"last_seq"`
	}
	if err := w.get(ctx, &held, query, room); err != nil {
		return chat.StreamKey{}, 0, err
	}
	if held.Low != 0 {
		return chat.StreamKey{Low: held.Low, High: held.High}, held.LastSeq, nil
	}
	return chat.StreamKey{Room: room}, held.LastSeq, nil
}

// EnsureDirectRoom lets two nodes make the same room at once: the second waits for the first and finds its room, which has
// its members by then.
func (w writer) EnsureDirectRoom(ctx context.Context, low, high int64, at chat.Timestamp) (id int64, err error) {
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

// OpenRooms walks the names of open rooms in order. It goes on after an open room, whether or not user has joined it since:
// the place of any other would tell its name.
func (r reader) OpenRooms(ctx context.Context, user int64, nameKey string, after int64, limit int) (rooms []chat.Room, err error) {
	const query = `
		SELECT r.id, r.name, r.access
		FROM rooms r
		WHERE r.kind = 'channel' AND r.access = 'open' AND r.name_key LIKE $2 ESCAPE '\'
			AND NOT EXISTS (SELECT 1 FROM members m WHERE m.room_id = r.id AND m.user_id = $1)
			AND (CAST($3 AS BIGINT) = 0 OR r.name_key >
				(SELECT a.name_key FROM rooms a WHERE a.id = $3 AND a.kind = 'channel' AND a.access = 'open'))
		ORDER BY r.name_key
		LIMIT $4`
	err = r.list(ctx, &rooms, query, user, likePattern(nameKey), after, limit)
	return rooms, err
}

// Room finds nothing for an outsider of a room by invitation.
func (r reader) Room(ctx context.Context, user, room int64) (found chat.Room, err error) {
	const query = `
		SELECT r.id, r.name, r.access, COALESCE(m.role, '') AS role,
			(SELECT COUNT(*) FROM members x WHERE x.room_id = r.id) AS members,
			COALESCE(u.id, 0) AS owner_id, COALESCE(u.name, '') AS owner_name
		FROM rooms r
		LEFT JOIN members m ON m.room_id = r.id AND m.user_id = $1
		LEFT JOIN members o ON o.room_id = r.id AND o.role = 'owner'
		LEFT JOIN users u ON u.id = o.user_id
		WHERE r.id = $2 AND r.kind = 'channel' AND (r.access = 'open' OR m.user_id IS NOT NULL)`
	err = r.get(ctx, &found, query, user, room)
	return found, err
}

// InsertRoom relies on an index for the names of open rooms.
func (w writer) InsertRoom(ctx context.Context, name, nameKey string, access chat.Access, at chat.Timestamp) (id int64, err error) {
	const query = `
		INSERT INTO rooms (kind, name, name_key, access, created_at) VALUES ('channel', $1, $2, $3, $4)
		RETURNING id`
	err = w.get(ctx, &id, query, name, nameKey, access, at)
	return id, err
}

// LastSeqs looks channels up by id and direct rooms by their pair. The answer is a map, so it needs no order. The topics
// travel as one JSON object, which both databases unfold with the same words: {"0": [room, low, high], …}. A place for
// each value would cost SQLite 15 ms for 1,000 topics, because it looks for the name of $1000 from the beginning.
func (r reader) LastSeqs(ctx context.Context, keys []chat.StreamKey) (map[chat.StreamKey]chat.RoomSeq, error) {
	const query = `
		WITH asked AS MATERIALIZED (
			SELECT CAST(value ->> 0 AS BIGINT) AS room, CAST(value ->> 1 AS BIGINT) AS low, CAST(value ->> 2 AS BIGINT) AS high
			FROM json_each($1))
		SELECT a.room, a.low, a.high, r.id, r.last_seq AS last
		FROM asked a JOIN rooms r ON r.id = a.room
		WHERE r.kind = 'channel'
		UNION ALL
		SELECT a.room, a.low, a.high, r.id, r.last_seq
		FROM asked a JOIN rooms r ON r.pair_low = a.low AND r.pair_high = a.high`
	asked := make(map[int][3]int64, len(keys))
	for i, t := range keys {
		asked[i] = [3]int64{t.Room, t.Low, t.High}
	}
	list, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	var rows []struct{ Room, Low, High, ID, Last int64 }
	if err := r.list(ctx, &rows, query, string(list)); err != nil {
		return nil, err
	}
	found := make(map[chat.StreamKey]chat.RoomSeq, len(rows))
	for _, row := range rows {
		found[chat.StreamKey{Room: row.Room, Low: row.Low, High: row.High}] = chat.RoomSeq{Room: row.ID, LastSeq: row.Last}
	}
	return found, nil
}
