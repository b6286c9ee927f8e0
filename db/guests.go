package db

import (
	"context"

	"charla/chat"
)

// These SQL conditions say what a person sees. Everything that a person may not see is left out by them, so no other
// code decides about it.
const (
	// shareRoom is true if the person with the id $1 and user u are members of the same room. A direct conversation is
	// a room too.
	shareRoom = `EXISTS (
		SELECT 1 FROM members mine JOIN members theirs ON theirs.room_id = mine.room_id
		WHERE mine.user_id = $1 AND theirs.user_id = u.id)`

	// isVisible is true if the person with the id $1 sees user u. Admins see everybody. A guest and another person see
	// each other only if they share a room. All others see each other.
	isVisible = `(u.id = $1
		OR EXISTS (
			SELECT 1 FROM users v
			WHERE v.id = $1 AND (v.role IN ('admin', 'owner') OR v.role <> 'guest' AND u.role <> 'guest'))
		OR ` + shareRoom + `)`

	// wasInRoom is true if user u left a room that the person with the id $1 is a member of. The messages that u wrote
	// there are still in the room, with the name and picture of u.
	wasInRoom = `EXISTS (
		SELECT 1 FROM members mine JOIN departures d ON d.room_id = mine.room_id
		WHERE mine.user_id = $1 AND d.user_id = u.id)`

	// seesOpenRooms is true if user v sees the open rooms that they are not a member of.
	seesOpenRooms = `v.role <> 'guest'`
)

// VisibleUser returns a user whom the viewer sees, and chat.ErrNotFound for any other.
func (r reader) VisibleUser(ctx context.Context, viewer, id int64) (u chat.User, err error) {
	const query = `
		SELECT ` + userColumns + ` FROM users u WHERE u.id = $2 AND ` + isVisible
	err = r.get(ctx, "read visible user", &u, query, viewer, id)
	return u, err
}

// RoomsOfUsers lists all rooms of users. It has no limit, because its callers conclude from a missing room that the
// user left it. It passes the list as JSON; see listToJSON.
func (r reader) RoomsOfUsers(ctx context.Context, users []int64) (rooms []chat.UserRoom, err error) {
	const query = `
		SELECT m.user_id, m.room_id, r.last_seq
		FROM json_each($1) asked
		JOIN members m ON m.user_id = CAST(asked.value ->> 0 AS BIGINT)
		JOIN rooms r ON r.id = m.room_id
		ORDER BY m.user_id, m.room_id`
	err = r.list(ctx, "list rooms of users", &rooms, query, listToJSON(tuples(users)))
	return rooms, err
}

// VisibleUsers returns those of the given users whom the viewer sees. It passes the list as JSON; see listToJSON.
func (r reader) VisibleUsers(ctx context.Context, viewer int64, users []int64) (found []int64, err error) {
	const query = `
		SELECT u.id
		FROM json_each($2) asked JOIN users u ON u.id = CAST(asked.value ->> 0 AS BIGINT)
		WHERE ` + isVisible + `
		ORDER BY u.id`
	err = r.list(ctx, "list visible users", &found, query, viewer, listToJSON(tuples(users)))
	return found, err
}
