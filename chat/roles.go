package chat

import (
	"context"
	"errors"
	"slices"
)

// RoleReader reads which roles changed.
type RoleReader interface {
	// RoleChanges lists the people whose role in the community changed at or after a time, with their present role.
	RoleChanges(ctx context.Context, since Timestamp) ([]RoleChanged, error)
}

// Role decides what a user may do in the community or in a room.
type Role string

// The roles, from the lowest to the highest. In the community there is one owner: the first person, until they hand it
// over. Bots are members. A room has members, moderators and at most one owner: who created it, until they hand it over
// or leave.
const (
	RoleGuest     Role = "guest"
	RoleMember    Role = "member"
	RoleModerator Role = "moderator"
	RoleAdmin     Role = "admin"
	RoleOwner     Role = "owner"
)

// CommunityRoles are the roles that a person can have in the community, and RoomRoles those in a room, both from the
// lowest to the highest.
var (
	CommunityRoles = []Role{RoleGuest, RoleMember, RoleModerator, RoleAdmin, RoleOwner}
	RoomRoles      = []Role{RoleMember, RoleModerator, RoleOwner}
)

// rank returns the position of a role in the order of all roles. It is zero for no role.
func (r Role) rank() int {
	return 1 + slices.Index([]Role{RoleGuest, RoleMember, RoleModerator, RoleAdmin, RoleOwner}, r)
}

// AtLeast reports whether r is the role "lowest" or a higher one. It returns false if lowest is empty.
func (r Role) AtLeast(lowest Role) bool { return lowest.rank() > 0 && r.rank() >= lowest.rank() }

// Action is something that not everybody may do.
type Action string

// The actions in the community.
const (
	JoinRooms       Action = "join_rooms" // see and join open rooms
	MakeRooms       Action = "make_rooms"
	MakeBots        Action = "make_bots"
	ManagePeople    Action = "manage_people" // see all accounts, deactivate and reactivate them
	ChangeRoles     Action = "change_roles"
	HandOver        Action = "hand_over" // make somebody else the owner
	ChangeCommunity Action = "change_community"
	InvitePeople    Action = "invite_people" // invite new people into the community
	NotifyAll       Action = "notify_all"    // notify everybody in a room by @channel or @here

	DecideApplications Action = "decide_applications" // approve or reject people who want to register
)

// The actions in a room. Only its members may do them.
const (
	InviteToOpenRoom Action = "invite_to_open_room"
	InviteToRoom     Action = "invite_to_invited_room"
	RemoveFromRoom   Action = "remove_from_room"
	ChangeRoomRoles  Action = "change_room_roles"
	PinMessages      Action = "pin_messages" // pin and unpin; in a direct conversation both people may
)

// Permission says who may do an action. Community is the lowest role in the community with which people may do it. For
// an action in a room, a role in the room suffices too: Room is the lowest such role. People who may do the action by
// their role in the community must still be members of the room. If a field is empty, no role of its kind suffices.
type Permission struct {
	Action    Action
	Community Role
	Room      Role // empty for all actions in the community
}

// Permissions returns the table of who may do what, with the settings of the community applied.
func (c Community) Permissions() []Permission {
	return []Permission{
		{JoinRooms, RoleMember, ""},
		{MakeRooms, c.MayMakeRooms, ""},
		{MakeBots, RoleMember, ""},
		{InvitePeople, c.MayInvite, ""},
		{NotifyAll, c.MayNotifyAll, ""},
		{DecideApplications, RoleAdmin, ""},
		{ManagePeople, RoleAdmin, ""},
		{ChangeRoles, RoleAdmin, ""},
		{HandOver, RoleOwner, ""},
		{ChangeCommunity, RoleAdmin, ""},
		{InviteToOpenRoom, RoleModerator, RoleMember},
		{InviteToRoom, RoleModerator, RoleModerator},
		{RemoveFromRoom, RoleModerator, RoleModerator},
		{ChangeRoomRoles, RoleAdmin, RoleOwner},
		{PinMessages, c.MayPin, RoleModerator},
	}
}

