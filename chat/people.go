package chat

import (
	"context"
	"errors"
)

// CanManagePeople tells whether u may shut people out and let them in again.
func (u User) CanManagePeople() bool { return u.Role == RoleAdmin }

// Disabled tells whether u is shut out: such a person cannot log in and has no session.
func (u User) Disabled() bool { return u.DisabledAt > 0 }

const maxAccounts = 100

// Accounts lists people whose name or e-mail contains query, the disabled too, by name; at most 100. To anybody but an
// admin the list does not exist.
func (s *Service) Accounts(ctx context.Context, by User, query string) ([]User, error) {
	if !by.CanManagePeople() {
		return nil, ErrNotFound
	}
	if err := checkQuery(query); err != nil {
		return nil, err
	}
	return s.store.Accounts(ctx, NameKey(query), maxAccounts)
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

// shutOut disables somebody with all their bots and returns the sessions that it ended.
func shutOut(ctx context.Context, tx Tx, who User, now Micros) (ended []int64, err error) {
	bots, err := tx.Bots(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	out := []int64{who.ID}
	for _, b := range bots {
		out = append(out, b.ID)
	}
	for _, id := range out {
		over, err := tx.EndSessions(ctx, id, 0, now)
		if err != nil {
			return nil, err
		}
		if ended = append(ended, over...); id == who.ID && who.Disabled() {
			continue
		}
		if err := tx.SetDisabled(ctx, id, now); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// EnablePerson lets a person log in again; their bots stay disabled. It answers like DisablePerson.
func (s *Service) EnablePerson(ctx context.Context, by User, user int64) error {
	return s.manage(ctx, by, user, func(tx Tx, _ User) error { return tx.SetDisabled(ctx, user, 0) })
}

func (s *Service) manage(ctx context.Context, by User, user int64, f func(Tx, User) error) error {
	if !by.CanManagePeople() {
		return Errorf(Forbidden, "Only an admin does this.")
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		who, err := tx.User(ctx, user)
		if err != nil {
			return err
		}
		return f(tx, who)
	})
}

// ChangePassword gives by a new password and ends all their sessions but this one. It answers Invalid for a current
// password that is wrong and for a new one that is bad.
func (s *Service) ChangePassword(ctx context.Context, by User, session Session, current, password string) error {
	if by.IsBot() {
		return errOnlyPeople
	}
	_, key, err := CleanEmail(by.Email)
	if err != nil {
		return err
	}
	_, old, err := s.store.UserByEmail(ctx, key)
	if err != nil {
		return err
	}
	wrong := invalidf("current", "This is not your password.")
	if len(current) > MaxPassword {
		return wrong
	}
	ok, err := s.hasher.matches(ctx, old, current)
	if err != nil {
		return err
	}
	if !ok {
		return errors.Join(wrong, checkPassword(password, by.Name, by.Email))
	}
	if err := checkPassword(password, by.Name, by.Email); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	var ended []int64
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err = tx.SetPassword(ctx, by.ID, old, hash); err != nil {
			return err
		}
		ended, err = tx.EndSessions(ctx, by.ID, session.ID, s.micros())
		return err
	})
	if errors.Is(err, ErrNotFound) { // it was changed elsewhere meanwhile
		return wrong
	}
	if err == nil {
		s.announceEnded(ended)
	}
	return err
}

// announceEnded closes the streams of sessions that are over.
func (s *Service) announceEnded(sessions []int64) {
	for _, id := range sessions {
		s.events.Publish(SessionEnded{Session: id})
	}
}
