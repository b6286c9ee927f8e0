package db

import (
	"cmp"
	"context"

	"charla/chat"
)

// Members goes on after a person by their name, whether or not they are still there.
func (r reader) Members(ctx context.Context, room int64, nameKey string, after int64, limit int) (members []chat.Member, err error) {
	const query = `
		SELECT u.id, u.name, u.avatar, u.owner_id <> 0 AS bot, m.role
		FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.room_id = $1 AND u.name_key LIKE $2 ESCAPE '\'
			AND (CAST($3 AS BIGINT) = 0 OR (u.name_key, u.id) > (SELECT a.name_key, a.id FROM users a WHERE a.id = $3))
		ORDER BY u.name_key, u.id
		LIMIT $4`
	err = r.list(ctx, &members, query, room, likePattern(nameKey), after, limit)
	return members, err
}

// UsersInRooms takes its lists as JSON objects, like LastSeqs.
func (r reader) UsersInRooms(ctx context.Context, rooms, people []int64) (found []int64, err error) {
	const query = `
		WITH asked AS MATERIALIZED (SELECT CAST(value ->> 0 AS BIGINT) AS person FROM json_each($2))
		SELECT a.person FROM asked a
		WHERE EXISTS (
			SELECT 1 FROM json_each($1) o JOIN members m ON m.room_id = CAST(o.value ->> 0 AS BIGINT) AND m.user_id = a.person)
		ORDER BY a.person`
	err = r.list(ctx, &found, query, idsToJSON(rooms), idsToJSON(people))
	return found, err
}

// FindNonMembers reads the names in order until it has enough of them.
func (r reader) FindNonMembers(ctx context.Context, room int64, nameKey string, limit int) (people []chat.UserSummary, err error) {
	const query = `
		SELECT u.id, u.name, u.avatar, u.owner_id <> 0 AS bot FROM users u
		WHERE u.name_key LIKE $2 ESCAPE '\' AND u.disabled_at = 0
			AND NOT EXISTS (SELECT 1 FROM members m WHERE m.room_id = $1 AND m.user_id = u.id)
		ORDER BY u.name_key, u.id
		LIMIT $3`
	err = r.list(ctx, &people, query, room, likePattern(nameKey), limit)
	return people, err
}

const selectDeparture = `
	SELECT room_id, user_id, by_id, seq, at, for_good FROM departures`

// LastDeparture finds how a person last left a room.
func (r reader) LastDeparture(ctx context.Context, room, user int64) (d chat.Departure, err error) {
	const query = selectDeparture + `
		WHERE room_id = $1 AND user_id = $2
		ORDER BY seq DESC
		LIMIT 1`
	err = r.get(ctx, &d, query, room, user)
	return d, err
}

// Departures has no limit: whoever is left out would keep reading. It is bounded by how little happens in a moment.
func (r reader) Departures(ctx context.Context, since chat.Timestamp) (list []chat.Departure, err error) {
	const query = selectDeparture + `
		WHERE at >= $1
		ORDER BY at, room_id, seq`
	err = r.list(ctx, &list, query, since)
	return list, err
}

// departuresBetween lists who left a room after a number, up to another.
func (r reader) departuresBetween(ctx context.Context, room, after, upto int64) (list []chat.Departure, err error) {
	const query = selectDeparture + `
		WHERE room_id = $1 AND seq > $2 AND seq <= $3
		ORDER BY seq`
	err = r.list(ctx, &list, query, room, after, upto)
	return list, err
}

// AccountDeletedSince tells whether somebody did after a number.
func (r reader) AccountDeletedSince(ctx context.Context, room, after int64) (did bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM departures WHERE room_id = $1 AND seq > $2 AND for_good)`
	err = r.get(ctx, &did, query, room, after)
	return did, err
}

// SetOwner leaves the one before alone: they have left by then.
func (w writer) SetOwner(ctx context.Context, room, user int64) error {
	const query = `
		UPDATE members SET role = 'owner' WHERE room_id = $1 AND user_id = $2`
	_, err := w.exec(ctx, query, room, user)
	return err
}

// LongestStandingMember leaves out bots while there is a person, and the disabled while there is anybody else.
func (r reader) LongestStandingMember(ctx context.Context, room int64) (user int64, err error) {
	const query = `
		SELECT m.user_id FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.room_id = $1
		ORDER BY CASE WHEN u.disabled_at > 0 THEN 2 WHEN u.owner_id > 0 THEN 1 ELSE 0 END, m.joined_seq, m.user_id
		LIMIT 1`
	err = r.get(ctx, &user, query, room)
	return user, err
}

// DeleteMember finds nothing where the person is not in the room, unless they depart for good.
func (w writer) DeleteMember(ctx context.Context, d chat.Departure) error {
	const (
		member = `
			DELETE FROM members WHERE room_id = $1 AND user_id = $2`
		note = `
			INSERT INTO departures (room_id, user_id, by_id, seq, at, for_good) VALUES ($1, $2, $3, $4, $5, $6)`
	)
	if gone, err := w.exec(ctx, member, d.Room, d.User); err != nil || gone == 0 && !d.AccountDeleted {
		return cmp.Or(err, error(chat.ErrNotFound))
	}
	_, err := w.exec(ctx, note, d.Room, d.User, d.By, d.Seq, d.At, d.AccountDeleted)
	return err
}

// InsertMember lets a person in who has nothing to catch up with.
func (w writer) InsertMember(ctx context.Context, room, user, seq int64) error {
	const query = `
		INSERT INTO members (room_id, user_id, joined_seq, read_seq) VALUES ($1, $2, $3, $3)`
	_, err := w.exec(ctx, query, room, user, seq)
	return err
}
