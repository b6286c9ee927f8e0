package db

import (
	"context"

	"charla/chat"
)

// selectInvitations selects the invitations that can still be used. The parameter $1 is the present time.
const selectInvitations = `
	SELECT i.id, i.token, i.user_id, u.name AS by_name, u.role AS by_role, i.role, i.max_uses, i.uses, i.created_at,
		i.expires_at
	FROM invitations i JOIN users u ON u.id = i.user_id
	WHERE u.disabled_at = 0 AND ` + isOpenInvitation

// isOpenInvitation is true for the row i of an invitation that has not ended at the time $1 and is not used up.
const isOpenInvitation = `(i.expires_at = 0 OR i.expires_at > $1) AND (i.max_uses = 0 OR i.uses < i.max_uses)`

// Invitation returns an invitation by id.
func (r reader) Invitation(ctx context.Context, id int64, now chat.Timestamp) (in chat.Invitation, err error) {
	const query = selectInvitations + ` AND i.id = $2`
	err = r.get(ctx, "read invitation", &in, query, now, id)
	return in, err
}

// InvitationByToken returns an invitation by the token in its link.
func (r reader) InvitationByToken(
	ctx context.Context, token string, now chat.Timestamp,
) (in chat.Invitation, err error) {
	const query = selectInvitations + ` AND i.token = $2`
	err = r.get(ctx, "read invitation by token", &in, query, now, token)
	return in, err
}

// Invitations lists the invitations of a person, or those of everybody if user is zero, newest first.
func (r reader) Invitations(ctx context.Context, user, after int64, now chat.Timestamp,
	limit int) (list []chat.Invitation, err error) {
	const query = selectInvitations + `
			AND (CAST($2 AS BIGINT) = 0 OR i.user_id = $2) AND (CAST($3 AS BIGINT) = 0 OR i.id < $3)
		ORDER BY i.id DESC
		LIMIT $4`
	err = r.list(ctx, "list invitations", &list, query, now, user, after, limit)
	return list, err
}

// InvitedRooms lists the rooms of invitations as those who invite see them, by invitation and id. It passes the ids as
// JSON; see listToJSON.
func (r reader) InvitedRooms(ctx context.Context, invitations []int64) (rooms []chat.InvitedRoom, err error) {
	const query = `
		WITH asked AS MATERIALIZED (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
		SELECT i.id AS invitation_id, r.id, r.name, r.access, COALESCE(m.role, '') AS role, u.role AS viewer_role
		FROM asked a
		JOIN invitations i ON i.id = a.id
		JOIN invitation_rooms ir ON ir.invitation_id = i.id
		JOIN rooms r ON r.id = ir.room_id
		JOIN users u ON u.id = i.user_id
		LEFT JOIN members m ON m.room_id = r.id AND m.user_id = i.user_id
		ORDER BY i.id, r.id`
	err = r.list(ctx, "list invited rooms", &rooms, query, listToJSON(tuples(invitations)))
	return rooms, err
}

// InsertInvitation adds an invitation with its rooms and returns its id.
func (w writer) InsertInvitation(ctx context.Context, in chat.Invitation) (id int64, err error) {
	const op = "insert invitation"
	const (
		invitation = `
			INSERT INTO invitations (token, user_id, role, max_uses, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6)
			RETURNING id`
		rooms = `
			INSERT INTO invitation_rooms (invitation_id, room_id)
			SELECT CAST($1 AS BIGINT), CAST(value ->> 0 AS BIGINT) FROM json_each($2)`
	)
	err = w.get(ctx, op, &id, invitation, in.Token, in.By, in.Role, in.MaxUses, in.CreatedAt, in.ExpiresAt)
	if err != nil {
		return 0, err
	}
	ids := make([]int64, len(in.Rooms))
	for i, room := range in.Rooms {
		ids[i] = room.ID
	}
	_, err = w.exec(ctx, op, rooms, id, listToJSON(tuples(ids)))
	return id, err
}

// UseInvitation counts one use of an invitation. A second transaction that uses the same invitation waits here for the
// first, and then finds the uses that are left.
func (w writer) UseInvitation(ctx context.Context, id int64, now chat.Timestamp) error {
	const query = `
		UPDATE invitations AS i SET uses = uses + 1 WHERE i.id = $2 AND ` + isOpenInvitation
	return w.execRow(ctx, "use invitation", query, now, id)
}

// DeleteInvitation removes an invitation of a person, or of anybody if user is zero.
func (w writer) DeleteInvitation(ctx context.Context, user, id int64) error {
	const query = `
		DELETE FROM invitations WHERE id = $2 AND (CAST($1 AS BIGINT) = 0 OR user_id = $1)`
	return w.execRow(ctx, "delete invitation", query, user, id)
}

// DeleteInvitations removes all invitations of a person.
func (w writer) DeleteInvitations(ctx context.Context, user int64) error {
	const query = `
		DELETE FROM invitations WHERE user_id = $1`
	_, err := w.exec(ctx, "delete invitations", query, user)
	return err
}

// PruneInvitations removes the invitations that have ended or are used up.
func (w writer) PruneInvitations(ctx context.Context, now chat.Timestamp) error {
	const query = `
		DELETE FROM invitations AS i WHERE NOT (` + isOpenInvitation + `)`
	_, err := w.exec(ctx, "prune invitations", query, now)
	return err
}
