package chat

import (
	"context"
	"errors"
	"time"
)

// EmailTokenReader reads the tokens of links in e-mails.
type EmailTokenReader interface {
	// EmailToken returns the token with this kind and hash, unless it has expired.
	EmailToken(ctx context.Context, kind EmailTokenKind, hash string, now Timestamp) (EmailToken, error)
}

// EmailTokenWriter stores the tokens of links in e-mails.
type EmailTokenWriter interface {
	// InsertEmailToken stores a token.
	InsertEmailToken(ctx context.Context, t EmailToken) error
	// UseEmailToken deletes a token, so that it works only once. It returns ErrNotFound if the token was already used.
	UseEmailToken(ctx context.Context, hash string) error
	// RevokeEmailTokens deletes all tokens of a user, and the queued e-mails that would bring new ones.
	RevokeEmailTokens(ctx context.Context, user int64) error
	// PruneEmailTokens deletes the tokens that have expired.
	PruneEmailTokens(ctx context.Context, now Timestamp) error
}

// EmailTokenKind is what the link with an EmailToken does.
type EmailTokenKind string

// The kinds of links: confirm a registration, reset a password, confirm a new e-mail address.
const (
	EmailTokenSignup EmailTokenKind = "signup"
	EmailTokenReset  EmailTokenKind = "password_reset"
	EmailTokenChange EmailTokenKind = "email_change"
)

// How long the other links are valid. A link that confirms a registration is valid for confirmationLinkLifetime.
const (
	resetLinkLifetime       = Timestamp(30 * time.Minute / time.Microsecond)
	emailChangeLinkLifetime = Timestamp(24 * time.Hour / time.Microsecond)
)

// EmailToken is a permission to use a link in an e-mail once. The store keeps a hash of the token, never the token
// itself.
type EmailToken struct {
	Hash         string         `db:"hash"`
	Kind         EmailTokenKind `db:"kind"`
	Registration int64          `db:"registration_id"` // id of a PendingRegistration; zero for the other kinds
	User         int64          `db:"user_id"`         // zero for a registration
	Email        string         `db:"email"`           // empty for a link that CreateResetLink made
	ExpiresAt    Timestamp      `db:"expires_at"`
}

// errLinkExpired is returned for a link that was used, has expired or never existed.
var errLinkExpired = Errorf(NotFound, "This link has expired or was already used. Request a new one.")

// emailToken returns the EmailToken of a valid link, or errLinkExpired.
func (s *Service) emailToken(ctx context.Context, kind EmailTokenKind, token string) (EmailToken, error) {
	t, err := s.store.EmailToken(ctx, kind, hashToken(token), s.now())
	if errors.Is(err, ErrNotFound) {
		err = errLinkExpired
	}
	return t, err
}

// IssueSignupToken creates the token of a link that confirms a registration. It returns ErrNotFound if the registration
// has expired or the notification was cancelled.
func (s *Service) IssueSignupToken(ctx context.Context, n Notification, pending PendingRegistration) (string, error) {
	expires := pending.CreatedAt + confirmationLinkLifetime
	if expires <= s.now() {
		return "", ErrNotFound
	}
	return s.issueEmailToken(ctx, n, EmailToken{
		Kind: EmailTokenSignup, Registration: pending.ID, Email: pending.Email, ExpiresAt: expires,
	})
}

// IssueResetToken creates the token of a link that sets a new password. It returns ErrNotFound if the notification was
// cancelled.
func (s *Service) IssueResetToken(ctx context.Context, n Notification, user User) (string, error) {
	return s.issueEmailToken(ctx, n, EmailToken{
		Kind: EmailTokenReset, User: user.ID, Email: user.Email, ExpiresAt: s.now() + resetLinkLifetime,
	})
}

// IssueEmailChangeToken creates the token of a link that confirms a user's new e-mail address, which is the address of
// n. It returns ErrNotFound if the notification was cancelled.
func (s *Service) IssueEmailChangeToken(ctx context.Context, n Notification) (string, error) {
	return s.issueEmailToken(ctx, n, EmailToken{
		Kind: EmailTokenChange, User: n.User, Email: n.Address, ExpiresAt: s.now() + emailChangeLinkLifetime,
	})
}