// Permission returns who may do an action. It panics for an action that is not in the table.
func (c Community) Permission(a Action) Permission {
	for _, p := range c.Permissions() {
		if p.Action == a {
			return p
		}
	}
	panic("no permission for the action " + a)
}

// DefaultPermission returns who may do an action in a community whose settings nobody has changed.
func DefaultPermission(a Action) Permission { return defaultCommunity.Permission(a) }

// CommunityRoles returns the roles in the community with which people may do the action, from the lowest to the
// highest.
func (p Permission) CommunityRoles() []Role { return rolesFrom(CommunityRoles, p.Community) }

// RoomRoles returns the roles in a room with which its members may do the action, from the lowest to the highest.
func (p Permission) RoomRoles() []Role { return rolesFrom(RoomRoles, p.Room) }

// rolesFrom returns the roles in a list that are at least the role "lowest".
func rolesFrom(list []Role, lowest Role) []Role {
	return slices.DeleteFunc(slices.Clone(list), func(r Role) bool { return !r.AtLeast(lowest) })
}

// IsRoomAction reports whether the action happens in a room.
func (p Permission) IsRoomAction() bool { return p.Room != "" }

// CheckPermission returns nil if the acting user may do an action in the community, and Forbidden otherwise.
func (s *Service) CheckPermission(ctx context.Context, by User, a Action) error {
	return s.Community(ctx).check(by, a)
}

// May reports whether a user may do an action in the community.
func (c Community) May(user User, a Action) bool { return c.check(user, a) == nil }

// check returns nil if a user may do an action in the community, and Forbidden otherwise.
func (c Community) check(user User, a Action) error {
	lowest := c.Permission(a).Community
	if user.Role.AtLeast(lowest) {
		return nil
	}
	switch lowest {
	case RoleMember:
		return Errorf(Forbidden, "Guests can't do this.")
	case RoleModerator:
		return Errorf(Forbidden, "Only moderators and admins can do this.")
	case RoleAdmin:
		return Errorf(Forbidden, "Only admins can do this.")
	}
	return Errorf(Forbidden, "Only the owner can do this.")
}

// checkInTx returns nil if an enabled user may do an action in the community, and Forbidden otherwise. It locks the
// user, so that they keep their role until the transaction ends, and returns them.
func checkInTx(ctx context.Context, tx Tx, user int64, a Action) (User, error) {
	settings, err := tx.Community(ctx)
	if err != nil {
		return User{}, err
	}
	actor, err := lockUser(ctx, tx, user)
	if errors.Is(err, ErrNotFound) {
		return User{}, settings.check(User{}, a)
	}
	if err != nil {
		return User{}, err
	}
	return actor, settings.check(actor, a)
}

// SetRole changes the role of a person in the community. The owner hands the community over by making somebody else the
// owner, and becomes an admin. Nobody else can change the role of the owner, so there always is one. SetRole returns
// Invalid for an unknown role, Forbidden if the acting user may not change this role or the user is a bot, Conflict if
// the user is disabled or would stop being the owner without a successor, and ErrNotFound if the user does not exist.
func (s *Service) SetRole(ctx context.Context, by User, user int64, role Role) error {
	if err := s.CheckPermission(ctx, by, ChangeRoles); err != nil {
		return err
	}
	if !slices.Contains(CommunityRoles, role) {
		return invalidf("role", "Choose a role: guest, member, moderator, admin or owner.")
	}
	return s.inMembershipTx(ctx, func(tx Tx) ([]Event, error) {
		if _, _, err := tx.LockRoom(ctx, General); err != nil { // as always before users
			return nil, err
		}
		actor, target, err := lockManaged(ctx, tx, by, user, ChangeRoles)
		if err != nil {
			return nil, err
		}
		if err := checkNewRole(actor, target, role); err != nil || role == target.Role {
			return nil, err
		}
		var events []Event
		if role == RoleOwner {
			if events, err = changeRole(ctx, tx, actor, RoleAdmin, s.now()); err != nil {
				return nil, err
			}
		}
		changed, err := changeRole(ctx, tx, target, role, s.now())
		return append(events, changed...), err
	})
}

