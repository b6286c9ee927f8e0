package chat

import (
	"context"
	"errors"
)

// PeopleReader searches the directory of users. Lists are ordered by name.
type PeopleReader interface {
	// FindUsers lists enabled users whose folded name contains nameKey, after the user with the id after.
	FindUsers(ctx context.Context, nameKey string, after int64, limit int) ([]UserSummary, error)
	// AllUsers lists users, including disabled ones, whose folded name or e-mail address contains key, after the user
	// with the id after.
	AllUsers(ctx context.Context, key string, after int64, limit int) ([]User, error)
}

const maxUsers = 100

// AllUsers lists people whose name or e-mail contains query, the disabled too, by name, after the person with the id after;
// at most 100, and more tells that others follow. To anybody but an admin the list does not exist.
func (s *Service) AllUsers(ctx context.Context, by User, query string, after int64) (users []User, more bool, err error) {
	if !by.CanManageUsers() {
		return nil, false, ErrNotFound
	}
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	users, err = s.store.AllUsers(ctx, NameKey(query), after, maxUsers+1)
	users, more = trimToLimit(users, maxUsers)
	return users, more, err
}

// trimToLimit cuts a list that was read one longer than it may be, and tells whether there is more.
func trimToLimit[T any](list []T, limit int) ([]T, bool) {
	return list[:min(len(list), limit)], len(list) > limit
}

// DisableUser shuts a person and their bots out and ends all their sessions. It answers Forbidden to anybody but an admin, Conflict
// for by themself, and NotFound for who does not exist.
func (s *Service) DisableUser(ctx context.Context, by User, user int64) error {
	if user == by.ID && by.CanManageUsers() {
		return Errorf(Conflict, "You cannot disable yourself.")
	}
	var ended []int64
	err := s.inAdminTx(ctx, by, user, func(tx Tx, who User) (err error) {
		ended, err = disableUser(ctx, tx, who, s.now())
		return err
	})
	if err == nil {
		s.publishSessionsEnded(ended)
	}
	return err
}

// disableUser disables somebody with all their bots and returns the sessions that it ended. Bots are looked for when their
// owner can make no more of them.
func disableUser(ctx context.Context, tx Tx, who User, now Timestamp) (ended []int64, err error) {
	if !who.Disabled() {
		if err := tx.SetDisabled(ctx, who.ID, now); err != nil {
			return nil, err
		}
	}
	bots, err := tx.Bots(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	for _, b := range bots {
		over, err := disableUser(ctx, tx, User{ID: b.ID}, now)
		if err != nil {
			return nil, err
		}
		ended = append(ended, over...)
	}
	if err := tx.DeleteWebhooks(ctx, who.ID); err != nil {
		return nil, err
	}
	over, err := tx.EndSessions(ctx, who.ID, 0, now)
	return append(ended, over...), err
}

// EnableUser lets a person log in again; their bots stay disabled. A bot comes back without its token and its hooks, and
// not before its owner: until then it answers Conflict. Otherwise it answers like DisableUser.
func (s *Service) EnableUser(ctx context.Context, by User, user int64) error {
	return s.inAdminTx(ctx, by, user, func(tx Tx, who User) error {
		if who.IsBot() {
			if _, err := lockUser(ctx, tx, who.OwnerID); errors.Is(err, ErrNotFound) {
				return Errorf(Conflict, "Whose bot this is cannot log in. Let them in first.")
			} else if err != nil {
				return err
			}
		}
		return tx.SetDisabled(ctx, user, 0)
	})
}

// MakeAdmin lets a person manage people too. It answers like DisableUser, and Conflict for who is shut out.
func (s *Service) MakeAdmin(ctx context.Context, by User, user int64) error {
	return s.inAdminTx(ctx, by, user, func(tx Tx, who User) error {
		switch {
		case who.IsBot():
			return errNotForBots
		case who.Disabled():
			return Errorf(Conflict, "This person is disabled.")
		}
		return tx.SetRole(ctx, user, RoleAdmin)
	})
}

var errAdminsOnly = Errorf(Forbidden, "Only an admin does this.")

// inAdminTx does something to somebody for an admin, who must be one still: of two who disable each other at once, one stays. It
// holds both, in the same order as the other would.
func (s *Service) inAdminTx(ctx context.Context, by User, user int64, f func(Tx, User) error) error {
	if !by.CanManageUsers() {
		return errAdminsOnly
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		for _, id := range []int64{min(by.ID, user), max(by.ID, user)} {
			if err := tx.LockUser(ctx, id); err != nil {
				return err
			}
		}
		if admin, err := tx.User(ctx, by.ID); err != nil {
			return err
		} else if !admin.CanManageUsers() || admin.Disabled() {
			return errAdminsOnly
		}
		who, err := tx.User(ctx, user)
		if err == nil && who.Deleted() {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return f(tx, who)
	})
}

// FindUsers lists people whose name contains query, whatever its case and accents, by name, after the person with the id
// after; more tells that others follow.
func (s *Service) FindUsers(ctx context.Context, query string, after int64, limit int) (people []UserSummary, more bool, err error) {
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	people, err = s.store.FindUsers(ctx, NameKey(query), after, limit+1)
	people, more = trimToLimit(people, limit)
	return people, more, err
}

// themes and locales are the choices of a person; empty lets the browser decide.
var (
	themes  = []string{"", "light", "dark"}
	locales = []string{"", "en", "es"}
)
