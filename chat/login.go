package chat

import (
	"context"
	"errors"
)

var errBadCredentials = Errorf(Unauthenticated, "This e-mail and password do not belong together.")

// LogIn returns the person behind an e-mail and password. An unknown e-mail, a wrong password and a disabled person
// get the same Unauthenticated answer after the same work; ErrUnconfirmed is for who knows the password of a registration.
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
	if err != nil {
		return Credentials{}, err
	}
	if ok && found.ID == 0 {
		return Credentials{}, ErrUnconfirmed
	}
	if !ok || found.Disabled() {
		return Credentials{}, errBadCredentials
	}
	return found, nil
}

// passwordMatches is hasher.matches for what a stranger sent: what is too long to be a password is none.
func (s *Service) passwordMatches(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > MaxPasswordBytes {
		return false, nil
	}
	return s.hasher.matches(ctx, hash, password)
}

// hashNewPassword checks a new password and hashes it.
func (s *Service) hashNewPassword(ctx context.Context, password string, user User) (string, error) {
	if err := checkPassword(password, user.Name, user.Email); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}
