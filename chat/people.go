package chat

import (
	"context"
	"errors"
	"slices"
)

// CanManagePeople tells whether u may shut people out and let them in again.
func (u User) CanManagePeople() bool { return u.Role == RoleAdmin }

// Disabled tells whether u is shut out: such a person cannot log in and has no session.
func (u User) Disabled() bool { return u.DisabledAt > 0 }

const maxAccounts = 100

// Accounts lists people whose name or e-mail contains query, the disabled too, by name, after the person with the id after;
// at most 100, and more tells that others follow. To anybody but an admin the list does not exist.
func (s *Service) Accounts(ctx context.Context, by User, query string, after int64) (users []User, more bool, err error) {
	if !by.CanManagePeople() {
		return nil, false, ErrNotFound
	}
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	users, err = s.store.Accounts(ctx, NameKey(query), after, maxAccounts+1)
	users, more = first(users, maxAccounts)
	return users, more, err
}

// first cuts a list that was read one longer than it may be, and tells whether there is more.
func first[T any](list []T, limit int) ([]T, bool) {
	return list[:min(len(list), limit)], len(list) > limit
}

// DisablePerson shuts a person and their bots out and ends all their sessions. It answers Forbidden to anybody but an admin, Conflict
// for by themself, and NotFound for who does not exist.
func (s *Service) DisablePerson(ctx context.Context, by User, user int64) error {
	if user == by.ID && by.CanManagePeople() {
		return Errorf(Conflict, "You cannot disable yourself.")
	}
	var ended []int64
	err := s.manage(ctx, by, user, func(tx Tx, who User) (err error) {
		ended, err = shutOut(ctx, tx, who, s.micros())
		return err
	})
	if err == nil {
		s.announceEnded(ended)
	}
	return err
}

// shutOut disables somebody with all their bots and returns the sessions that it ended. Bots are looked for when their
// owner can make no more of them.
func shutOut(ctx context.Context, tx Tx, who User, now Micros) (ended []int64, err error) {
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
		over, err := shutOut(ctx, tx, User{ID: b.ID}, now)
		if err != nil {
			return nil, err
		}
		ended = append(ended, over...)
	}
	if err := tx.DeleteHooks(ctx, who.ID); err != nil {
		return nil, err
	}
	over, err := tx.EndSessions(ctx, who.ID, 0, now)
	return append(ended, over...), err
}

// EnablePerson lets a person log in again; their bots stay disabled. A bot comes back without its token and its hooks, and
// not before its owner: until then it answers Conflict. Otherwise it answers like DisablePerson.
func (s *Service) EnablePerson(ctx context.Context, by User, user int64) error {
	return s.manage(ctx, by, user, func(tx Tx, who User) error {
		if who.IsBot() {
			if _, err := held(ctx, tx, who.OwnerID); errors.Is(err, ErrNotFound) {
				return Errorf(Conflict, "Whose bot this is cannot log in. Let them in first.")
			} else if err != nil {
				return err
			}
		}
		return tx.SetDisabled(ctx, user, 0)
	})
}

// MakeAdmin lets a person manage people too. It answers like DisablePerson, and Conflict for who is shut out.
func (s *Service) MakeAdmin(ctx context.Context, by User, user int64) error {
	return s.manage(ctx, by, user, func(tx Tx, who User) error {
		switch {
		case who.IsBot():
			return errOnlyPeople
		case who.Disabled():
			return Errorf(Conflict, "This person is disabled.")
		}
		return tx.SetRole(ctx, user, RoleAdmin)
	})
}

var errOnlyAdmins = Errorf(Forbidden, "Only an admin does this.")

// manage does something to somebody for an admin, who must be one still: of two who disable each other at once, one stays. It
// holds both, in the same order as the other would.
func (s *Service) manage(ctx context.Context, by User, user int64, f func(Tx, User) error) error {
	if !by.CanManagePeople() {
		return errOnlyAdmins
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		for _, id := range []int64{min(by.ID, user), max(by.ID, user)} {
			if err := tx.HoldUser(ctx, id); err != nil {
				return err
			}
		}
		if admin, err := tx.User(ctx, by.ID); err != nil {
			return err
		} else if !admin.CanManagePeople() || admin.Disabled() {
			return errOnlyAdmins
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

// Rename gives by another name, by the rules of registration, and announces it. It answers Invalid for a bad one.
func (s *Service) Rename(ctx context.Context, by User, name string) (Person, error) {
	name, err := CleanName(name)
	if err != nil || name == by.Name {
		return by.Person(), err
	}
	if err := s.store.InTx(ctx, func(tx Tx) error { return tx.SetName(ctx, by.ID, name, NameKey(name)) }); err != nil {
		return Person{}, err
	}
	by.Name = name
	s.events.Publish(PersonChanged{by.Person()})
	return by.Person(), nil
}

// announceEnded closes the streams of sessions that are over.
func (s *Service) announceEnded(sessions []int64) {
	for _, id := range sessions {
		s.events.Publish(SessionEnded{Session: id})
	}
}

// FindPeople lists people whose name contains query, whatever its case and accents, by name, after the person with the id
// after; more tells that others follow.
func (s *Service) FindPeople(ctx context.Context, query string, after int64, limit int) (people []Person, more bool, err error) {
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	people, err = s.store.FindPeople(ctx, NameKey(query), after, limit+1)
	people, more = first(people, limit)
	return people, more, err
}

// themes and locales are the choices of a person; empty lets the browser decide.
var (
	themes  = []string{"", "light", "dark"}
	locales = []string{"", "en", "es"}
)

// Preferences are how a person sees and hears Charla.
type Preferences struct {
	Locale, Theme string
	Sound         bool
}

// SavePreferences keeps how by sees and hears Charla. It answers Invalid for a choice that does not exist.
func (s *Service) SavePreferences(ctx context.Context, by User, p Preferences) error {
	if !slices.Contains(locales, p.Locale) {
		return invalidf("locale", "Charla does not speak this language.")
	}
	if !slices.Contains(themes, p.Theme) {
		return invalidf("theme", "There is no such theme.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetPreferences(ctx, by.ID, p) })
}
