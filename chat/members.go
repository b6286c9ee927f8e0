package chat

import (
	"context"
	"errors"
)

// MemberReader reads who is, or was, a member of a room.
type MemberReader interface {
	// Members lists members of a room, ordered by name, starting after the user with the id "after". It returns only
	// members whose folded name (see NameKey) or handle contains nameKey.
	Members(ctx context.Context, room int64, nameKey string, after int64, limit int) ([]Member, error)
	// UsersInRooms returns those of the given users who are members of at least one of the given rooms.
	UsersInRooms(ctx context.Context, rooms, users []int64) ([]int64, error)
	// FindNonMembers lists enabled users, ordered by name, whom the viewer sees and who are not members of a room. It
	// returns only users whose folded name (see NameKey) or handle contains nameKey.
	FindNonMembers(ctx context.Context, viewer, room int64, nameKey string, limit int) ([]UserSummary, error)
	// LastDeparture returns the record of the last time that a user left a room.
	LastDeparture(ctx context.Context, room, user int64) (Departure, error)
	// Departures lists the departures from all rooms at or after the time "since".
	Departures(ctx context.Context, since Timestamp) ([]Departure, error)
	// AccountDeletedSince reports whether a member or former member of a room deleted their account, and the change
	// that announces it in this room has a seq greater than after.
	AccountDeletedSince(ctx context.Context, room, after int64) (bool, error)
}

// MemberWriter adds and removes members of rooms.
type MemberWriter interface {
	// InsertMember adds a user to a room and marks everything in it as read. The argument seq is the number of this
	// change in the room. It returns ErrDuplicate if the user is already a member.
	InsertMember(ctx context.Context, room, user, seq int64) error
	// DeleteMember removes a user from a room and records the departure. It returns ErrNotFound if the user is not a
	// member, unless d.AccountDeleted is set.
	DeleteMember(ctx context.Context, d Departure) error
	// SetMemberRole sets the role of a member of a room. It returns ErrDuplicate if the room already has an owner.
	SetMemberRole(ctx context.Context, room, user int64, role Role) error
	// LongestStandingMember returns the member who has been in a room for the longest time. It prefers people to bots.
	LongestStandingMember(ctx context.Context, room int64) (int64, error)
}

// Member is a user as a member of a room.
type Member struct {
	UserSummary
	Role Role `db:"role"`
}

// Departure records that a user left a room or was removed from it.
type Departure struct {
	Room int64     `db:"room_id"`
	User int64     `db:"user_id"`
	By   int64     `db:"removed_by_id"` // who removed the user; equals User if they left
	Seq  int64     `db:"seq"`           // seq of the departure
	At   Timestamp `db:"departed_at"`

	AccountDeleted bool `db:"account_deleted"` // the user deleted their account; they may have left the room before
}

// Removed reports whether somebody else removed the user. A user who was removed can return only if the owner invites
// them.
func (d Departure) Removed() bool { return d.By != d.User }

