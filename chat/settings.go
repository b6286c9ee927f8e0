package chat

import (
	"context"
	"errors"
	"slices"
)

// SettingsWriter stores settings of a user.
type SettingsWriter interface {
	// SetPreferences stores language, theme and sound of a user.
	SetPreferences(ctx context.Context, user int64, p Preferences) error
}

// ChangePassword gives by a new password and ends all their sessions but this one. It answers Invalid for a current
// password that is wrong and for a new one that is bad.
func (s *Service) ChangePassword(ctx context.Context, by User, session Session, current, password string) error {
	if by.IsBot() {
		return errNotForBots
	}
	old, err := s.verifyPassword(ctx, by, current)
	if CodeOf(err) == Invalid {
		return errors.Join(err, checkPassword(password, by.Name, by.Email))
	}
	if err != nil {
		return err
	}
	hash, err := s.hashNewPassword(ctx, password, by)
	if err != nil {
		return err
	}
	var ended []int64
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err = tx.SetPassword(ctx, by.ID, old, hash); err != nil {
			return err
		}
		ended, err = s.credentialsChanged(ctx, tx, by, session.ID)
		return err
	})
	if errors.Is(err, ErrNotFound) { // it was changed elsewhere meanwhile
		return errWrongPassword()
	}
	if err == nil {
		s.publishSessionsEnded(ended)
	}
	return err
}

// ChangeEmail gives by another address. Where mail is on it is theirs once they open the link that is sent there, and it answers the
// same for an address that is somebody's; otherwise at once, with Conflict for such an address. It answers Invalid for
// another password and for what is no address.
func (s *Service) ChangeEmail(ctx context.Context, by User, current, email string) error {
	if by.IsBot() {
		return errNotForBots
	}
	email, key, err := CleanEmail(email)
	hash, wrong := s.verifyPassword(ctx, by, current)
	if err := errors.Join(wrong, err); err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.LockAccount(ctx, by.ID, hash); err != nil {
			return err
		}
		if s.media.Email {
			return s.enqueue(ctx, tx, Notification{Medium: MediumEmail, Kind: NotifyConfirmEmail, User: by.ID, Address: email})
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

// verifyPassword answers Invalid unless a password is that of user, and returns its hash.
func (s *Service) verifyPassword(ctx context.Context, user User, current string) (string, error) {
	_, key, err := CleanEmail(user.Email)
	if err != nil {
		return "", err
	}
	stored, err := s.store.UserByEmail(ctx, key)
	if err != nil {
		return "", err
	}
	ok, err := s.passwordMatches(ctx, stored.PasswordHash, current)
	if err == nil && !ok {
		err = errWrongPassword()
	}
	return stored.PasswordHash, err
}

func errWrongPassword() *Error { return invalidf("current", "This is not your password.") }

// credentialsChanged is what follows a new password: all sessions but one end, links that lead to another password or address are
// void, and the owner is told, at the address of now.
func (s *Service) credentialsChanged(ctx context.Context, tx Tx, user User, but int64) ([]int64, error) {
	if err := tx.RevokeEmailTokens(ctx, user.ID); err != nil {
		return nil, err
	}
	if s.media.Email {
		if err := s.enqueue(ctx, tx, Notification{Medium: MediumEmail, Kind: NotifyPasswordChanged, User: user.ID, Address: user.Email}); err != nil {
			return nil, err
		}
	}
	return tx.EndSessions(ctx, user.ID, but, s.now())
}

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
