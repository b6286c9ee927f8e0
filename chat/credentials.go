package chat

import (
	"context"
	"errors"
)

var errNoMatch = Errorf(Unauthenticated, "This e-mail and password do not belong together.")

// LogIn returns the person behind an e-mail and password. An unknown e-mail, a wrong password and a disabled person
// get the same Unauthenticated answer after the same work; ErrUnconfirmed is for who knows the password of a registration.
func (s *Service) LogIn(ctx context.Context, email, password string) (User, error) {
	if len(password) > MaxPassword {
		return User{}, errNoMatch
	}
	_, key, _ := CleanEmail(email)
	user, hash, err := s.store.UserByEmail(ctx, key)
	if errors.Is(err, ErrNotFound) && s.reach.Mail {
		var found Waitlisted
		found, err = s.waiting(ctx, email)
		hash = found.PasswordHash
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return User{}, err
	}
	ok, err := s.hasher.matches(ctx, hash, password)
	if err != nil {
		return User{}, err
	}
	if ok && user.ID == 0 {
		return User{}, ErrUnconfirmed
	}
	if !ok || user.Disabled() {
		return User{}, errNoMatch
	}
	user.shown = hash
	return user, nil
}

// ChangePassword gives by a new password and ends all their sessions but this one. It answers Invalid for a current
// password that is wrong and for a new one that is bad.
func (s *Service) ChangePassword(ctx context.Context, by User, session Session, current, password string) error {
	if by.IsBot() {
		return errOnlyPeople
	}
	old, err := s.checkCurrent(ctx, by, current)
	if CodeOf(err) == Invalid {
		return errors.Join(err, checkPassword(password, by.Name, by.Email))
	}
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, password, by)
	if err != nil {
		return err
	}
	var ended []int64
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err = tx.SetPassword(ctx, by.ID, old, hash); err != nil {
			return err
		}
		ended, err = s.locksChanged(ctx, tx, by, session.ID)
		return err
	})
	if errors.Is(err, ErrNotFound) { // it was changed elsewhere meanwhile
		return errWrongPassword()
	}
	if err == nil {
		s.announceEnded(ended)
	}
	return err
}

// ChangeEmail gives by another address. Where mail is on it is theirs once they open the link that is sent there, and it answers the
// same for an address that is somebody's; otherwise at once, with Conflict for such an address. It answers Invalid for
// another password and for what is no address.
func (s *Service) ChangeEmail(ctx context.Context, by User, current, email string) error {
	if by.IsBot() {
		return errOnlyPeople
	}
	email, key, err := CleanEmail(email)
	hash, wrong := s.checkCurrent(ctx, by, current)
	if err := errors.Join(wrong, err); err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.HoldAccount(ctx, by.ID, hash); err != nil {
			return err
		}
		if s.reach.Mail {
			return s.tell(ctx, tx, Notice{Road: ByMail, Kind: NoticeMove, User: by.ID, Address: email})
		}
		return tx.SetEmail(ctx, by.ID, email, key, 0)
	})
	switch {
	case errors.Is(err, ErrDuplicate):
		return &Error{Code: Conflict, Field: "email", Format: "There is already an account with this e-mail address."}
	case errors.Is(err, ErrNotFound): // the password was changed elsewhere meanwhile
		return errWrongPassword()
	}
	return err
}

// checkCurrent answers Invalid unless a password is that of user, and returns its hash.
func (s *Service) checkCurrent(ctx context.Context, user User, current string) (string, error) {
	_, key, err := CleanEmail(user.Email)
	if err != nil {
		return "", err
	}
	_, hash, err := s.store.UserByEmail(ctx, key)
	if err != nil {
		return "", err
	}
	ok, err := s.matches(ctx, hash, current)
	if err == nil && !ok {
		err = errWrongPassword()
	}
	return hash, err
}

func errWrongPassword() *Error { return invalidf("current", "This is not your password.") }

// matches is hasher.matches for what a stranger sent: what is too long to be a password is none.
func (s *Service) matches(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > MaxPassword {
		return false, nil
	}
	return s.hasher.matches(ctx, hash, password)
}

// newHash checks a new password and hashes it.
func (s *Service) newHash(ctx context.Context, password string, user User) (string, error) {
	if err := checkPassword(password, user.Name, user.Email); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// locksChanged is what follows a new password: all sessions but one end, links that lead to another password or address are
// void, and the owner is told, at the address of now.
func (s *Service) locksChanged(ctx context.Context, tx Tx, user User, but int64) ([]int64, error) {
	if err := tx.DeleteTickets(ctx, user.ID); err != nil {
		return nil, err
	}
	if s.reach.Mail {
		if err := s.tell(ctx, tx, Notice{Road: ByMail, Kind: NoticePassword, User: user.ID, Address: user.Email}); err != nil {
			return nil, err
		}
	}
	return tx.EndSessions(ctx, user.ID, but, s.micros())
}
