package chat

import (
	"context"
	"errors"
	"slices"
)

// RoomReader reads channels.
type RoomReader interface {
	// OpenRooms lists open channels that a user sees and is not a member of. They are ordered by name and start after
	// the channel with the id "after". It returns only channels whose folded name (see NameKey) contains nameKey.
	OpenRooms(ctx context.Context, user int64, nameKey string, after int64, limit int) ([]Room, error)
	// Room returns a channel that the user is a member of, or an open channel that they see.
	Room(ctx context.Context, user, room int64) (Room, error)
	// LastSeqs returns, for each stream key, its room and the room's last seq. It leaves out keys that have no room.
	LastSeqs(ctx context.Context, keys []StreamKey) (map[StreamKey]RoomSeq, error)
}

// RoomWriter creates rooms and takes the numbers of their changes.
type RoomWriter interface {
	// NextSeq locks a room until the transaction ends, and takes and returns the seq (number) of the room's next
	// change.
	NextSeq(ctx context.Context, room int64) (int64, error)
	// LockRoom locks a room until the transaction ends, without taking a seq. It returns the room's stream key and last
	// seq.
	LockRoom(ctx context.Context, room int64) (key StreamKey, lastSeq int64, err error)
	// EnsureDirectRoom returns the id of the room of two users, given with the lower id first. It creates the room with
	// both members if it does not exist.
	EnsureDirectRoom(ctx context.Context, low, high int64, at Timestamp) (int64, error)
	// InsertRoom adds a channel without members and returns its id. It returns ErrDuplicate if the channel is open and
	// another open channel has the same folded name.
	InsertRoom(ctx context.Context, name, nameKey string, access Access, at Timestamp) (int64, error)
}

// General is the id of the channel that every user joins at registration. The first migration creates it.
const General int64 = 1

// RoomSeq is a room and its last seq, the number of its latest change.
type RoomSeq struct{ Room, LastSeq int64 }

// Access is who may join a channel.
type Access string

// The kinds of access. Every user can see and join an open channel. An invite-only channel is visible only to its
// members, and only its owner can add users to it.
const (
	AccessOpen       Access = "open"
	AccessInviteOnly Access = "invited"
)

// accessChoices are the kinds of access that a new channel may have.
var accessChoices = []Access{AccessOpen, AccessInviteOnly}

// Room is a channel as a user sees it. The user is a member of the channel or may join it.
type Room struct {
	ID          int64  `db:"id"`
	Name        string `db:"name"`
	Access      Access `db:"access"`
	Role        Role   `db:"role"` // of the user in the room; empty if they are not a member
	MemberCount int    `db:"members"`
	ViewerRole  Role   `db:"viewer_role"` // of the user in the community
	OwnerID     int64  `db:"owner_id"`    // zero in General and in a room without members
	OwnerName   string `db:"owner_name"`
}

// StreamKey returns the key that events of this room carry.
func (r Room) StreamKey() StreamKey { return StreamKey{Room: r.ID} }

// Ref returns the ConversationRef that links and requests contain.
func (r Room) Ref() ConversationRef { return ConversationRef{Room: r.ID} }

// IsMember reports whether the user is a member of the room.
func (r Room) IsMember() bool { return r.Role != "" }

// CanLeave reports whether the user may leave the room. Only guests leave General.
func (r Room) CanLeave() bool { return r.IsMember() && (r.ID != General || r.ViewerRole == RoleGuest) }

// May reports whether the user may do an action in the room. The roles of members in the room and in the community
// decide, not the settings of the community.
func (r Room) May(a Action) bool {
	p := DefaultPermission(a)
	return r.IsMember() && (r.Role.AtLeast(p.Room) || r.ViewerRole.AtLeast(p.Community))
}

// CanInvite reports whether the user may add others to the room. Everybody is in General.
func (r Room) CanInvite() bool {
	if r.Access == AccessOpen {
		return r.ID != General && r.May(InviteToOpenRoom)
	}
	return r.May(InviteToRoom)
}

// CanRemove reports whether the user may remove others from the room. Nobody is removed from General.
func (r Room) CanRemove() bool { return r.ID != General && r.May(RemoveFromRoom) }

// CanRemoveMember reports whether the user may remove a member with this role in the room. Only owners and admins of
// the community can remove somebody of the same or a higher role than their own.
func (r Room) CanRemoveMember(role Role) bool {
	return r.CanRemove() && (r.May(ChangeRoomRoles) || role == RoleMember)
}

