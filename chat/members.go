package chat

import (
	"context"
	"errors"
)

// MemberReader reads who is, or was, a member of which room.
type MemberReader interface {
	// Members lists the members of a room whose folded name contains nameKey, by name, after the user with the id after.
	Members(ctx context.Context, room int64, nameKey string, after int64, limit int) ([]Member, error)
	// UsersInRooms returns those of the users who are a member of at least one of the rooms.
	UsersInRooms(ctx context.Context, rooms, users []int64) ([]int64, error)
	// FindNonMembers lists enabled users who are not members of a room and whose folded name contains nameKey, by name.
	FindNonMembers(ctx context.Context, room int64, nameKey string, limit int) ([]UserSummary, error)
	// LastDeparture returns how a user last left a room.
	LastDeparture(ctx context.Context, room, user int64) (Departure, error)
	// Departures lists the departures from all rooms at or after since.
	Departures(ctx context.Context, since Timestamp) ([]Departure, error)
	// AccountDeletedSince reports whether a member or former member of a room deleted their account after a seq.
	AccountDeletedSince(ctx context.Context, room, after int64) (bool, error)
}

// MemberWriter adds and removes members of rooms.
type MemberWriter interface {
	// InsertMember adds a user to a room with everything before seq, the seq of joining, marked as read. It returns
	// ErrDuplicate if the user is a member already.
	InsertMember(ctx context.Context, room, user, seq int64) error
	// DeleteMember removes a user from a room and records the departure. It returns ErrNotFound if the user is not a
	// member, unless d.AccountDeleted.
	DeleteMember(ctx context.Context, d Departure) error
	// SetOwner makes a member the owner of a room.
	SetOwner(ctx context.Context, room, user int64) error
	// LongestStandingMember returns the member who has been in a room for the longest time, people before bots.
	LongestStandingMember(ctx context.Context, room int64) (int64, error)
}

// Member is a person in a room.
type Member struct {
	UserSummary
	Role Role `db:"role"`
}

// Departure is a person's going from a room, by themself or by another.
type Departure struct {
	Room int64     `db:"room_id"`
	User int64     `db:"user_id"`
	By   int64     `db:"removed_by_id"`
	Seq  int64     `db:"seq"` // the number that it took in the room
	At   Timestamp `db:"departed_at"`

	AccountDeleted bool `db:"account_deleted"` // with their account, also where they had left before
}

// Removed tells whether it was another's doing. Who was removed comes back only when the owner says so.
func (d Departure) Removed() bool { return d.By != d.User }

