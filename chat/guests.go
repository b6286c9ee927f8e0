package chat

import (
	"context"
	"errors"
	"slices"
)

// VisibilityReader reads whom a user sees. Guests and others see each other only if they share a room, a direct
// conversation included. Admins see everybody.
type VisibilityReader interface {
	// VisibleUser returns a user whom the viewer sees. It returns ErrNotFound for any other.
	VisibleUser(ctx context.Context, viewer, id int64) (User, error)
	// VisibleUsers returns those of the given users whom the viewer sees, in any order.
	VisibleUsers(ctx context.Context, viewer int64, users []int64) ([]int64, error)
	// RoomsOfUsers lists all rooms of the given users.
	RoomsOfUsers(ctx context.Context, users []int64) ([]UserRoom, error)
}

// UserRoom is a room that a user is a member of, with the room's last seq.
type UserRoom struct {
	User    int64 `db:"user_id"`
	Room    int64 `db:"room_id"`
	LastSeq int64 `db:"last_seq"`
}

// VisibleUsers returns those of the given users whom the acting user sees, in the same order. It reuses the memory of
// users.
func (s *Service) VisibleUsers(ctx context.Context, by User, users []UserSummary) ([]UserSummary, error) {
	ids := make([]int64, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	found, err := s.store.VisibleUsers(ctx, by.ID, ids)
	if err != nil {
		return nil, err
	}
	visible := map[int64]bool{}
	for _, id := range found {
		visible[id] = true
	}
	return slices.DeleteFunc(users, func(u UserSummary) bool { return !visible[u.ID] }), nil
}

// IsGuest reports whether u is a guest, who sees only their rooms and the people in them.
func (u User) IsGuest() bool { return u.Role == RoleGuest }

// becomeGuest takes away from a person what guests do not have: membership in General, and bots. They stay a member of
// their other rooms. It returns the events to publish. The caller has locked General and the person.
func becomeGuest(ctx context.Context, tx Tx, user User, now Timestamp) (events []Event, err error) {
	if events, err = leaveGeneral(ctx, tx, user.ID, now); err != nil {
		return nil, err
	}
	bots, err := tx.Bots(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	for _, b := range bots {
		ended, err := disableUser(ctx, tx, User{ID: b.ID}, now)
		if err != nil {
			return nil, err
		}
		for _, id := range ended {
			events = append(events, SessionEnded{Session: id})
		}
	}
	return events, nil
}

// leaveGeneral removes a user from General, if they are a member, and returns the event to publish.
func leaveGeneral(ctx context.Context, tx Tx, user int64, now Timestamp) ([]Event, error) {
	role, err := roleInRoom(ctx, tx, General, user)
	if err != nil || role == "" {
		return nil, err
	}
	d := Departure{Room: General, User: user, By: user, At: now}
	if d.Seq, err = tx.NextSeq(ctx, General); err != nil {
		return nil, err
	}
	left := MemberLeft{StreamKey: StreamKey{Room: General}, User: user, Seq: d.Seq}
	return []Event{left}, tx.DeleteMember(ctx, d)
}

// stopBeingGuest adds a former guest to General, unless they are a member, and returns the event to publish. The caller
// has locked General and the person.
func stopBeingGuest(ctx context.Context, tx Tx, user User) ([]Event, error) {
	role, err := roleInRoom(ctx, tx, General, user.ID)
	if err != nil || role != "" {
		return nil, err
	}
	seq, err := tx.NextSeq(ctx, General)
	if err != nil {
		return nil, err
	}
	return addMember(ctx, tx, General, user, seq, RoleMember)
}

// checkOwnerOfBot returns Conflict if the owner of a bot is disabled or a guest, because guests have no bots.
func checkOwnerOfBot(ctx context.Context, tx Tx, bot User) error {
	owner, err := lockUser(ctx, tx, bot.OwnerID)
	switch {
	case errors.Is(err, ErrNotFound):
		return Errorf(Conflict, "The owner of this bot is deactivated. Reactivate them first.")
	case err == nil && !owner.Role.AtLeast(DefaultPermission(MakeBots).Community):
		return Errorf(Conflict, "The owner of this bot is a guest, and guests can't have bots.")
	}
	return err
}