// nextJoinerRole returns the role of the next user who joins: owner if the room has no owner and is not General, and
// member otherwise.
func (r Room) nextJoinerRole() Role {
	if r.OwnerID == 0 && r.ID != General {
		return RoleOwner
	}
	return RoleMember
}

// The most rooms, members and users that one list returns.
const (
	maxRooms            = 100
	MaxMembers          = 50
	maxInviteCandidates = 20
)

// NewRoom is a channel to create.
type NewRoom struct {
	Name   string
	Access Access
}

// CreateRoom creates a channel that the acting user owns. It returns Invalid for a bad name or access, Conflict if an
// open channel has the same name, regardless of case and accents, and Forbidden if the user may not create channels.
func (s *Service) CreateRoom(ctx context.Context, by User, in NewRoom) (Room, error) {
	if err := s.CheckPermission(ctx, by, MakeRooms); err != nil {
		return Room{}, err
	}
	name, errName := cleanRoomName(in.Name)
	var errAccess error
	if !slices.Contains(accessChoices, in.Access) {
		errAccess = invalidf("access", "The value must be open or invited.")
	}
	if err := errors.Join(errName, errAccess); err != nil {
		return Room{}, err
	}
	room := Room{
		Name: name, Access: in.Access, Role: RoleOwner, MemberCount: 1, ViewerRole: by.Role,
		OwnerID: by.ID, OwnerName: by.Name,
	}
	err := s.inMembershipTx(ctx, func(tx Tx) (_ []Event, err error) {
		if room.ID, err = tx.InsertRoom(ctx, name, NameKey(name), in.Access, s.now()); err != nil {
			return nil, err
		}
		seq, err := tx.NextSeq(ctx, room.ID)
		if err != nil {
			return nil, err
		}
		return addMember(ctx, tx, room.ID, by, seq, RoleOwner)
	})
	if errors.Is(err, ErrDuplicate) {
		return Room{}, &Error{
			Code: Conflict, Field: "name", Format: "There is already an open room called “%s”.", Args: []any{name},
		}
	}
	return room, err
}

// OpenRooms lists the channels that the acting user may join and whose name contains query. They are ordered by name
// and start after the channel with the id "after". It returns at most 100 channels; the result more reports whether
// there are others.
func (s *Service) OpenRooms(
	ctx context.Context, by User, query string, after int64,
) (rooms []Room, more bool, err error) {
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	rooms, err = s.store.OpenRooms(ctx, by.ID, NameKey(query), after, maxRooms+1)
	rooms, more = trimToLimit(rooms, maxRooms)
	return rooms, more, err
}

// checkQuery returns Invalid for a search text that no name can contain.
func checkQuery(query string) error {
	if !isStorableText(query) || len(query) > maxEmailBytes {
		return invalidf("q", "This name contains characters that can't be used.")
	}
	return nil
}

// Room returns a channel that the acting user is a member of or may join. Otherwise it returns ErrNotFound.
func (s *Service) Room(ctx context.Context, by User, room int64) (Room, error) {
	return s.store.Room(ctx, by.ID, room)
}

// Members lists the members of a room whose name contains query. They are ordered by name and start after the user with
// the id "after". It returns at most MaxMembers; the result more reports whether there are others. The list is empty if
// the acting user is not a member of the room.
func (s *Service) Members(
	ctx context.Context, room Room, query string, after int64,
) (members []Member, more bool, err error) {
	if err := checkQuery(query); err != nil || !room.IsMember() {
		return nil, false, err
	}
	members, err = s.store.Members(ctx, room.ID, NameKey(query), after, MaxMembers+1)
	members, more = trimToLimit(members, MaxMembers)
	return members, more, err
}

// FindNonMembers lists at most 20 users, by name, who can be invited to a room and whose name contains query. It lists
// only users whom the acting user sees. The list is empty if the acting user may not invite others to the room.
func (s *Service) FindNonMembers(ctx context.Context, by User, room Room, query string) ([]UserSummary, error) {
	if err := checkQuery(query); err != nil || !room.CanInvite() {
		return nil, err
	}
	return s.store.FindNonMembers(ctx, by.ID, room.ID, NameKey(query), maxInviteCandidates)
}
