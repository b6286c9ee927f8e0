package chat

import (
	"context"
	"errors"
)

var errBadCredentials = Errorf(Unauthenticated, "Wrong e-mail or password.")

// LogIn checks an e-mail address and a password. An unknown address, a wrong password and a disabled user all return
// the same Unauthenticated error after the same amount of work, so that nobody can probe for accounts. LogIn returns
// ErrUnconfirmed if the password is that of a registration whose address is not confirmed yet.
func (s *Service) LogIn(ctx context.Context, email, password string) (Credentials, error) {
	if len(password) > MaxPasswordBytes {
		return Credentials{}, errBadCredentials
	}
	_, key, _ := CleanEmail(email)
	found, err := s.store.UserByEmail(ctx, key)
	if errors.Is(err, ErrNotFound) && s.media.Email {
		var pending PendingRegistration
		pending, err = s.pendingRegistration(ctx, email)
		found.PasswordHash = pending.PasswordHash
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
		return Credentials{}, ErrUnconfirmed
	}
	return found, nil
}

// passwordMatches reports whether hash is the hash of password. A password that is too long matches nothing.
func (s *Service) passwordMatches(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > MaxPasswordBytes {
		return false, nil
	}
	return s.hasher.matches(ctx, hash, password)
}

// hashNewPassword checks a new password for a user and returns its hash.
func (s *Service) hashNewPassword(ctx context.Context, password string, user User) (string, error) {
	if err := checkPassword(password, user.Name, user.Email); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}
