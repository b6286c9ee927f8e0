package chat

import (
	"context"
	"errors"
	"slices"
)

// Access says how people come into a channel.
type Access string

// Anybody may join an open room. Into one by invitation its owner lets people in; others do not learn that it exists.
const (
	Open    Access = "open"
	Invited Access = "invited"
)

// accesses are the choices of who makes a room.
var accesses = []Access{Open, Invited}

// Room is a channel as a person sees it, who may be an outsider where it is open.
type Room struct {
	ID        int64  `db:"id"`
	Name      string `db:"name"`
	Access    Access `db:"access"`
	Role      Role   `db:"role"` // the person's own; empty for an outsider
	Members   int    `db:"members"`
	OwnerID   int64  `db:"owner_id"` // zero in General, and where everybody has left
	OwnerName string `db:"owner_name"`
}

// Topic returns what streams of this room listen to.
func (r Room) Topic() Topic { return Topic{Room: r.ID} }

// Place returns the name of the room's conversation in links.
func (r Room) Place() Place { return Place{Room: r.ID} }

// IsMember tells whether the person is in the room.
func (r Room) IsMember() bool { return r.Role != "" }

// CanLeave tells whether the person may go: everybody is in General.
func (r Room) CanLeave() bool { return r.IsMember() && r.ID != General }

// CanInvite tells whether the person may let others in: any member where it is open, else its owner.
func (r Room) CanInvite() bool {
	return r.ID != General && (r.Role == RoleOwner || r.Role == RoleMember && r.Access == Open)
}

// CanRemove tells whether the person may take others out.
func (r Room) CanRemove() bool { return r.Role == RoleOwner && r.ID != General }

// roleOfNext is what the next to come in will be: the owner, where everybody has left.
func (r Room) roleOfNext() Role {
	if r.OwnerID == 0 && r.ID != General {
		return RoleOwner
	}
	return RoleMember
}

// The most rooms, members and people that one answer lists.
const (
	maxRooms   = 100
	MaxMembers = 50
	maxInvited = 20
)

// NewRoom is what a person decides about a room.
type NewRoom struct {
	Name   string
	Access Access
}

// MakeRoom makes a channel with by as its owner. It answers Invalid for a bad name or access, and Conflict when an open
// room has this name.
func (s *Service) MakeRoom(ctx context.Context, by User, in NewRoom) (Room, error) {
	name, errName := cleanRoomName(in.Name)
	var errAccess error
	if !slices.Contains(accesses, in.Access) {
		errAccess = invalidf("access", "Choose who may come in.")
	}
	if err := errors.Join(errName, errAccess); err != nil {
		return Room{}, err
	}
	room := Room{Name: name, Access: in.Access, Role: RoleOwner, Members: 1, OwnerID: by.ID, OwnerName: by.Name}
	err := s.change(ctx, func(tx Tx) (_ []Event, err error) {
		if room.ID, err = tx.InsertRoom(ctx, name, NameKey(name), in.Access, s.micros()); err != nil {
			return nil, err
		}
		seq, err := tx.NextSeq(ctx, room.ID)
		if err != nil {
			return nil, err
		}
		return admit(ctx, tx, room.ID, by, seq, RoleOwner)
	})
	if errors.Is(err, ErrDuplicate) {
		return Room{}, &Error{Code: Conflict, Field: "name", Format: "There is already an open room called “%s”.", Args: []any{name}}
	}
	return room, err
}

// OpenRooms lists the rooms that by may join and whose name contains query, by name, after the open room with the id after;
// at most maxRooms, and more tells that others follow.
func (s *Service) OpenRooms(ctx context.Context, by User, query string, after int64) (rooms []Room, more bool, err error) {
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	rooms, err = s.store.OpenRooms(ctx, by.ID, NameKey(query), after, maxRooms+1)
	rooms, more = first(rooms, maxRooms)
	return rooms, more, err
}

// checkQuery refuses what no name can contain.
func checkQuery(query string) error {
	if !isText(query) || len(query) > maxEmail {
		return invalidf("q", "This name holds characters that cannot be used.")
	}
	return nil
}

// Room finds a channel that by is in or may join. Any other is NotFound.
func (s *Service) Room(ctx context.Context, by User, room int64) (Room, error) {
	return s.store.Room(ctx, by.ID, room)
}

// Members lists up to MaxMembers people of a room of by whose name contains query, by name, after the person with the id
// after; more tells that others follow. To an outsider it lists nobody.
func (s *Service) Members(ctx context.Context, room Room, query string, after int64) (members []Member, more bool, err error) {
	if err := checkQuery(query); err != nil || !room.IsMember() {
		return nil, false, err
	}
	members, err = s.store.Members(ctx, room.ID, NameKey(query), after, MaxMembers+1)
	members, more = first(members, MaxMembers)
	return members, more, err
}

// FindOutsiders lists people whom one may invite into a room, by name; at most 20.
func (s *Service) FindOutsiders(ctx context.Context, room Room, query string) ([]Person, error) {
	if err := checkQuery(query); err != nil || !room.CanInvite() {
		return nil, err
	}
	return s.store.FindOutsiders(ctx, room.ID, NameKey(query), maxInvited)
}
