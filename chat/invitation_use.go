package chat

import (
	"context"
	"errors"
)

// InvitationByToken returns the invitation to which a link leads. It returns NotFound if the invitation has ended or is
// used up, and if the person who invites could not make it any more.
func (s *Service) InvitationByToken(ctx context.Context, token string) (Invitation, error) {
	found, err := s.store.InvitationByToken(ctx, token, s.now())
	return checkInvitation(ctx, s.store, s.Community(ctx), found, err)
}

// checkInvitation adds the rooms to an invitation that was read with the error err. It returns errInvitationEnded if
// there is no such invitation, or if the person who invites could not make it any more.
func checkInvitation(
	ctx context.Context, r Reader, settings Community, found Invitation, err error,
) (Invitation, error) {
	if errors.Is(err, ErrNotFound) {
		return Invitation{}, errInvitationEnded
	}
	if err != nil {
		return Invitation{}, err
	}
	list := []Invitation{found}
	if err := addInvitedRooms(ctx, r, list); err != nil {
		return Invitation{}, err
	}
	found = list[0]
	inviter := found.Inviter()
	lacksRoom := found.Role == RoleGuest && len(found.Rooms) == 0
	if lacksRoom || !settings.May(inviter, InvitePeople) || !inviter.Role.AtLeast(found.Role) {
		return Invitation{}, errInvitationEnded
	}
	return found, nil
}

// lockInvitedRooms locks the rooms of an invitation until the transaction ends, in the order of their ids, and then
// returns the invitation. The errors are those of InvitationByToken.
func (s *Service) lockInvitedRooms(ctx context.Context, tx Tx, id int64) (Invitation, error) {
	rooms, err := tx.InvitedRooms(ctx, []int64{id})
	if err != nil {
		return Invitation{}, err
	}
	for _, room := range rooms { // at most maxInvitationRooms
		if _, _, err := tx.LockRoom(ctx, room.ID); err != nil {
			return Invitation{}, err
		}
	}
	settings, err := tx.Community(ctx)
	if err != nil {
		return Invitation{}, err
	}
	found, err := tx.Invitation(ctx, id, s.now())
	return checkInvitation(ctx, tx, settings, found, err)
}

// useInvitation counts one use of an invitation. It returns errInvitationEnded if the invitation has no uses left or
// has expired, so that of several people who use it at the same time only as many succeed as it allows. It must be the
// last write of a transaction, because the invitation stays locked until the commit.
func (s *Service) useInvitation(ctx context.Context, tx Tx, id int64) error {
	err := tx.UseInvitation(ctx, id, s.now())
	if errors.Is(err, ErrNotFound) {
		return errInvitationEnded
	}
	return err
}

// AcceptInvitation adds the acting user to the rooms of an invitation that they are not in yet, and returns the
// invitation. It counts as a use only if they join a room; their role in the community stays. It returns the errors of
// InvitationByToken, and Forbidden for a bot and for somebody who was removed from the rooms by someone else than the
// person who invites.
func (s *Service) AcceptInvitation(ctx context.Context, by User, token string) (in Invitation, err error) {
	if by.IsBot() {
		return Invitation{}, errNotForBots
	}
	found, err := s.InvitationByToken(ctx, token)
	if err != nil {
		return Invitation{}, err
	}
	err = s.inMembershipTx(ctx, func(tx Tx) ([]Event, error) {
		if in, err = s.lockInvitedRooms(ctx, tx, found.ID); err != nil {
			return nil, err
		}
		user, err := lockUser(ctx, tx, by.ID)
		if err != nil {
			return nil, err
		}
		events, err := joinInvitedRooms(ctx, tx, in, user)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		return events, s.useInvitation(ctx, tx, in.ID)
	})
	return in, err
}

// joinInvitedRooms adds a user to the rooms of an invitation that they are not in yet, and returns the events to
// publish. It leaves out rooms from which the user was removed, if the person who invites may not take that back. It
// returns errRemoved if it left out all rooms. The caller has locked the rooms.
func joinInvitedRooms(ctx context.Context, tx Tx, in Invitation, user User) (events []Event, err error) {
	leftOut := 0
	for _, room := range in.Rooms {
		role, err := roleInRoom(ctx, tx, room.ID, user.ID)
		if err != nil {
			return nil, err
		}
		removed, err := wasRemoved(ctx, tx, room.ID, user)
		if err != nil {
			return nil, err
		}
		switch {
		case role != "":
			continue
		case removed && !room.CanRemove():
			leftOut++
			continue
		}
		seq, err := tx.NextSeq(ctx, room.ID)
		if err != nil {
			return nil, err
		}
		joined, err := addMember(ctx, tx, room.ID, user, seq, RoleMember)
		if err != nil {
			return nil, err
		}
		events = append(events, joined...)
	}
	if leftOut > 0 && leftOut == len(in.Rooms) {
		return nil, errRemoved
	}
	return events, nil
}

// createInvited creates the account of somebody who registers with an invitation, adds it to the rooms of the
// invitation, and returns the events to publish. An admin can invite people of any e-mail domain. A guest does not join
// General, unless the invitation names it. It locks General first, as createUser does.
func (s *Service) createInvited(
	ctx context.Context, tx Tx, account NewUser, invitation int64,
) (user User, events []Event, err error) {
	found, err := tx.Invitation(ctx, invitation, s.now())
	if errors.Is(err, ErrNotFound) {
		err = errInvitationEnded
	}
	if err != nil {
		return User{}, nil, err
	}
	if account.Role = found.Role; account.Role == RoleGuest {
		if _, _, err = tx.LockRoom(ctx, General); err == nil {
			user, err = tx.InsertUser(ctx, account)
		}
	} else {
		var joined MemberJoined
		user, joined, err = createUser(ctx, tx, account)
		events = []Event{joined}
	}
	if err != nil {
		return User{}, nil, err
	}
	in, err := s.lockInvitedRooms(ctx, tx, invitation)
	if err != nil {
		return User{}, nil, err
	}
	if err := checkInvitedDomain(ctx, tx, in, account.EmailKey); err != nil {
		return User{}, nil, err
	}
	joined, err := joinInvitedRooms(ctx, tx, in, user)
	if err != nil {
		return User{}, nil, err
	}
	return user, append(events, joined...), s.useInvitation(ctx, tx, in.ID)
}

// checkInvitedDomain returns Invalid if somebody with this e-mail address may not register, and the person who invites
// them is not an admin.
func checkInvitedDomain(ctx context.Context, r Reader, in Invitation, emailKey string) error {
	if in.ByRole.AtLeast(RoleAdmin) {
		return nil
	}
	settings, err := r.Community(ctx)
	if err != nil {
		return err
	}
	return settings.checkEmailDomain(emailKey)
}