// inMembershipTx runs f in a transaction and, after the commit, publishes the events that f returned.
func (s *Service) inMembershipTx(ctx context.Context, f func(tx Tx) ([]Event, error)) error {
	var events []Event
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		events, err = f(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range events {
		s.events.Publish(e)
	}
	return nil
}

// addMember adds a user to a room and returns the event to publish. The argument seq is the number of this change in
// the room; the caller has taken it with lockRoom.
func addMember(ctx context.Context, tx Tx, room int64, user User, seq int64, role Role) ([]Event, error) {
	if err := tx.InsertMember(ctx, room, user.ID, seq); err != nil {
		return nil, err
	}
	if role == RoleOwner {
		if err := tx.SetMemberRole(ctx, room, user.ID, RoleOwner); err != nil {
			return nil, err
		}
	}
	return []Event{MemberJoined{StreamKey: StreamKey{Room: room}, User: user.Summary(), Seq: seq}}, nil
}

// lockRoom locks a room until the transaction ends. It returns the room as the acting user sees it, and the seq
// (number) of the change that the caller is going to make.
func lockRoom(ctx context.Context, tx Tx, by User, id int64) (room Room, seq int64, err error) {
	if seq, err = tx.NextSeq(ctx, id); err == nil {
		room, err = tx.Room(ctx, by.ID, id)
	}
	return room, seq, err
}

var errRemoved = Errorf(
	Forbidden, "You were removed from this room. Only its owner and moderators can invite you again.",
)

// JoinRoom adds the acting user to an open room. It does nothing if they are already a member. It returns ErrNotFound
// if they may not see the room, and Forbidden if they were removed from it. A bot also gets Forbidden if its owner was
// removed from the room.
func (s *Service) JoinRoom(ctx context.Context, by User, room int64) error {
	return s.joinRoom(ctx, by, by.ID, room, func(_ Room, removed bool) error {
		if removed {
			return errRemoved
		}
		return nil
	})
}

// Invite adds another user to a room that the acting user is a member of. It does nothing if the other user is already
// a member. It returns ErrNotFound if the acting user does not see the other user or that user is disabled. It returns
// Forbidden if the acting user may not invite anybody, or may not invite this user because they were removed from the
// room.
func (s *Service) Invite(ctx context.Context, by User, room, user int64) error {
	return s.joinRoom(ctx, by, user, room, func(r Room, removed bool) error {
		switch {
		case !r.IsMember():
			return ErrNotFound
		case !r.CanInvite():
			return Errorf(Forbidden, "Only the owner and moderators of this room can invite people.")
		case removed && !r.CanRemove():
			return Errorf(Forbidden, "Only the owner and moderators can invite someone who was removed from this room.")
		}
		return nil
	})
}

// joinRoom adds a user to a room. It does nothing if they are already a member. First it calls check with two values:
// the room as the acting user sees it, and whether the user was removed from the room. If check returns an error,
// joinRoom returns it and does not add the user.
func (s *Service) joinRoom(
	ctx context.Context, by User, userID, roomID int64, check func(r Room, wasRemoved bool) error,
) error {
	err := s.inMembershipTx(ctx, func(tx Tx) ([]Event, error) {
		room, seq, err := lockRoom(ctx, tx, by, roomID)
		if err != nil {
			return nil, err
		}
		// A user who deletes their account at the same time waits for this lock, and then leaves this room too.
		user, err := lockUser(ctx, tx, userID)
		if err != nil {
			return nil, err
		}
		if _, err := tx.VisibleUser(ctx, by.ID, userID); err != nil {
			return nil, err
		}
		removed, err := wasRemoved(ctx, tx, roomID, user)
		if err != nil {
			return nil, err
		}
		if err := check(room, removed); err != nil {
			return nil, err
		}
		events, err := addMember(ctx, tx, roomID, user, seq, room.nextJoinerRole())
		if err != nil || userID == by.ID {
			return events, err
		}
		return events, tx.InsertInvitationItem(ctx, roomID, userID, by.ID, s.now())
	})
	if errors.Is(err, ErrDuplicate) { // already a member; the rollback returned the seq
		return nil
	}
	return err
}

// wasRemoved reports whether somebody removed a user from a room and the user has not come back since. A bot also
// counts as removed if its owner was removed, because the owner could read the room through the bot.
func wasRemoved(ctx context.Context, tx Tx, room int64, user User) (bool, error) {
	removed, err := lastDepartureWasRemoval(ctx, tx, room, user.ID)
	if err != nil || removed || !user.IsBot() {
		return removed, err
	}
	_, err = tx.ConversationIn(ctx, user.OwnerID, room)
	if err == nil { // the owner is a member
		return false, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return false, err
	}
	return lastDepartureWasRemoval(ctx, tx, room, user.OwnerID)
}

func lastDepartureWasRemoval(ctx context.Context, tx Tx, room, user int64) (bool, error) {
	last, err := tx.LastDeparture(ctx, room, user)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return last.Removed(), err
}

// LeaveRoom removes the acting user from a room. If they own the room, the longest-standing member becomes its owner.
// It returns ErrNotFound if they are not a member, and Forbidden for General.
func (s *Service) LeaveRoom(ctx context.Context, by User, room int64) error {
	return s.removeMember(ctx, by, by.ID, room, func(r Room, _ Role) error {
		if !r.CanLeave() {
			return Errorf(Forbidden, "You can't leave %s because everyone is a member.", r.Name)
		}
		return nil
	})
}

// RemoveMember removes another user and that user's bots from a room. It returns ErrNotFound if the acting user or the
// other user is not a member, Forbidden if the acting user may not remove this member, and Conflict if they try to
// remove themself.
func (s *Service) RemoveMember(ctx context.Context, by User, room, user int64) error {
	return s.removeMember(ctx, by, user, room, func(r Room, role Role) error {
		switch {
		case !r.CanRemove():
			return Errorf(Forbidden, "Only the owner and moderators of this room can remove people.")
		case user == by.ID:
			return Errorf(Conflict, "You can't remove yourself. Leave the room instead.")
		case role != "" && !r.CanRemoveMember(role):
			return Errorf(Forbidden, "Only the owner of this room can remove its moderators.")
		}
		return nil
	})
}

// removeMember removes a user from a room that the acting user is a member of. First it calls check with the room and
// the role of the user in it. If check returns an error, removeMember returns it and does not remove the user.
func (s *Service) removeMember(
	ctx context.Context, by User, user, roomID int64, check func(Room, Role) error,
) error {
	return s.inMembershipTx(ctx, func(tx Tx) ([]Event, error) {
		room, seq, err := lockRoom(ctx, tx, by, roomID)
		if err != nil {
			return nil, err
		}
		if !room.IsMember() {
			return nil, ErrNotFound
		}
		role, err := roleInRoom(ctx, tx, roomID, user)
		if err != nil {
			return nil, err
		}
		if err := check(room, role); err != nil {
			return nil, err
		}
		d := Departure{Room: roomID, User: user, By: by.ID, Seq: seq, At: s.now()}
		if err := tx.DeleteMember(ctx, d); err != nil {
			return nil, err
		}
		if room.OwnerID == user {
			if err := transferOwnership(ctx, tx, roomID); err != nil {
				return nil, err
			}
		}
		events := []Event{MemberLeft{StreamKey: room.StreamKey(), User: user, Seq: seq}}
		if user == by.ID {
			return events, nil
		}
		botsLeft, err := removeBotsOf(ctx, tx, by, user, room, s.now())
		return append(events, botsLeft...), err
	})
}

// removeBotsOf removes the bots of a removed user from the same room. A bot that is the acting user stays.
func removeBotsOf(
	ctx context.Context, tx Tx, by User, owner int64, room Room, now Timestamp,
) (events []Event, err error) {
	bots, err := tx.Bots(ctx, owner)
	if err != nil {
		return nil, err
	}
	for _, b := range bots {
		_, err := tx.ConversationIn(ctx, b.ID, room.ID)
		if b.ID == by.ID || errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		seq, err := tx.NextSeq(ctx, room.ID)
		if err != nil {
			return nil, err
		}
		d := Departure{Room: room.ID, User: b.ID, By: by.ID, Seq: seq, At: now}
		if err := tx.DeleteMember(ctx, d); err != nil {
			return nil, err
		}
		events = append(events, MemberLeft{StreamKey: room.StreamKey(), User: b.ID, Seq: seq})
	}
	return events, nil
}

// transferOwnership makes the longest-standing member the owner of a room. If the room has no members, it gets no
// owner.
func transferOwnership(ctx context.Context, tx Tx, room int64) error {
	owner, err := tx.LongestStandingMember(ctx, room)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.SetMemberRole(ctx, room, owner, RoleOwner)
}

// HasLeftRoom reports whether the acting user has ever left a room. If so, a page may tell them that they left. A user
// who was never in the room must not learn that it exists.
func (s *Service) HasLeftRoom(ctx context.Context, by User, room int64) bool {
	_, err := s.store.LastDeparture(ctx, room, by.ID)
	return err == nil
}