// changeRole gives a person a role in the community and returns the events to publish. Who becomes a guest leaves
// General, and who stops being one joins it. The caller has locked General and the person.
func changeRole(ctx context.Context, tx Tx, target User, role Role, now Timestamp) ([]Event, error) {
	if err := tx.SetRole(ctx, target.ID, role, now); err != nil {
		return nil, err
	}
	var events []Event
	var err error
	switch {
	case role == RoleGuest:
		events, err = becomeGuest(ctx, tx, target, now)
	case target.Role == RoleGuest:
		events, err = stopBeingGuest(ctx, tx, target)
	}
	return append(events, RoleChanged{User: target.ID, Role: role}), err
}

// checkNewRole returns an error if the acting user may not give a role to a user.
func checkNewRole(actor, target User, role Role) error {
	switch {
	case target.IsBot():
		return errNotForBots
	case target.Disabled():
		return errDeactivated
	case target.Role == RoleOwner && actor.ID == target.ID && role != RoleOwner:
		return Errorf(Conflict, "You are the owner. Make someone else the owner first.")
	case (target.Role == RoleOwner || role == RoleOwner) && actor.Role != RoleOwner:
		return Errorf(Forbidden, "Only the owner can do this.")
	}
	return nil
}

// SetRoomRole changes the role of a member of a room. The owner of a room hands it over by making somebody else the
// owner, and becomes a moderator. SetRoomRole returns ErrNotFound if the acting user or the other user is not a member,
// Invalid for an unknown role, Forbidden if the acting user may not change roles in the room or the user is a bot, and
// Conflict if the room would lose its owner or General would get one.
func (s *Service) SetRoomRole(ctx context.Context, by User, room, user int64, role Role) error {
	return s.inMembershipTx(ctx, func(tx Tx) ([]Event, error) {
		r, seq, err := lockRoom(ctx, tx, by, room)
		if err != nil {
			return nil, err
		}
		target, err := checkNewRoomRole(ctx, tx, r, user, role)
		if err != nil {
			return nil, err
		}
		if role == RoleOwner && r.OwnerID != 0 && r.OwnerID != user {
			if err := tx.SetMemberRole(ctx, room, r.OwnerID, RoleModerator); err != nil {
				return nil, err
			}
		}
		changed := MemberRoleChanged{StreamKey: r.StreamKey(), User: target.ID, Seq: seq}
		return []Event{changed}, tx.SetMemberRole(ctx, room, user, role)
	})
}

// checkNewRoomRole returns an error if the viewer of a room may not give a role to a user there. Otherwise it returns
// the user.
func checkNewRoomRole(ctx context.Context, tx Tx, r Room, user int64, role Role) (User, error) {
	switch {
	case !r.IsMember():
		return User{}, ErrNotFound
	case !r.May(ChangeRoomRoles):
		return User{}, Errorf(Forbidden, "Only the owner of this room can change roles.")
	case !slices.Contains(RoomRoles, role):
		return User{}, invalidf("role", "Choose a role: member, moderator or owner.")
	case role == RoleOwner && r.ID == General:
		return User{}, Errorf(Conflict, "%s has no owner.", r.Name)
	case user == r.OwnerID && role != RoleOwner:
		return User{}, Errorf(Conflict, "A room needs an owner. Make someone else the owner first.")
	}
	if role, err := roleInRoom(ctx, tx, r.ID, user); err != nil || role == "" {
		return User{}, errors.Join(err, ErrNotFound)
	}
	target, err := tx.User(ctx, user)
	if err == nil && target.IsBot() {
		err = errNotForBots
	}
	return target, err
}

// roleInRoom returns the role of a user in a channel, or "" if they are not a member.
func roleInRoom(ctx context.Context, tx Tx, room, user int64) (Role, error) {
	r, err := tx.Room(ctx, user, room)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return r.Role, err
}
