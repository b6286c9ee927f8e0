package chat

import (
	"context"
	"errors"
	"slices"
)

// SettingsWriter stores the preferences of a user.
type SettingsWriter interface {
	// SetPreferences stores the language and the theme that a user chose, and whether sounds are on.
	SetPreferences(ctx context.Context, user int64, p Preferences) error
}

// themes and locales are the values that Preferences may have. With an empty value, the browser decides.
var (
	themes  = []string{"", "light", "dark"}
	locales = []string{"", "en", "es"}
)

// Preferences are the language and the theme that a user chose, and whether sounds are on.
type Preferences struct {
	Locale, Theme string
	Sound         bool
}

// SavePreferences stores the preferences of the acting user. It returns Invalid for an unknown locale or theme.
func (s *Service) SavePreferences(ctx context.Context, by User, p Preferences) error {
	if !slices.Contains(locales, p.Locale) {
		return invalidf("locale", "The language must be en or es.")
	}
	if !slices.Contains(themes, p.Theme) {
		return invalidf("theme", "The theme must be light or dark.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetPreferences(ctx, by.ID, p) })
}

// ChangePassword sets a new password for the acting user and ends all their sessions except the given one. It returns
// Invalid if the current password is wrong or the new one breaks the rules of checkPassword.
func (s *Service) ChangePassword(ctx context.Context, by User, session Session, current, password string) error {
	if by.IsBot() {
		return errNotForBots
	}
	oldHash, err := s.verifyPassword(ctx, by, current)
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
		if err = tx.SetPassword(ctx, by.ID, oldHash, hash); err != nil {
			return err
		}
		if err = tx.SetPasswordAt(ctx, session.ID, s.now()); err != nil {
			return err
		}
		ended, err = s.credentialsChanged(ctx, tx, by, session.ID)
		return err
	})
	if errors.Is(err, ErrNotFound) { // another request changed the password in the meantime
		return errWrongPassword()
	}
	if err != nil {
		return err
	}
	s.publishSessionsEnded(ended)
	return nil
}

// ChangeEmail changes the e-mail address of the acting user. It returns Invalid for a wrong password or a malformed
// address. If Charla can send e-mails, it sends a link to the new address, and the address changes when the user opens
// the link. The result is then the same if the address belongs to another account, so that nobody can find out which
// accounts exist. If Charla cannot send e-mails, the address changes at once, and an address of another account returns
// Conflict.
func (s *Service) ChangeEmail(ctx context.Context, by User, current, email string) error {
	if by.IsBot() {
		return errNotForBots
	}
	email, key, errEmail := CleanEmail(email)
	hash, errPassword := s.verifyPassword(ctx, by, current)
	if err := errors.Join(errPassword, errEmail); err != nil {
		return err
	}
	err := s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.LockAccount(ctx, by.ID, hash); err != nil {
			return err
		}
		if s.media.Email {
			n := Notification{Medium: MediumEmail, Kind: NotifyConfirmEmail, User: by.ID, Address: email}
			return s.enqueue(ctx, tx, n)
		}
		return tx.SetEmail(ctx, by.ID, email, key, 0)
	})
	switch {
	case errors.Is(err, ErrDuplicate):
		return &Error{Code: Conflict, Field: "email", Format: "There is already an account with this e-mail address."}
	case errors.Is(err, ErrNotFound): // another request changed the password in the meantime
		return errWrongPassword()
	}
	return err
}

// verifyPassword returns the stored password hash of a user if the given password matches it. Otherwise it returns
// Invalid.
func (s *Service) verifyPassword(ctx context.Context, user User, password string) (hash string, err error) {
	_, key, err := CleanEmail(user.Email)
	if err != nil {
		return "", err
	}
	stored, err := s.store.UserByEmail(ctx, key)
	if err != nil {
		return "", err
	}
	ok, err := s.passwordMatches(ctx, stored.PasswordHash, password)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", errWrongPassword()
	}
	return stored.PasswordHash, nil
}

func errWrongPassword() *Error { return invalidf("current", "Wrong password.") }

// credentialsChanged must be called in every transaction that changes a user's password or e-mail address. It ends all
// sessions of the user except one (exceptSession; zero ends all), revokes the links in earlier e-mails to the user, and
// sends an e-mail about the change to their address. It returns the sessions that it ended.
func (s *Service) credentialsChanged(ctx context.Context, tx Tx, user User, exceptSession int64) ([]int64, error) {
	if err := tx.RevokeEmailTokens(ctx, user.ID); err != nil {
		return nil, err
	}
	if s.media.Email {
		n := Notification{Medium: MediumEmail, Kind: NotifyPasswordChanged, User: user.ID, Address: user.Email}
		if err := s.enqueue(ctx, tx, n); err != nil {
			return nil, err
		}
	}
	return tx.EndSessions(ctx, user.ID, exceptSession, s.now())
}
