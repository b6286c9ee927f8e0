package chat

import (
	"context"
	"errors"
	"time"
)

// EmailTokenReader reads the tokens of links in e-mails.
type EmailTokenReader interface {
	// EmailToken returns the token with this hash unless it has expired.
	EmailToken(ctx context.Context, kind EmailTokenKind, hash string, now Timestamp) (EmailToken, error)
}

// EmailTokenWriter stores the tokens of links in e-mails.
type EmailTokenWriter interface {
	// InsertEmailToken adds a token.
	InsertEmailToken(ctx context.Context, t EmailToken) error
	// UseEmailToken deletes a token. It returns ErrNotFound if the token was used already.
	UseEmailToken(ctx context.Context, hash string) error
	// RevokeEmailTokens deletes all tokens of a user, and the queued e-mails that would bring new ones.
	RevokeEmailTokens(ctx context.Context, user int64) error
	// PruneEmailTokens deletes the tokens that have expired.
	PruneEmailTokens(ctx context.Context, now Timestamp) error
}

// EmailTokenKind says what a link in a letter may do.
type EmailTokenKind string

// The kinds of tickets.
const (
	EmailTokenSignup EmailTokenKind = "confirm"
	EmailTokenReset  EmailTokenKind = "reset"
	EmailTokenChange EmailTokenKind = "move"
)

// How long links are good.
const (
	resetLinkLifetime       = Timestamp(30 * time.Minute / time.Microsecond)
	emailChangeLinkLifetime = Timestamp(24 * time.Hour / time.Microsecond)
)

// EmailToken is what a link in a letter may do, once. Its token is never stored, only the hash.
type EmailToken struct {
	Hash         string         `db:"hash"`
	Kind         EmailTokenKind `db:"kind"`
	Registration int64          `db:"registration_id"`
	User         int64          `db:"user_id"`
	Email        string         `db:"email"`
	ExpiresAt    Timestamp      `db:"expires_at"`
}

// errLinkExpired answers a link that was used, is too old, or never was.
var errLinkExpired = Errorf(NotFound, "This link was used already or is too old. Ask for another one.")

// emailToken finds one that is good, or errLinkExpired.
func (s *Service) emailToken(ctx context.Context, kind EmailTokenKind, token string) (EmailToken, error) {
	t, err := s.store.EmailToken(ctx, kind, hashToken(token), s.now())
	if errors.Is(err, ErrNotFound) {
		err = errLinkExpired
	}
	return t, err
}

// IssueSignupToken creates the token of a link that confirms a registration. It returns ErrNotFound if the
// registration has expired or the notification was cancelled.
func (s *Service) IssueSignupToken(ctx context.Context, n Notification, pending PendingRegistration) (string, error) {
	expires := pending.CreatedAt + confirmationLinkLifetime
	if expires <= s.now() {
		return "", ErrNotFound
	}
	return s.issueEmailToken(ctx, n, EmailToken{
		Kind: EmailTokenSignup, Registration: pending.ID, Email: pending.Email, ExpiresAt: expires,
	})
}

// IssueResetToken creates the token of a link that sets a new password. It returns ErrNotFound if the notification
// was cancelled.
func (s *Service) IssueResetToken(ctx context.Context, n Notification, user User) (string, error) {
	return s.issueEmailToken(ctx, n, EmailToken{
		Kind: EmailTokenReset, User: user.ID, Email: user.Email, ExpiresAt: s.now() + resetLinkLifetime,
	})
}

// IssueEmailChangeToken creates the token of a link that confirms the address of n as the new address of its user. It
// returns ErrNotFound if the notification was cancelled.
func (s *Service) IssueEmailChangeToken(ctx context.Context, n Notification) (string, error) {
	return s.issueEmailToken(ctx, n, EmailToken{
		Kind: EmailTokenChange, User: n.User, Email: n.Address, ExpiresAt: s.now() + emailChangeLinkLifetime,
	})
}

