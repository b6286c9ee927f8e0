package chat

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
)

// SetupReader reads whether the community has an owner.
type SetupReader interface {
	// HasPeople reports whether anybody has an account. Bots and deleted accounts do not count.
	HasPeople(ctx context.Context) (bool, error)
}

// ErrNotSetUp is returned to people who want to register before the owner has used the set-up link.
var ErrNotSetUp = Errorf(Forbidden, "This community isn't set up yet. Open the set-up link that the server printed "+
	"at startup, or run charla setup-link to print it again.")

var errAlreadySetUp = Errorf(Conflict, "This community is already set up. Sign in instead.")

// SetupToken returns the token of the link with which the owner makes the first account. All nodes have the same one.
// It returns Conflict if the community has people.
func (s *Service) SetupToken(ctx context.Context) (string, error) {
	if err := s.checkNotSetUp(ctx); err != nil {
		return "", err
	}
	return s.setupToken(ctx)
}

func (s *Service) setupToken(ctx context.Context) (string, error) {
	secret, err := s.Secret(ctx, "setup")
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(secret[:32]), nil
}

// checkNotSetUp returns Conflict if the community has people.
func (s *Service) checkNotSetUp(ctx context.Context) error {
	hasPeople, err := s.store.HasPeople(ctx)
	if err == nil && hasPeople {
		err = errAlreadySetUp
	}
	return err
}

// CheckSetupLink returns nil if the token of a set-up link is right and the community has no people. It returns
// ErrNotFound for a wrong token and Conflict if there are people.
func (s *Service) CheckSetupLink(ctx context.Context, token string) error {
	right, err := s.setupToken(ctx)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(right), []byte(token)) != 1 {
		return ErrNotFound
	}
	return s.checkNotSetUp(ctx)
}

// SetUp makes the first account, whose user is the owner of the community. It needs no confirmation of the e-mail
// address. The errors are those of CheckSetupLink and of Registration.Check. Of several calls at the same time one
// succeeds and the others return Conflict. Those on this node run one after the other, so that only the first has to
// hash a password.
func (s *Service) SetUp(ctx context.Context, token string, in Registration) (User, error) {
	s.setupMu.Lock()
	defer s.setupMu.Unlock()
	if err := s.CheckSetupLink(ctx, token); err != nil {
		return User{}, err
	}
	account, err := s.newAccount(ctx, in)
	if err != nil {
		return User{}, err
	}
	var user User
	var joined MemberJoined
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		// createUser locks General before it inserts the account, so the role says whether the account is the first.
		if user, joined, err = createUser(ctx, tx, account); err == nil && user.Role != RoleOwner {
			err = errAlreadySetUp
		}
		return err
	})
	if errors.Is(err, ErrDuplicate) {
		err = errAlreadySetUp
	}
	if err != nil {
		return User{}, err
	}
	s.events.Publish(joined)
	return user, nil
}

// CheckRegistration returns nil if people can register, and otherwise the error that says why they cannot.
func (s *Service) CheckRegistration(ctx context.Context) error {
	if err := s.Community(ctx).checkRegistration(); err != nil {
		return err
	}
	return s.checkSetUp(ctx, s.store)
}

// checkSetUp returns ErrNotSetUp if the first account must be made with the set-up link and has not been made yet.
func (s *Service) checkSetUp(ctx context.Context, r Reader) error {
	if !s.needsSetup {
		return nil
	}
	hasPeople, err := r.HasPeople(ctx)
	if err == nil && !hasPeople {
		err = ErrNotSetUp
	}
	return err
}
