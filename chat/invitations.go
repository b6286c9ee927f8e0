package chat

import (
	"context"
	"errors"
	"slices"
	"time"
)

// InvitationReader reads invitations that can still be used: they have not ended and are not used up, and the account
// of the person who invites is enabled.
type InvitationReader interface {
	// Invitation returns the invitation with this id, without its rooms.
	Invitation(ctx context.Context, id int64, now Timestamp) (Invitation, error)
	// InvitationByToken returns the invitation with this token, without its rooms.
	InvitationByToken(ctx context.Context, token string, now Timestamp) (Invitation, error)
	// Invitations lists the invitations of a user, or those of all users if user is zero, newest first and without
	// their rooms. It starts after the invitation with the id "after".
	Invitations(ctx context.Context, user, after int64, now Timestamp, limit int) ([]Invitation, error)
	// InvitedRooms lists the rooms of invitations, each as the person who invites sees it. They are ordered by
	// invitation and id.
	InvitedRooms(ctx context.Context, invitations []int64) ([]InvitedRoom, error)
}

// InvitationWriter creates, uses and removes invitations.
type InvitationWriter interface {
	// InsertInvitation adds an invitation with its rooms and returns its id.
	InsertInvitation(ctx context.Context, in Invitation) (int64, error)
	// UseInvitation counts one use of an invitation. It returns ErrNotFound if the invitation has ended or is used up.
	UseInvitation(ctx context.Context, id int64, now Timestamp) error
	// DeleteInvitation removes an invitation of a user, or of any user if user is zero. It returns ErrNotFound if there
	// is no such invitation.
	DeleteInvitation(ctx context.Context, user, id int64) error
	// DeleteInvitations removes all invitations of a user.
	DeleteInvitations(ctx context.Context, user int64) error
	// PruneInvitations removes the invitations that have ended or are used up.
	PruneInvitations(ctx context.Context, now Timestamp) error
}

// Invitation is a link with which new people create an account, even if registration is closed, and with which people
// who have one join rooms. It works as long as the person who invites could still make it.
type Invitation struct {
	ID        int64     `db:"id"`
	Token     string    `db:"token"`
	By        int64     `db:"user_id"` // who invites
	ByName    string    `db:"by_name"`
	ByRole    Role      `db:"by_role"`  // in the community
	Role      Role      `db:"role"`     // in the community, of those who create an account with it
	MaxUses   int       `db:"max_uses"` // how many people can use it; zero for any number
	Uses      int       `db:"uses"`     // how many people have used it
	CreatedAt Timestamp `db:"created_at"`
	ExpiresAt Timestamp `db:"expires_at"` // zero for never
	Rooms     []Room    `db:"-"`          // to which the person may still invite, as that person sees them
}

// UsesLeft returns how many people can still use the invitation. It returns false if any number can.
func (in Invitation) UsesLeft() (int, bool) { return in.MaxUses - in.Uses, in.MaxUses > 0 }

// Inviter returns the person who invites. Only the fields that decide about permissions and the name are set.
func (in Invitation) Inviter() User { return User{ID: in.By, Name: in.ByName, Role: in.ByRole} }

// InvitedRoom is a room of an invitation, as the person who invites sees it.
type InvitedRoom struct {
	Invitation int64 `db:"invitation_id"`
	Room
}

// NewInvitation is an invitation to make.
type NewInvitation struct {
	MaxUses  int           // zero for any number
	Lifetime time.Duration // zero for ever
	Rooms    []int64
	Role     Role
}

// The limits of invitations.
const (
	maxInvitationUses     = 10_000
	maxInvitationLifetime = 366 * 24 * time.Hour
	maxInvitationRooms    = 20
	maxOpenInvitations    = 100 // of one person
	maxInvitations        = 50  // in a list
)

var errInvitationEnded = Errorf(NotFound, "This invitation has ended or was used up. Ask for a new one.")

// InvitationRoles returns the roles with which a person can invite others, from the lowest to the highest: all up to
// their own role, but never owner.
func InvitationRoles(own Role) []Role {
	return slices.DeleteFunc(slices.Clone(CommunityRoles), func(r Role) bool {
		return r == RoleOwner || !own.AtLeast(r)
	})
}

// CanInviteNewcomers reports whether the user may make invitations that lead to the room. Everybody but guests is in
// General anyway.
func (r Room) CanInviteNewcomers() bool { return r.CanInvite() || r.ID == General && r.IsMember() }

// check returns an error for each bad field of an invitation that a user with a role wants to make.
func (in NewInvitation) check(own Role) error {
	var errUses, errLifetime, errRooms, errRole error
	if in.MaxUses < 0 || in.MaxUses > maxInvitationUses {
		errUses = invalidf("uses", "Choose a number from 1 to %d, or leave it empty.", maxInvitationUses)
	}
	if in.Lifetime < 0 || in.Lifetime > maxInvitationLifetime {
		errLifetime = invalidf("expires", "Choose a period of at most one year, such as 7d, or never.")
	}
	switch {
	case len(in.Rooms) > maxInvitationRooms:
		errRooms = invalidf("rooms", "Choose at most %d rooms.", maxInvitationRooms)
	case in.Role == RoleGuest && len(in.Rooms) == 0:
		errRooms = invalidf("rooms", "Choose at least one room for guests.")
	}
	if !slices.Contains(CommunityRoles, in.Role) {
		errRole = invalidf("role", "Choose a role: guest, member, moderator or admin.")
	}
	if err := errors.Join(errUses, errLifetime, errRooms, errRole); err != nil {
		return err
	}
	if !slices.Contains(InvitationRoles(own), in.Role) {
		return Errorf(Forbidden, "You can't invite people with a higher role than your own.")
	}
	return nil
}

