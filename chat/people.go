package chat

import (
	"context"
)

// PeopleReader searches the directory of users. Lists are ordered by name.
type PeopleReader interface {
	// FindUsers lists enabled users whom the viewer sees, starting after the user with the id "after". It returns only
	// users whose folded name (see NameKey) or handle contains nameKey.
	FindUsers(ctx context.Context, viewer int64, nameKey string, after int64, limit int) ([]UserSummary, error)
	// AllUsers lists users, including disabled ones, starting after the user with the id "after". It returns only users
	// whose folded name, handle or e-mail address contains key.
	AllUsers(ctx context.Context, key string, after int64, limit int) ([]User, error)
}

// maxUsers is the most users that AllUsers returns.
const maxUsers = 100

// AllUsers lists users, including disabled ones, whose name, handle or e-mail address contains query. They are ordered
// by name and start after the user with the id "after". It returns at most 100 users; the result more reports whether
// there are others. It returns ErrNotFound if the acting user is not an admin.
func (s *Service) AllUsers(
	ctx context.Context, by User, query string, after int64,
) (users []User, more bool, err error) {
	if s.CheckPermission(ctx, by, ManagePeople) != nil {
		return nil, false, ErrNotFound
	}
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	users, err = s.store.AllUsers(ctx, NameKey(query), after, maxUsers+1)
	users, more = trimToLimit(users, maxUsers)
	return users, more, err
}

// FindUsers lists at most limit enabled users whom the acting user sees and whose name or handle contains query,
// ignoring case and accents. They are ordered by name and start after the user with the id "after". The result more
// reports whether there are others.
func (s *Service) FindUsers(
	ctx context.Context, by User, query string, after int64, limit int,
) (users []UserSummary, more bool, err error) {
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	users, err = s.store.FindUsers(ctx, by.ID, NameKey(query), after, limit+1)
	users, more = trimToLimit(users, limit)
	return users, more, err
}

// trimToLimit shortens a list to limit items. The caller has tried to read one item more than limit; the second result
// reports whether the list had it.
func trimToLimit[T any](list []T, limit int) ([]T, bool) {
	return list[:min(len(list), limit)], len(list) > limit
}

// DisableUser disables a user and their bots and ends all their sessions. It returns Forbidden if the acting user is
// not an admin or the user is the owner of the community, Conflict if they try to disable themself, and ErrNotFound if
// the user does not exist.
func (s *Service) DisableUser(ctx context.Context, by User, user int64) error {
	var ended []int64
	err := s.inManagerTx(ctx, by, user, ManagePeople, func(tx Tx, actor, target User) (err error) {
		switch {
		case actor.ID == target.ID:
			return Errorf(Conflict, "You can't deactivate your own account.")
		case target.Role == RoleOwner:
			return Errorf(Forbidden, "The owner can't be deactivated.")
		}
		ended, err = disableUser(ctx, tx, target, s.now())
		return err
	})
	if err != nil {
		return err
	}
	s.publishSessionsEnded(ended)
	return nil
}

// disableUser disables a user and all their bots, deletes the bots' webhooks and the user's invitations, and returns
// the sessions that it ended. It reads the bots after disabling the user, because a disabled user cannot create another
// bot.
func disableUser(ctx context.Context, tx Tx, target User, now Timestamp) (ended []int64, err error) {
	if !target.Disabled() {
		if err := tx.SetDisabled(ctx, target.ID, now); err != nil {
			return nil, err
		}
	}
	bots, err := tx.Bots(ctx, target.ID)
	if err != nil {
		return nil, err
	}
	for _, b := range bots {
		endedOfBot, err := disableUser(ctx, tx, User{ID: b.ID}, now)
		if err != nil {
			return nil, err
		}
		ended = append(ended, endedOfBot...)
	}
	if err := tx.DeleteWebhooks(ctx, target.ID); err != nil {
		return nil, err
	}
	if err := tx.DeleteInvitations(ctx, target.ID); err != nil {
		return nil, err
	}
	endedOfUser, err := tx.EndSessions(ctx, target.ID, 0, now)
	return append(ended, endedOfUser...), err
}

// EnableUser lets a disabled user log in again. The user's bots stay disabled. An enabled bot starts without a token
// and webhooks, and EnableUser returns Conflict if the bot's owner is disabled or a guest. The other errors are those
// of DisableUser.
func (s *Service) EnableUser(ctx context.Context, by User, user int64) error {
	return s.inManagerTx(ctx, by, user, ManagePeople, func(tx Tx, _, target User) error {
		if target.IsBot() {
			if err := checkOwnerOfBot(ctx, tx, target); err != nil {
				return err
			}
		}
		return tx.SetDisabled(ctx, user, 0)
	})
}

var errDeactivated = Errorf(Conflict, "This person is deactivated. Reactivate them first.")

// inManagerTx runs f in a transaction for an acting user who manages a user. It locks both in the order of their ids
// and then checks that the acting user may still do the action. So if two admins disable each other at the same time,
// only one of them succeeds.
func (s *Service) inManagerTx(
	ctx context.Context, by User, user int64, a Action, f func(tx Tx, actor, target User) error,
) error {
	if err := s.CheckPermission(ctx, by, a); err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		actor, target, err := lockManaged(ctx, tx, by, user, a)
		if err != nil {
			return err
		}
		return f(tx, actor, target)
	})
}

// lockManaged locks an acting user and the user whom they manage, and returns both. The errors are those of checkInTx,
// and ErrNotFound if the managed user does not exist.
func lockManaged(ctx context.Context, tx Tx, by User, user int64, a Action) (actor, target User, err error) {
	for _, id := range []int64{min(by.ID, user), max(by.ID, user)} {
		if err := tx.LockUser(ctx, id); err != nil {
			return User{}, User{}, err
		}
	}
	if actor, err = checkInTx(ctx, tx, by.ID, a); err != nil {
		return User{}, User{}, err
	}
	target, err = tx.User(ctx, user)
	if err == nil && target.Deleted() {
		err = ErrNotFound
	}
	return actor, target, err
}
