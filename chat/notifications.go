package chat

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// NotificationReader reads the notification queue.
type NotificationReader interface {
	// NotificationsDue reports whether the queue has notifications for a medium that are due.
	NotificationsDue(ctx context.Context, medium Medium, now Timestamp) (bool, error)
}

// NotificationWriter changes the notification queue.
type NotificationWriter interface {
	// InsertNotification adds a notification that is due at once. It is claimed before the ones that EnqueueDueDigests
	// and EnqueuePushes add.
	InsertNotification(ctx context.Context, n Notification) error
	// ClaimNotifications claims notifications that are due at now, so that no other worker gets them before until, and
	// counts an attempt of each.
	ClaimNotifications(ctx context.Context, medium Medium, now, until Timestamp, limit int) ([]Notification, error)
	// LockNotification locks a notification: a transaction that deletes it waits until this one ends. It returns
	// ErrNotFound if the notification was deleted.
	LockNotification(ctx context.Context, id int64) error
	// PostponeNotification records why an attempt failed and when the next one is due.
	PostponeNotification(ctx context.Context, id int64, failure string, next Timestamp) error
	// FailNotification records that a notification was given up, and why.
	FailNotification(ctx context.Context, id int64, failure string, at Timestamp) error
	// DeleteNotification removes a notification from the queue.
	DeleteNotification(ctx context.Context, id int64) error
	// PruneNotifications deletes notifications that were given up before a time.
	PruneNotifications(ctx context.Context, failedBefore Timestamp) error
}

// Medium is how people are reached who are away.
type Medium string

// The roads, each with a queue of its own, so that a server that stalls holds up no other.
const (
	MediumEmail Medium = "mail"
	MediumPush  Medium = "push"
)

// NotificationKind says what a Notice tells.
type NotificationKind string

// What is told. What begins as Confirm or Move becomes Known where the address belongs to somebody: its owner learns of
// it, and who asked does not.
const (
	NotifyConfirmSignup   NotificationKind = "confirm"  // show that the address of a registration is yours
	NotifyAddressInUse    NotificationKind = "known"    // somebody used your address
	NotifyPasswordReset   NotificationKind = "reset"    // choose a new password
	NotifyPasswordChanged NotificationKind = "password" // your password changed
	NotifyConfirmEmail    NotificationKind = "move"     // show that your new address is yours
	NotifyEmailChanged    NotificationKind = "moved"    // your address is another now
	NotifyUnreadDigest    NotificationKind = "unread"   // what waits for you
	NotifyUnreadPush      NotificationKind = "push"     // something waits in a conversation
	NotifyTestPush        NotificationKind = "test"     // pushes reach you
)

// Notification is a row of the outbox: something to be told outside of the page, tried until it is told or given up.
type Notification struct {
	ID        int64            `db:"id"`
	Medium    Medium           `db:"road"`
	Kind      NotificationKind `db:"kind"`
	User      int64            `db:"user_id"` // 0 for who is nobody yet, or asked without saying who they are
	SubjectID int64            `db:"ref"`     // the registration of a Confirm, the room of a Push
	Address   string           `db:"address"` // where that is not the person's own
	Locale    string           `db:"locale"`  // of who asked without saying who they are
	AwaySince Timestamp        `db:"since"`   // the person is away since
	CreatedAt Timestamp        `db:"created_at"`
	Attempts  int              `db:"attempts"`
}

// How notices are tried: a claim lasts longer than any attempt; the wait doubles from half a minute to an hour, and varies by
// a quarter, so that not all come at once; after ten attempts, three hours or more, a notice is given up and kept for a week.
const (
	claimDuration   = Timestamp(2 * time.Minute / time.Microsecond)
	minBackoff      = 30 * time.Second
	maxBackoff      = time.Hour
	maxAttempts     = 10
	failedRetention = Timestamp(7 * 24 * time.Hour / time.Microsecond)
	maxErrorBytes   = 300 // bytes kept of what went wrong
)

// ClaimNotifications takes up to limit notices that are due, the oldest first, so that nobody else tries them for two minutes.
func (s *Service) ClaimNotifications(ctx context.Context, road Medium, limit int) (claimed []Notification, err error) {
	now := s.now()
	due, err := s.store.NotificationsDue(ctx, road, now)
	if err != nil || !due {
		return nil, err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		claimed, err = tx.ClaimNotifications(ctx, road, now, now+claimDuration, limit)
		return err
	})
	return claimed, err
}

// RecordDelivery notes how the attempt to tell a parcel went. What was told, or is not to be told any more (ErrNotFound), leaves the
// outbox; anything else is tried again later, or given up.
func (s *Service) RecordDelivery(ctx context.Context, n Notification, told []UnreadConversation, failure error) error {
	if failure != nil && !errors.Is(failure, ErrNotFound) {
		return s.store.InTx(ctx, func(tx Tx) error { return s.postpone(ctx, tx, n, failure) })
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		for _, w := range told { // at most ten
			if err := tx.MarkEmailed(ctx, n.User, w.Room, w.LastSeq); err != nil {
				return err
			}
		}
		return tx.DeleteNotification(ctx, n.ID)
	})
}

func (s *Service) postpone(ctx context.Context, tx Tx, n Notification, failure error) error {
	text := truncate(failure.Error(), maxErrorBytes)
	now := s.now()
	if n.Attempts >= maxAttempts {
		slog.WarnContext(ctx, "notice given up", "notice", n.ID, "kind", n.Kind, "error", text)
		return tx.FailNotification(ctx, n.ID, text, now)
	}
	slog.WarnContext(ctx, "notice not told yet", "notice", n.ID, "kind", n.Kind, "attempt", n.Attempts, "error", text)
	return tx.PostponeNotification(ctx, n.ID, text, now+Timestamp(backoff(n.Attempts)/time.Microsecond))
}

// backoff is how long to wait after the nth attempt.
func backoff(n int) time.Duration {
	wait := min(minBackoff<<(n-1), maxBackoff)
	return wait*3/4 + rand.N(wait/2)
}

// PruneNotifications forgets what was given up a week ago, registrations that nobody confirmed, and tickets that are void.
func (s *Service) PruneNotifications(ctx context.Context) error {
	now := s.now()
	return s.store.InTx(ctx, func(tx Tx) error {
		return errors.Join(tx.PruneNotifications(ctx, now-failedRetention), tx.PrunePendingRegistrations(ctx, now-confirmationLinkLifetime), tx.PruneEmailTokens(ctx, now))
	})
}

// enqueue puts a notice into the outbox.
func (s *Service) enqueue(ctx context.Context, tx Tx, n Notification) error {
	n.CreatedAt = s.now()
	return tx.InsertNotification(ctx, n)
}
