package chat

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

// ApplicationReader reads applications for an account.
type ApplicationReader interface {
	// Application returns the open application with this id.
	Application(ctx context.Context, id int64) (Application, error)
	// ApplicationByEmail returns the application with this normalized e-mail address, which may be a rejected one.
	ApplicationByEmail(ctx context.Context, emailKey string) (Application, error)
	// Applications lists the open applications, oldest first, starting after the one with the id "after".
	Applications(ctx context.Context, after int64, limit int) ([]Application, error)
	// CountApplications returns how many applications are open.
	CountApplications(ctx context.Context) (int, error)
}

// ApplicationWriter stores applications for an account and what was decided about them.
type ApplicationWriter interface {
	// InsertApplication adds an application. It replaces an application of the same e-mail address that was rejected,
	// or any if the new one has a confirmed address. Otherwise it returns ErrDuplicate if there is one.
	InsertApplication(ctx context.Context, a Application) error
	// RejectApplication stores that an open application was rejected, and the message to the applicant. It returns
	// ErrNotFound if the application is not open.
	RejectApplication(ctx context.Context, id int64, message string, at Timestamp) error
	// DeleteApplications deletes the application of an e-mail address, if there is one.
	DeleteApplications(ctx context.Context, emailKey string) error
	// PruneApplications deletes the applications that were rejected before a time.
	PruneApplications(ctx context.Context, before Timestamp) error
}

// Application is a registration about which an admin decides.
type Application struct {
	PendingRegistration
	ConfirmedAt Timestamp `db:"confirmed_at"` // when the address was confirmed; zero if this server sends no e-mail
	RejectedAt  Timestamp `db:"rejected_at"`  // zero while it is open
	Message     string    `db:"message"`      // to a rejected applicant
}

// The limits of applications. The lengths of texts are in characters.
const (
	maxReason            = 1000
	maxDecisionMessage   = 1000
	maxApplications      = 50                                                // in a list
	rejectedApplications = Timestamp(30 * 24 * time.Hour / time.Microsecond) // how long they are kept
)

var (
	errApplicationWaits = Errorf(
		Unauthenticated, "An admin hasn't reviewed your application yet. Try again later.",
	)
	errAlreadyApplied = &Error{
		Code: Conflict, Field: "email", Format: "There is already an application with this e-mail address.",
	}
)

// refusal returns the error with which the applicant is refused who signs in with the right password.
func (a Application) refusal() *Error {
	switch {
	case a.RejectedAt == 0:
		return errApplicationWaits
	case a.Message == "":
		return Errorf(Unauthenticated, "Your application was rejected.")
	}
	return Errorf(Unauthenticated, "Your application was rejected: %s", a.Message)
}

// cleanReason returns the reason of an application without white space around it.
func cleanReason(reason string) (string, error) {
	reason = strings.TrimSpace(normalizeNewlines(reason))
	switch {
	case reason == "":
		return "", invalidf("reason", "Say why you want to join.")
	case !isStorableText(reason):
		return "", invalidf("reason", "This text contains characters that can't be stored.")
	case uniseg.GraphemeClusterCount(reason) > maxReason:
		return "", invalidf("reason", "This text can have at most %d characters.", maxReason)
	}
	return reason, nil
}

// cleanDecisionMessage returns the message of a decision without white space around it. It may be empty.
func cleanDecisionMessage(message string) (string, error) {
	message = strings.TrimSpace(normalizeNewlines(message))
	switch {
	case !isStorableText(message):
		return "", invalidf("message", "This text contains characters that can't be stored.")
	case uniseg.GraphemeClusterCount(message) > maxDecisionMessage:
		return "", invalidf("message", "This text can have at most %d characters.", maxDecisionMessage)
	}
	return message, nil
}

// apply stores a registration as an application. It returns ErrDuplicate if an account has the e-mail address, and
// Conflict if there is an open application with it.
func (s *Service) apply(ctx context.Context, tx Tx, p PendingRegistration) error {
	_, err := tx.UserByEmail(ctx, p.EmailKey)
	if err == nil {
		return ErrDuplicate
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	p.CreatedAt = s.now()
	err = tx.InsertApplication(ctx, Application{PendingRegistration: p, ConfirmedAt: p.NewUser.ConfirmedAt})
	if errors.Is(err, ErrDuplicate) {
		return errAlreadyApplied
	}
	return err
}

// Applications lists the open applications, oldest first, starting after the one with the id "after". It returns at
// most 50; the result more reports whether there are others. It returns ErrNotFound if the acting user may not decide.
func (s *Service) Applications(ctx context.Context, by User, after int64) (list []Application, more bool, err error) {
	if s.CheckPermission(ctx, by, DecideApplications) != nil {
		return nil, false, ErrNotFound
	}
	list, err = s.store.Applications(ctx, after, maxApplications+1)
	list, more = trimToLimit(list, maxApplications)
	return list, more, err
}

// CountApplications returns how many applications are open.
func (s *Service) CountApplications(ctx context.Context) (int, error) {
	return s.store.CountApplications(ctx)
}

// ApproveApplication creates the account of an applicant and sends them an e-mail with the message, which may be empty.
// It returns Forbidden if the acting user may not decide, Invalid for a bad message, ErrNotFound if the application is
// not open, and Conflict if an account has the e-mail address.
func (s *Service) ApproveApplication(ctx context.Context, by User, id int64, message string) error {
	message, err := cleanDecisionMessage(message)
	if err != nil {
		return err
	}
	err = s.inMembershipTx(ctx, func(tx Tx) ([]Event, error) {
		if _, _, err := tx.LockRoom(ctx, General); err != nil { // as always before users
			return nil, err
		}
		if _, err := checkInTx(ctx, tx, by.ID, DecideApplications); err != nil {
			return nil, err
		}
		a, err := tx.Application(ctx, id)
		if err != nil {
			return nil, err
		}
		account := a.NewUser
		account.NameKey, account.CreatedAt, account.ConfirmedAt = NameKey(a.Name), s.now(), a.ConfirmedAt
		user, joined, err := createUser(ctx, tx, account)
		if err != nil {
			return nil, err
		}
		if err := tx.DeleteApplications(ctx, a.EmailKey); err != nil {
			return nil, err
		}
		n := Notification{Medium: MediumEmail, Kind: NotifyApproved, User: user.ID, Message: message}
		return []Event{joined}, s.tellApplicant(ctx, tx, n)
	})
	if errors.Is(err, ErrDuplicate) {
		return Errorf(Conflict, "There is already an account with this e-mail address. Reject this application.")
	}
	return err
}

// RejectApplication rejects an application and sends the applicant an e-mail with the message, which may be empty. They
// also see it when they sign in, and can apply again. The errors are those of ApproveApplication, without Conflict.
func (s *Service) RejectApplication(ctx context.Context, by User, id int64, message string) error {
	message, err := cleanDecisionMessage(message)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		if _, err := checkInTx(ctx, tx, by.ID, DecideApplications); err != nil {
			return err
		}
		a, err := tx.Application(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.RejectApplication(ctx, id, message, s.now()); err != nil {
			return err
		}
		return s.tellApplicant(ctx, tx, Notification{
			Medium: MediumEmail, Kind: NotifyRejected, Address: a.Email, Locale: a.BrowserLocale, Message: message,
		})
	})
}

// tellApplicant sends an e-mail about a decision, if this server sends e-mails.
func (s *Service) tellApplicant(ctx context.Context, tx Tx, n Notification) error {
	if !s.media.Email {
		return nil
	}
	return s.enqueue(ctx, tx, n)
}