// issueEmailToken stores the hash of a new token and returns the token. It returns ErrNotFound if the notification
// was cancelled. Every attempt to send an e-mail issues another token; all of them are valid until one is used.
func (s *Service) issueEmailToken(ctx context.Context, n Notification, t EmailToken) (string, error) {
	token := newToken()
	t.Hash = hashToken(token)
	return token, s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.LockNotification(ctx, n.ID); err != nil {
			return err
		}
		return tx.InsertEmailToken(ctx, t)
	})
}

// RequestPasswordReset has a letter sent to an address if it is somebody's. It never tells: whose address it is will
// be asked when the letter is sent. It answers Invalid for what is no address. Locale is that of who asks.
func (s *Service) RequestPasswordReset(ctx context.Context, email, locale string) error {
	email, _, err := CleanEmail(email)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.enqueue(ctx, tx, Notification{Medium: MediumEmail, Kind: NotifyPasswordReset, Address: email, Locale: locale})
	})
}

// CheckResetLink tells whether the link to a new password is still good: nil or errLinkExpired.
func (s *Service) CheckResetLink(ctx context.Context, token string) error {
	_, err := s.emailToken(ctx, EmailTokenReset, token)
	return err
}

// ResetPassword gives the person of a link a new password, once, ends all their sessions and shows that the address
// is theirs. It answers Invalid for a bad password, which leaves the link good, and errLinkExpired.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	ticket, err := s.emailToken(ctx, EmailTokenReset, token)
	if err != nil {
		return err
	}
	user, err := s.store.User(ctx, ticket.User)
	if err != nil {
		return err
	}
	if user.Disabled() || user.Email != ticket.Email { // the letter was on its way while the address changed
		return errLinkExpired
	}
	hash, err := s.hashNewPassword(ctx, password, user)
	if err != nil {
		return err
	}
	var ended []int64
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err = tx.UseEmailToken(ctx, ticket.Hash); err != nil {
			return err
		}
		if err = tx.ReplacePassword(ctx, user.ID, hash); err != nil {
			return err
		}
		if err = tx.ConfirmEmail(ctx, user.ID, s.now()); err != nil {
			return err
		}
		ended, err = s.credentialsChanged(ctx, tx, user, 0)
		return err
	})
	if errors.Is(err, ErrNotFound) { // somebody was quicker
		return errLinkExpired
	}
	if err == nil {
		s.publishSessionsEnded(ended)
	}
	return err
}

// PendingEmailChange returns the new address that a link would give somebody, or errLinkExpired.
func (s *Service) PendingEmailChange(ctx context.Context, token string) (string, error) {
	ticket, err := s.emailToken(ctx, EmailTokenChange, token)
	return ticket.Email, err
}

// ConfirmEmailChange gives the person of a link their new address, once, and tells the old one. It answers
// errLinkExpired, also where the address is somebody else's by now.
func (s *Service) ConfirmEmailChange(ctx context.Context, token string) error {
	ticket, err := s.emailToken(ctx, EmailTokenChange, token)
	if err != nil {
		return err
	}
	email, key, err := CleanEmail(ticket.Email)
	if err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.UseEmailToken(ctx, ticket.Hash); err != nil {
			return err
		}
		old, err := tx.User(ctx, ticket.User)
		if err != nil {
			return err
		}
		if old.Disabled() {
			return ErrNotFound
		}
		if err := tx.SetEmail(ctx, old.ID, email, key, s.now()); err != nil || old.Email == email {
			return err
		}
		if err := tx.RevokeEmailTokens(ctx, old.ID); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, Notification{Medium: MediumEmail, Kind: NotifyEmailChanged, User: old.ID, Address: old.Email})
	})
	if errors.Is(err, ErrDuplicate) || errors.Is(err, ErrNotFound) {
		return errLinkExpired
	}
	return err
}
