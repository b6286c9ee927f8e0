package chat

import (
	"context"
	"errors"
	"time"
)

// TicketKind says what a link in a letter may do.
type TicketKind string

// The kinds of tickets.
const (
	TicketConfirm TicketKind = "confirm"
	TicketReset   TicketKind = "reset"
	TicketMove    TicketKind = "move"
)

// How long links are good.
const (
	resetWithin = Micros(30 * time.Minute / time.Microsecond)
	moveWithin  = Micros(24 * time.Hour / time.Microsecond)
)

// Ticket is what a link in a letter may do, once. Its token is never stored, only the hash.
type Ticket struct {
	Hash         string     `db:"hash"`
	Kind         TicketKind `db:"kind"`
	Registration int64      `db:"registration_id"`
	User         int64      `db:"user_id"`
	Email        string     `db:"email"`
	ExpiresAt    Micros     `db:"expires_at"`
}

// errLinkOver answers a link that was used, is too old, or never was.
var errLinkOver = Errorf(NotFound, "This link was used already or is too old. Ask for another one.")

// ticket finds one that is good, or errLinkOver.
func (s *Service) ticket(ctx context.Context, kind TicketKind, token string) (Ticket, error) {
	t, err := s.store.Ticket(ctx, kind, hashToken(token), s.micros())
	if errors.Is(err, ErrNotFound) {
		err = errLinkOver
	}
	return t, err
}

// issue makes a ticket for a notice and returns its token; ErrNotFound when the notice was taken back. A letter that is sent
// again carries another token, and all of them are good until one is used.
func (s *Service) issue(ctx context.Context, n Notice, t Ticket) (string, error) {
	token := newToken()
	t.Hash = hashToken(token)
	return token, s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.HoldNotice(ctx, n.ID); err != nil {
			return err
		}
		return tx.InsertTicket(ctx, t)
	})
}

// ForgotPassword has a letter sent to an address if it is somebody's. It never tells: whose address it is will be asked when
// the letter is sent. It answers Invalid for what is no address. Locale is that of who asks.
func (s *Service) ForgotPassword(ctx context.Context, email, locale string) error {
	email, _, err := CleanEmail(email)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.tell(ctx, tx, Notice{Road: ByMail, Kind: NoticeReset, Address: email, Locale: locale})
	})
}

// Resettable tells whether the link to a new password is still good: nil or errLinkOver.
func (s *Service) Resettable(ctx context.Context, token string) error {
	_, err := s.ticket(ctx, TicketReset, token)
	return err
}

// ResetPassword gives the person of a link a new password, once, ends all their sessions and shows that the address is
// theirs. It answers Invalid for a bad password, which leaves the link good, and errLinkOver.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	ticket, err := s.ticket(ctx, TicketReset, token)
	if err != nil {
		return err
	}
	user, err := s.store.User(ctx, ticket.User)
	if err != nil {
		return err
	}
	if user.Disabled() || user.Email != ticket.Email { // the letter was on its way while the address changed
		return errLinkOver
	}
	hash, err := s.newHash(ctx, password, user)
	if err != nil {
		return err
	}
	var ended []int64
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err = tx.UseTicket(ctx, ticket.Hash); err != nil {
			return err
		}
		if err = tx.ReplacePassword(ctx, user.ID, hash); err != nil {
			return err
		}
		if err = tx.ConfirmEmail(ctx, user.ID, s.micros()); err != nil {
			return err
		}
		ended, err = s.locksChanged(ctx, tx, user, 0)
		return err
	})
	if errors.Is(err, ErrNotFound) { // somebody was quicker
		return errLinkOver
	}
	if err == nil {
		s.announceEnded(ended)
	}
	return err
}

// Movable returns the new address that a link would give somebody, or errLinkOver.
func (s *Service) Movable(ctx context.Context, token string) (string, error) {
	ticket, err := s.ticket(ctx, TicketMove, token)
	return ticket.Email, err
}

// Move gives the person of a link their new address, once, and tells the old one. It answers errLinkOver, also where
// the address is somebody else's by now.
func (s *Service) Move(ctx context.Context, token string) error {
	ticket, err := s.ticket(ctx, TicketMove, token)
	if err != nil {
		return err
	}
	email, key, err := CleanEmail(ticket.Email)
	if err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.UseTicket(ctx, ticket.Hash); err != nil {
			return err
		}
		old, err := tx.User(ctx, ticket.User)
		if err != nil {
			return err
		}
		if old.Disabled() {
			return ErrNotFound
		}
		if err := tx.SetEmail(ctx, old.ID, email, key, s.micros()); err != nil || old.Email == email {
			return err
		}
		if err := tx.DeleteTickets(ctx, old.ID); err != nil {
			return err
		}
		return s.tell(ctx, tx, Notice{Road: ByMail, Kind: NoticeMoved, User: old.ID, Address: old.Email})
	})
	if errors.Is(err, ErrDuplicate) || errors.Is(err, ErrNotFound) {
		return errLinkOver
	}
	return err
}