// issueEmailToken creates a token, stores its hash and returns the token. It returns ErrNotFound if the notification
// was cancelled. Each attempt to send an e-mail creates another token; all of them are valid until one is used.
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

// RequestPasswordReset sends an e-mail with a link that resets the password, if an account has the given e-mail
// address. The result does not reveal whether one has it: the account is looked up later, when the e-mail is sent. The
// e-mail is in the user's chosen language, or else in the language locale. It returns Invalid for a malformed address.
func (s *Service) RequestPasswordReset(ctx context.Context, email, locale string) error {
	email, _, err := CleanEmail(email)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		n := Notification{Medium: MediumEmail, Kind: NotifyPasswordReset, Address: email, Locale: locale}
		return s.enqueue(ctx, tx, n)
	})
}

// CheckResetLink returns nil if a link that resets a password is still valid, and errLinkExpired otherwise.
func (s *Service) CheckResetLink(ctx context.Context, token string) error {
	_, err := s.emailToken(ctx, EmailTokenReset, token)
	return err
}

// ResetPassword sets a new password for the user for whom a link was made and ends all their sessions. If the link was
// sent in an e-mail, it also confirms their e-mail address. It returns the id of the user, or zero if the link is not
// valid. The error is Invalid for a bad password, after which the link stays valid, and errLinkExpired if the link is
// not valid.
func (s *Service) ResetPassword(ctx context.Context, token, password string) (userID int64, err error) {
	link, err := s.emailToken(ctx, EmailTokenReset, token)
	if err != nil {
		return 0, err
	}
	user, err := s.store.User(ctx, link.User)
	if err != nil {
		return 0, err
	}
	mailed := link.Email != ""
	if user.Disabled() || mailed && user.Email != link.Email { // the address may have changed after the e-mail was sent
		return user.ID, errLinkExpired
	}
	hash, err := s.hashNewPassword(ctx, password, user)
	if err != nil {
		return user.ID, err
	}
	var ended []int64
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err = tx.UseEmailToken(ctx, link.Hash); err != nil {
			return err
		}
		if err = tx.ReplacePassword(ctx, user.ID, hash); err != nil {
			return err
		}
		if mailed {
			if err = tx.ConfirmEmail(ctx, user.ID, s.now()); err != nil {
				return err
			}
		}
		ended, err = s.credentialsChanged(ctx, tx, user, 0)
		return err
	})
	if errors.Is(err, ErrNotFound) { // another request has used the link
		return user.ID, errLinkExpired
	}
	if err != nil {
		return user.ID, err
	}
	s.publishSessionsEnded(ended)
	return user.ID, nil
}

// PendingEmailChange returns the new e-mail address that a link would confirm. It returns errLinkExpired if the link is
// not valid.
func (s *Service) PendingEmailChange(ctx context.Context, token string) (string, error) {
	link, err := s.emailToken(ctx, EmailTokenChange, token)
	return link.Email, err
}

// ConfirmEmailChange completes a change of e-mail address: it gives the user the new address for which the link was
// made, and sends an e-mail about the change to the old address. It returns the id of the user, or zero if the link is
// not valid. The error is errLinkExpired if the link is not valid or another account has taken the new address.
func (s *Service) ConfirmEmailChange(ctx context.Context, token string) (userID int64, err error) {
	link, err := s.emailToken(ctx, EmailTokenChange, token)
	if err != nil {
		return 0, err
	}
	email, key, err := CleanEmail(link.Email)
	if err != nil {
		return link.User, err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.UseEmailToken(ctx, link.Hash); err != nil {
			return err
		}
		old, err := tx.User(ctx, link.User)
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
		n := Notification{Medium: MediumEmail, Kind: NotifyEmailChanged, User: old.ID, Address: old.Email}
		return s.enqueue(ctx, tx, n)
	})
	if errors.Is(err, ErrDuplicate) || errors.Is(err, ErrNotFound) {
		return link.User, errLinkExpired
	}
	return link.User, err
}
