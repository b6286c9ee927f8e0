package chat

import (
	"context"
	"errors"
)

var errBadCredentials = Errorf(Unauthenticated, "Wrong e-mail or password.")

// LogIn checks an e-mail address and a password and returns the user. It returns the same Unauthenticated error, after
// the same amount of work, for an unknown address, a wrong password and a disabled user, so that nobody can find out
// which accounts exist. If the password belongs to a registration whose e-mail address is not confirmed yet, it returns
// ErrUnconfirmed; if it belongs to an application, the error says that no admin has approved it.
func (s *Service) LogIn(ctx context.Context, email, password string) (Credentials, error) {
	if passwordTooLong(password) {
		return Credentials{}, errBadCredentials
	}
	_, key, _ := CleanEmail(email)
	found, err := s.store.UserByEmail(ctx, key)
	var refusal *Error
	if errors.Is(err, ErrNotFound) {
		found.PasswordHash, refusal, err = s.unfinishedRegistration(ctx, email, key)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Credentials{}, err
	}
	ok, err := s.hasher.matches(ctx, found.PasswordHash, password)
	switch {
	case err != nil:
		return Credentials{}, err
	case !ok || found.Disabled():
		return Credentials{}, errBadCredentials
	case found.ID == 0:
		return Credentials{}, refusal
	}
	return found, nil
}

// unfinishedRegistration returns the password hash of an application or of a registration whose e-mail address is not
// confirmed yet, and the error that the person gets who signs in with that password. It returns ErrNotFound if there is
// neither.
func (s *Service) unfinishedRegistration(
	ctx context.Context, email, key string,
) (hash string, refusal *Error, err error) {
	application, err := s.store.ApplicationByEmail(ctx, key)
	if !errors.Is(err, ErrNotFound) {
		return application.PasswordHash, application.refusal(), err
	}
	if !s.media.Email {
		return "", nil, ErrNotFound
	}
	pending, err := s.pendingRegistration(ctx, email)
	return pending.PasswordHash, ErrUnconfirmed, err
}

// UserIDByEmail returns the id of the user who has an e-mail address, or zero if nobody has it or the store fails. It
// is only for the log: no response may reveal whether an address has an account.
func (s *Service) UserIDByEmail(ctx context.Context, email string) int64 {
	_, key, err := CleanEmail(email)
	if err != nil {
		return 0
	}
	found, _ := s.store.UserByEmail(ctx, key)
	return found.ID
}

// passwordMatches reports whether hash is the hash of password. It returns false for a password that is too long.
func (s *Service) passwordMatches(ctx context.Context, hash, password string) (bool, error) {
	if passwordTooLong(password) {
		return false, nil
	}
	return s.hasher.matches(ctx, hash, password)
}

// hashNewPassword returns the hash of a new password. It returns Invalid if the password is not allowed for the user;
// see checkPassword.
func (s *Service) hashNewPassword(ctx context.Context, password string, user User) (string, error) {
	if err := checkPassword(password, user.Name, user.Email); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}