// CreateInvitation makes an invitation. It returns Invalid for bad fields, Forbidden if the acting user may not invite
// people, with this role or into one of the rooms, ErrNotFound if they may not see one of the rooms, and Conflict if
// they have too many invitations.
func (s *Service) CreateInvitation(ctx context.Context, by User, in NewInvitation) (Invitation, error) {
	if by.IsBot() {
		return Invitation{}, errNotForBots
	}
	slices.Sort(in.Rooms)
	in.Rooms = slices.Compact(in.Rooms)
	made := Invitation{Token: newToken(), By: by.ID, ByName: by.Name, Role: in.Role, MaxUses: in.MaxUses}
	err := s.store.InTx(ctx, func(tx Tx) error {
		actor, err := checkInTx(ctx, tx, by.ID, InvitePeople)
		if err != nil {
			return err
		}
		if err := in.check(actor.Role); err != nil {
			return err
		}
		if made.Rooms, err = roomsToInviteTo(ctx, tx, actor, in.Rooms); err != nil {
			return err
		}
		made.ByRole, made.CreatedAt, made.ExpiresAt = actor.Role, s.now(), 0
		if in.Lifetime > 0 {
			made.ExpiresAt = made.CreatedAt + Timestamp(in.Lifetime/time.Microsecond)
		}
		open, err := tx.Invitations(ctx, by.ID, 0, made.CreatedAt, maxOpenInvitations)
		if err != nil {
			return err
		}
		if len(open) == maxOpenInvitations {
			return Errorf(Conflict, "You already have %d invitations. Delete one first.", maxOpenInvitations)
		}
		made.ID, err = tx.InsertInvitation(ctx, made)
		return err
	})
	return made, err
}

// roomsToInviteTo returns the rooms with these ids. It returns ErrNotFound if the user may not see one of them, and
// Forbidden if they may not invite others to it.
func roomsToInviteTo(ctx context.Context, tx Tx, by User, ids []int64) ([]Room, error) {
	rooms := make([]Room, len(ids))
	for i, id := range ids { // at most maxInvitationRooms
		room, err := tx.Room(ctx, by.ID, id)
		if err != nil {
			return nil, err
		}
		if !room.CanInviteNewcomers() {
			return nil, Errorf(Forbidden, "You can't invite people to %s.", room.Name)
		}
		rooms[i] = room
	}
	return rooms, nil
}

// InvitableRooms lists the rooms to which the acting user may make invitations, ordered by id.
func (s *Service) InvitableRooms(ctx context.Context, by User) (rooms []Room, err error) {
	conversations, err := s.store.AllConversations(ctx, by.ID)
	for _, c := range conversations {
		room := Room{ID: c.Room, Name: c.Name, Access: c.Access, Role: c.Role, ViewerRole: by.Role}
		if c.Kind == Channel && room.CanInviteNewcomers() {
			rooms = append(rooms, room)
		}
	}
	return rooms, err
}

// Invitations lists the open invitations of the acting user, or those of everybody if they manage people, newest first.
// It starts after the invitation with the id "after" and returns at most 50; the result more reports whether there are
// others.
func (s *Service) Invitations(ctx context.Context, by User, after int64) (list []Invitation, more bool, err error) {
	list, err = s.store.Invitations(ctx, s.whoseInvitations(ctx, by), after, s.now(), maxInvitations+1)
	if err != nil {
		return nil, false, err
	}
	list, more = trimToLimit(list, maxInvitations)
	return list, more, addInvitedRooms(ctx, s.store, list)
}

// whoseInvitations returns the user whose invitations the acting user sees and removes, or zero for those of everybody.
func (s *Service) whoseInvitations(ctx context.Context, by User) int64 {
	if s.CheckPermission(ctx, by, ManagePeople) == nil {
		return 0
	}
	return by.ID
}

// addInvitedRooms sets the rooms of invitations: those to which the person who invites may still invite.
func addInvitedRooms(ctx context.Context, r Reader, list []Invitation) error {
	ids := make([]int64, len(list))
	for i, in := range list {
		ids[i] = in.ID
	}
	rooms, err := r.InvitedRooms(ctx, ids)
	for _, room := range rooms {
		i := slices.Index(ids, room.Invitation)
		if room.CanInviteNewcomers() {
			list[i].Rooms = append(list[i].Rooms, room.Room)
		}
	}
	return err
}

// RemoveInvitation removes an invitation, so that its link stops working. It returns ErrNotFound if the invitation
// belongs to somebody else and the acting user does not manage people.
func (s *Service) RemoveInvitation(ctx context.Context, by User, id int64) error {
	return s.store.InTx(ctx, func(tx Tx) error {
		return tx.DeleteInvitation(ctx, s.whoseInvitations(ctx, by), id)
	})
}
