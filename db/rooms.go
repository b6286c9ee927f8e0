package db

import (
	"context"

	"charla/chat"
)

// OpenRooms lists open rooms, by name, that a person sees and is not a member of, starting after the room with the id
// "after". This works even if the person has joined that room meanwhile. If that room is private, OpenRooms returns
// nothing, because the room's position in the list would reveal something about its name.
func (r reader) OpenRooms(ctx context.Context, user int64, nameKey string, after int64,
	limit int) (rooms []chat.Room, err error) {
	const query = `
		SELECT r.id, r.name, r.access
		FROM rooms r JOIN users v ON v.id = $1 AND ` + seesOpenRooms + `
		WHERE r.kind = 'channel' AND r.access = 'open' AND r.name_key LIKE $2 ESCAPE '\'
			AND NOT EXISTS (SELECT 1 FROM members m WHERE m.room_id = r.id AND m.user_id = $1)
			AND (CAST($3 AS BIGINT) = 0 OR r.name_key >
				(SELECT a.name_key FROM rooms a WHERE a.id = $3 AND a.kind = 'channel' AND a.access = 'open'))
		ORDER BY r.name_key
		LIMIT $4`
	err = r.list(ctx, "list open rooms", &rooms, query, user, likePattern(nameKey), after, limit)
	return rooms, err
}

// Room returns a channel, or chat.ErrNotFound if the person is neither a member nor sees it as an open channel.
func (r reader) Room(ctx context.Context, user, room int64) (found chat.Room, err error) {
	const query = `
		SELECT r.id, r.name, r.access, COALESCE(m.role, '') AS role,
			(SELECT COUNT(*) FROM members x WHERE x.room_id = r.id) AS members,
			v.role AS viewer_role, COALESCE(u.id, 0) AS owner_id, COALESCE(u.name, '') AS owner_name
		FROM rooms r
		JOIN users v ON v.id = $1
		LEFT JOIN members m ON m.room_id = r.id AND m.user_id = $1
		LEFT JOIN members o ON o.room_id = r.id AND o.role = $3
		LEFT JOIN users u ON u.id = o.user_id
		WHERE r.id = $2 AND r.kind = 'channel' 
			AND (m.user_id IS NOT NULL OR r.access = 'open' AND ` + seesOpenRooms + `)`
	err = r.get(ctx, "read room", &found, query, user, room, chat.RoleOwner)
	return found, err
}

// LastSeqs returns the room and the last seq of each stream key. It finds channels by id and direct conversations by
// their two members. It passes the keys as JSON; see listToJSON. The result is a map, so the query needs no order.
func (r reader) LastSeqs(ctx context.Context, keys []chat.StreamKey) (map[chat.StreamKey]chat.RoomSeq, error) {
	const query = `
		WITH asked AS MATERIALIZED (
			SELECT CAST(value ->> 0 AS BIGINT) AS room, CAST(value ->> 1 AS BIGINT) AS low,
				CAST(value ->> 2 AS BIGINT) AS high
			FROM json_each($1))
		SELECT a.room, a.low, a.high, r.id, r.last_seq
		FROM asked a JOIN rooms r ON r.id = a.room
		WHERE r.kind = 'channel'
		UNION ALL
		SELECT a.room, a.low, a.high, r.id, r.last_seq
		FROM asked a JOIN rooms r ON r.pair_low = a.low AND r.pair_high = a.high`
	asked := make([][3]int64, len(keys))
	for i, key := range keys {
		asked[i] = [3]int64{key.Room, key.Low, key.High}
	}
	var rows []struct {
		Room, Low, High, ID int64
		LastSeq             int64 `db:"last_seq"`
	}
	if err := r.list(ctx, "read last seqs", &rows, query, listToJSON(asked)); err != nil {
		return nil, err
	}
	found := make(map[chat.StreamKey]chat.RoomSeq, len(rows))
	for _, row := range rows {
		key := chat.StreamKey{Room: row.Room, Low: row.Low, High: row.High}
		found[key] = chat.RoomSeq{Room: row.ID, LastSeq: row.LastSeq}
	}
	return found, nil
}

// NextSeq takes the next seq of a room. It locks the room's row until the transaction ends, so that changes are
// committed in the order of their seqs.
func (w writer) NextSeq(ctx context.Context, room int64) (seq int64, err error) {
	const query = `
		UPDATE rooms SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq`
	err = w.get(ctx, "take next seq", &seq, query, room)
	return seq, err
}

// LockRoom locks the room's row until the transaction ends, as NextSeq does, but takes no seq.
func (w writer) LockRoom(ctx context.Context, room int64) (key chat.StreamKey, lastSeq int64, err error) {
	const query = `
		UPDATE rooms SET last_seq = last_seq WHERE id = $1
		RETURNING COALESCE(pair_low, 0) AS low, COALESCE(pair_high, 0) AS high, last_seq`
	var row struct {
		Low, High int64
		LastSeq   int64 `db:"last_seq"`
	}
	if err := w.get(ctx, "lock room", &row, query, room); err != nil {
		return chat.StreamKey{}, 0, err
	}
	if row.Low != 0 {
		return chat.StreamKey{Low: row.Low, High: row.High}, row.LastSeq, nil
	}
	return chat.StreamKey{Room: room}, row.LastSeq, nil
}

// InsertRoom adds a channel and returns its id. It returns chat.ErrDuplicate if another open channel has the name,
// which a unique index ensures.
func (w writer) InsertRoom(ctx context.Context, name, nameKey string, access chat.Access,
	at chat.Timestamp) (id int64, err error) {
	const query = `
		INSERT INTO rooms (kind, name, name_key, access, created_at) VALUES ('channel', $1, $2, $3, $4)
		RETURNING id`
	err = w.get(ctx, "insert room", &id, query, name, nameKey, access, at)
	return id, err
}

// EnsureDirectRoom returns the room of two users, and creates it if they have none. If two nodes create the same room
// at the same time, the second waits for the first and then finds the room with its members.
func (w writer) EnsureDirectRoom(ctx context.Context, low, high int64, at chat.Timestamp) (id int64, err error) {
	const op = "ensure direct room"
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
	created, err := w.exec(ctx, op, room, low, high, at)
	if err != nil {
		return 0, err
	}
	if err = w.get(ctx, op, &id, query, low, high); err != nil || created == 0 {
		return id, err
	}
	_, err = w.exec(ctx, op, members, id, low, high)
	return id, err
}
