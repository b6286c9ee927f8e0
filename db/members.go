package db

import (
	"context"

	"charla/chat"
)

// Members lists members of a room by name, starting after the user with the id "after", even if that user has left the
// room.
func (r reader) Members(ctx context.Context, room int64, nameKey string, after int64,
	limit int) (members []chat.Member, err error) {
	const query = `
		SELECT ` + userSummaryColumns + `, m.role
		FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.room_id = $1 AND (u.name_key LIKE $3 ESCAPE '\' OR u.handle_key LIKE $5 ESCAPE '\')
			AND ` + sortedAfterUser + `
		ORDER BY u.name_key, u.id
		LIMIT $4`
	err = r.list(ctx, "list members", &members, query, room, after, likePattern(nameKey), limit,
		handlePattern(nameKey))
	return members, err
}

// UsersInRooms returns those of the given users who are members of at least one of the given rooms. It passes both
// lists as JSON; see listToJSON.
func (r reader) UsersInRooms(ctx context.Context, rooms, users []int64) (found []int64, err error) {
	const query = `
		WITH asked AS MATERIALIZED (SELECT CAST(value ->> 0 AS BIGINT) AS user_id FROM json_each($2))
		SELECT a.user_id FROM asked a
		WHERE EXISTS (
			SELECT 1 FROM json_each($1) o
			JOIN members m ON m.room_id = CAST(o.value ->> 0 AS BIGINT) AND m.user_id = a.user_id)
		ORDER BY a.user_id`
	err = r.list(ctx, "find users in rooms", &found, query, listToJSON(tuples(rooms)), listToJSON(tuples(users)))
	return found, err
}

// FindNonMembers lists enabled users, by name, whom the viewer sees, who are not members of a room, and whose folded
// name or handle contains nameKey. It reads an index of the names and stops after limit matches.
func (r reader) FindNonMembers(ctx context.Context, viewer, room int64, nameKey string,
	limit int) (users []chat.UserSummary, err error) {
	const query = `
		SELECT ` + userSummaryColumns + ` FROM users u
		WHERE (u.name_key LIKE $2 ESCAPE '\' OR u.handle_key LIKE $5 ESCAPE '\') AND u.disabled_at = 0
			AND NOT EXISTS (SELECT 1 FROM members m WHERE m.room_id = $4 AND m.user_id = u.id) AND ` + isVisible + `
		ORDER BY u.name_key, u.id
		LIMIT $3`
	err = r.list(ctx, "find non-members", &users, query, viewer, likePattern(nameKey), limit, room,
		handlePattern(nameKey))
	return users, err
}

const selectDeparture = `
	SELECT room_id, user_id, removed_by_id, seq, departed_at, account_deleted FROM departures`

// LastDeparture returns the latest record of a person leaving a room.
func (r reader) LastDeparture(ctx context.Context, room, user int64) (d chat.Departure, err error) {
	const query = selectDeparture + `
		WHERE room_id = $1 AND user_id = $2
		ORDER BY seq DESC
		LIMIT 1`
	err = r.get(ctx, "read last departure", &d, query, room, user)
	return d, err
}

// Departures lists the departures from all rooms at or after a time. It has no limit, because a person who is missing
// from the result would keep reading the room. Callers ask for a short time, in which few people leave.
func (r reader) Departures(ctx context.Context, since chat.Timestamp) (list []chat.Departure, err error) {
	const query = selectDeparture + `
		WHERE departed_at >= $1
		ORDER BY departed_at, room_id, seq`
	err = r.list(ctx, "list departures", &list, query, since)
	return list, err
}

// departuresBetween returns the departures from a room whose seq (the number of the departure in the room) is greater
// than after and at most upto.
func (r reader) departuresBetween(ctx context.Context, room, after, upto int64) (list []chat.Departure, err error) {
	const query = selectDeparture + `
		WHERE room_id = $1 AND seq > $2 AND seq <= $3
		ORDER BY seq`
	err = r.list(ctx, "list departures from room", &list, query, room, after, upto)
	return list, err
}

// SetMemberRole sets the role of a member of a room. A unique index keeps a room from having two owners, so it returns
// chat.ErrDuplicate if the room has another owner.
func (w writer) SetMemberRole(ctx context.Context, room, user int64, role chat.Role) error {
	const query = `
		UPDATE members SET role = $3 WHERE room_id = $1 AND user_id = $2`
	_, err := w.exec(ctx, "set role of member", query, room, user, role)
	return err
}

// LongestStandingMember returns the member who joined a room first. It prefers enabled people to bots, and enabled bots
// to disabled accounts.
func (r reader) LongestStandingMember(ctx context.Context, room int64) (user int64, err error) {
	const query = `
		SELECT m.user_id FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.room_id = $1
		ORDER BY CASE WHEN u.disabled_at > 0 THEN 2 WHEN u.owner_id > 0 THEN 1 ELSE 0 END, m.joined_seq, m.user_id
		LIMIT 1`
	err = r.get(ctx, "find longest-standing member", &user, query, room)
	return user, err
}

// InsertMember adds a user to a room. It sets the user's read marker, the seq up to which they have read, to the seq of
// joining, so that a new member has no unread messages.
func (w writer) InsertMember(ctx context.Context, room, user, seq int64) error {
	const query = `
		INSERT INTO members (room_id, user_id, joined_seq, read_seq) VALUES ($1, $2, $3, $3)`
	_, err := w.exec(ctx, "insert member", query, room, user, seq)
	return err
}

// DeleteMember removes a user from a room and records the departure. It returns chat.ErrNotFound if the user is not a
// member, unless d.AccountDeleted is set.
func (w writer) DeleteMember(ctx context.Context, d chat.Departure) error {
	const op = "delete member"
	const (
		member = `
			DELETE FROM members WHERE room_id = $1 AND user_id = $2`
		departure = `
			INSERT INTO departures (room_id, user_id, removed_by_id, seq, departed_at, account_deleted)
			VALUES ($1, $2, $3, $4, $5, $6)`
	)
	deleted, err := w.exec(ctx, op, member, d.Room, d.User)
	if err != nil {
		return err
	}
	if deleted == 0 && !d.AccountDeleted {
		return chat.ErrNotFound
	}
	_, err = w.exec(ctx, op, departure, d.Room, d.User, d.By, d.Seq, d.At, d.AccountDeleted)
	return err
}