// inMembershipTx runs a change of who is in a room, and announces what happened when it is committed.
func (s *Service) inMembershipTx(ctx context.Context, f func(tx Tx) ([]Event, error)) error {
	var happened []Event
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		happened, err = f(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range happened {
		s.events.Publish(e)
	}
	return nil
}

// addMember lets a person in under a number of the room.
func addMember(ctx context.Context, tx Tx, room int64, who User, seq int64, role Role) ([]Event, error) {
	err := tx.InsertMember(ctx, room, who.ID, seq)
	if err == nil && role == RoleOwner {
		err = tx.SetOwner(ctx, room, who.ID)
	}
	return []Event{MemberJoined{StreamKey: StreamKey{Room: room}, User: who.Summary(), Seq: seq}}, err
}

// lockRoom takes a room's next number and then looks at the room as by sees it: until the commit nothing of that changes.
func lockRoom(ctx context.Context, tx Tx, by User, id int64) (room Room, seq int64, err error) {
	if seq, err = tx.NextSeq(ctx, id); err == nil {
		room, err = tx.Room(ctx, by.ID, id)
	}
	return room, seq, err
}

// JoinRoom lets by into an open room; who is in it stays in it. It answers NotFound for what by may not see, and
// Forbidden where by was removed, see wasRemoved.
func (s *Service) JoinRoom(ctx context.Context, by User, room int64) error {
	return s.joinRoom(ctx, by, by.ID, room, func(_ Room, removed bool) error {
		if removed {
			return Errorf(Forbidden, "You were removed from this room. Its owner can invite you again.")
		}
		return nil
	})
}

// Invite lets another person into a room of by; who is in it stays in it. It answers NotFound for a person who does not
// exist or is disabled, and Forbidden where by may not invite, or may not invite this person, who was removed.
func (s *Service) Invite(ctx context.Context, by User, room, user int64) error {
	return s.joinRoom(ctx, by, user, room, func(r Room, removed bool) error {
		switch {
		case !r.IsMember():
			return ErrNotFound
		case !r.CanInvite():
			return Errorf(Forbidden, "Only the owner of this room invites people.")
		case removed && !r.CanRemove():
			return Errorf(Forbidden, "Only the owner can invite somebody who was removed.")
		}
		return nil
	})
}

// joinRoom lets a person into a room as by sees it, unless refuse says why not. Who is in it already is no mistake.
func (s *Service) joinRoom(ctx context.Context, by User, user, id int64, refuse func(r Room, removed bool) error) error {
	err := s.inMembershipTx(ctx, func(tx Tx) ([]Event, error) {
		room, seq, err := lockRoom(ctx, tx, by, id)
		if err != nil {
			return nil, err
		}
		who, err := lockUser(ctx, tx, user) // who deletes their account at this moment leaves the rooms that they are in by then
		if err != nil {
			return nil, err
		}
		removed, err := wasRemoved(ctx, tx, id, who)
		if err != nil {
			return nil, err
		}
		if err := refuse(room, removed); err != nil {
			return nil, err
		}
		return addMember(ctx, tx, id, who, seq, room.nextJoinerRole())
	})
	if errors.Is(err, ErrDuplicate) { // it was rolled back, and took no number
		return nil
	}
	return err
}

// wasRemoved tells whether who was taken out of a room by another. A bot shares the lot of its owner: it would read on for
// them.
func wasRemoved(ctx context.Context, tx Tx, room int64, who User) (bool, error) {
	last, err := tx.LastDeparture(ctx, room, who.ID)
	if last.Removed() || err != nil && !errors.Is(err, ErrNotFound) {
		return last.Removed(), err
	}
	if !who.IsBot() {
		return false, nil
	}
	if _, err = tx.ConversationIn(ctx, who.OwnerID, room); !errors.Is(err, ErrNotFound) {
		return false, err // the owner is in the room
	}
	last, err = tx.LastDeparture(ctx, room, who.OwnerID)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return last.Removed(), err
}

// LeaveRoom takes by out of a room. An owner hands over to whoever has been there the longest. It answers NotFound to an
// outsider, and Forbidden in General.
func (s *Service) LeaveRoom(ctx context.Context, by User, room int64) error {
	return s.removeMember(ctx, by, by.ID, room, func(r Room) error {
		if !r.CanLeave() {
			return Errorf(Forbidden, "Everybody is in %s, always.", r.Name)
		}
		return nil
	})
}

// RemoveMember takes somebody else out of a room, with their bots. It answers NotFound to an outsider and for who is not in the room, and
// Forbidden to who is not its owner.
func (s *Service) RemoveMember(ctx context.Context, by User, room, user int64) error {
	return s.removeMember(ctx, by, user, room, func(r Room) error {
		switch {
		case !r.CanRemove():
			return Errorf(Forbidden, "Only the owner of this room removes people.")
		case user == by.ID:
			return Errorf(Conflict, "You cannot remove yourself. Leave the room instead.")
		}
		return nil
	})
}

// removeMember takes a person out of a room that by is in, unless refuse says why not.
func (s *Service) removeMember(ctx context.Context, by User, user, id int64, refuse func(Room) error) error {
	return s.inMembershipTx(ctx, func(tx Tx) ([]Event, error) {
		room, seq, err := lockRoom(ctx, tx, by, id)
		if err == nil && !room.IsMember() {
			err = ErrNotFound
		}
		if err == nil {
			err = refuse(room)
		}
		if err == nil {
			err = tx.DeleteMember(ctx, Departure{Room: id, User: user, By: by.ID, Seq: seq, At: s.now()})
		}
		if err == nil && room.OwnerID == user {
			err = transferOwnership(ctx, tx, id)
		}
		happened := []Event{MemberLeft{StreamKey: room.StreamKey(), User: user, Seq: seq}}
		if err != nil || user == by.ID {
			return happened, err
		}
		bots, err := removeBotsOf(ctx, tx, by, user, room, s.now())
		return append(happened, bots...), err
	})
}

// removeBotsOf takes the bots of somebody who was removed out of the room too, but for by, who may be one.
func removeBotsOf(ctx context.Context, tx Tx, by User, owner int64, room Room, now Timestamp) (happened []Event, err error) {
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
		if err == nil {
			err = tx.DeleteMember(ctx, Departure{Room: room.ID, User: b.ID, By: by.ID, Seq: seq, At: now})
		}
		if err != nil {
			return nil, err
		}
		happened = append(happened, MemberLeft{StreamKey: room.StreamKey(), User: b.ID, Seq: seq})
	}
	return happened, nil
}

// transferOwnership gives a room to whoever has been there the longest. A room without anybody belongs to nobody.
func transferOwnership(ctx context.Context, tx Tx, room int64) error {
	heir, err := tx.LongestStandingMember(ctx, room)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.SetOwner(ctx, room, heir)
}

// HasLeftRoom tells whether by was in a room once: who comes back to it then is told so, and learns nothing new.
func (s *Service) HasLeftRoom(ctx context.Context, by User, room int64) bool {
	_, err := s.store.LastDeparture(ctx, room, by.ID)
	return err == nil
}
