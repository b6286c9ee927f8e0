package chat

import (
	"context"
	"errors"
	"time"
)

// passwordValidity is how long after the password was given a session may do what needs a recent password.
const passwordValidity = Timestamp(15 * time.Minute / time.Microsecond)

// ErrPasswordRequired is returned if an action needs the password, because it was last given too long ago.
var ErrPasswordRequired = &Error{
	Code: PasswordRequired, Field: "password", Format: "Enter your password to continue.",
}

// CheckRecentPassword returns ErrPasswordRequired unless the password was given in the session at most 15 minutes ago.
// Bots have no password, so their sessions always pass.
func (s *Service) CheckRecentPassword(session Session) error {
	if session.Kind == BotSession || s.now()-session.PasswordAt <= passwordValidity {
		return nil
	}
	return ErrPasswordRequired
}

// ConfirmPassword checks the password of the acting user and records that it was given in the session. It returns
// Invalid for a wrong password, and Forbidden for a bot.
func (s *Service) ConfirmPassword(ctx context.Context, by User, session Session, password string) error {
	if by.IsBot() {
		return errNotForBots
	}
	_, err := s.verifyPassword(ctx, by, password)
	if CodeOf(err) == Invalid {
		return invalidf("password", "Wrong password.")
	}
	if err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error { return tx.SetPasswordAt(ctx, session.ID, s.now()) })
	if errors.Is(err, ErrNotFound) { // the session has ended in the meantime
		return errSignedOut
	}
	return err
}
