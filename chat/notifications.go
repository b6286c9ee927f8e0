package chat

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// NotificationReader reads the queue of notifications.
type NotificationReader interface {
	// NotificationsDue reports whether the queue has notifications for a medium that are due.
	NotificationsDue(ctx context.Context, medium Medium, now Timestamp) (bool, error)
}

// NotificationWriter changes the notification queue.
type NotificationWriter interface {
	// InsertNotification adds a notification that is due at once. Workers get it before the notifications that
	// EnqueueDueDigests and EnqueuePushes add.
	InsertNotification(ctx context.Context, n Notification) error
	// ClaimNotifications claims at most limit notifications that are due at the time now. Until the time given as
	// "until", no other worker gets them. It counts one more attempt for each.
	ClaimNotifications(ctx context.Context, medium Medium, now, until Timestamp, limit int) ([]Notification, error)
	// LockNotification locks a notification until the transaction ends; other transactions that would delete it wait.
	// It returns ErrNotFound if the notification was already deleted.
	LockNotification(ctx context.Context, id int64) error
	// PostponeNotification records why an attempt failed and the time of the next attempt.
	PostponeNotification(ctx context.Context, id int64, failure string, next Timestamp) error
	// FailNotification records that a notification was given up, and why.
	FailNotification(ctx context.Context, id int64, failure string, at Timestamp) error
	// DeleteNotification removes a notification from the queue.
	DeleteNotification(ctx context.Context, id int64) error
	// PruneNotifications deletes notifications that were given up before the given time.
	PruneNotifications(ctx context.Context, failedBefore Timestamp) error
}

// Medium is a way to notify users: by e-mail or push if they are away, otherwise in the page.
type Medium string

// The media. E-mail and push have a queue each, so that a slow mail server does not delay pushes, and a slow push
// server does not delay e-mails. The others are in the page: a sound, the count in the title with the dot on the icon,
// and the badge beside each conversation.
const (
	MediumEmail Medium = "email"
	MediumPush  Medium = "push"
	MediumSound Medium = "sound"
	MediumTitle Medium = "title"
	MediumBadge Medium = "badge"
)

// NotificationKind is the event or purpose that a Notification is about.
type NotificationKind string

// The kinds of notifications. If the address of NotifyConfirmSignup or NotifyConfirmEmail belongs to another account,
// its owner gets NotifyAddressInUse instead, and the requester does not learn about the account.
const (
	NotifyConfirmSignup   NotificationKind = "confirm_signup"   // a link that confirms a registration
	NotifyAddressInUse    NotificationKind = "address_in_use"   // somebody tried to use the recipient's address
	NotifyPasswordReset   NotificationKind = "password_reset"   // a link that sets a new password
	NotifyPasswordChanged NotificationKind = "password_changed" // the password was changed
	NotifyConfirmEmail    NotificationKind = "confirm_email"    // a link that confirms a new e-mail address
	NotifyEmailChanged    NotificationKind = "email_changed"    // the e-mail address was changed
	NotifyUnreadDigest    NotificationKind = "unread_digest"    // an e-mail about unread conversations
	NotifyUnreadPush      NotificationKind = "unread_push"      // a push about one unread conversation
	NotifyMentionPush     NotificationKind = "mention_push"     // a push about a mention that an edit added
	NotifyApproved        NotificationKind = "approved"         // an application was approved
	NotifyRejected        NotificationKind = "rejected"         // an application was rejected
	NotifyTestPush        NotificationKind = "test_push"        // a push that the user asked for to test their settings
)

// Notification is an entry of the notification queue: an e-mail or push to send. It is retried until it is delivered or
// given up.
type Notification struct {
	ID        int64            `db:"id"`
	Medium    Medium           `db:"medium"`
	Kind      NotificationKind `db:"kind"`
	User      int64            `db:"user_id"`    // the recipient; zero if only the address is known
	SubjectID int64            `db:"subject_id"` // the pending registration, room or message that it is about, or zero
	Address   string           `db:"address"`    // where to send it; empty for the address of the recipient
	Locale    string           `db:"locale"`     // language of the browser that requested it; empty if unknown
	Message   string           `db:"message"`    // what an admin wrote to the recipient; empty for nothing
	AwaySince Timestamp        `db:"away_since"` // when the first message of a digest found the recipient away
	CreatedAt Timestamp        `db:"created_at"`
	Attempts  int              `db:"attempts"`
}

// How delivery is retried. A claim lasts longer than any attempt. The time between attempts doubles from half a minute
// up to an hour, and varies randomly by a quarter, so that retries do not all happen at once. After ten attempts, which
// take three hours or more, a notification is given up; its row is kept for a week.
const (
	claimDuration   = Timestamp(2 * time.Minute / time.Microsecond)
	minBackoff      = 30 * time.Second
	maxBackoff      = time.Hour
	maxAttempts     = 10
	failedRetention = Timestamp(7 * 24 * time.Hour / time.Microsecond)
	maxErrorBytes   = 300 // of an error message that are stored
)

// ClaimNotifications claims up to limit notifications that are due, oldest first, so that no other worker gets them for
// two minutes.
func (s *Service) ClaimNotifications(
	ctx context.Context, medium Medium, limit int,
) (claimed []Notification, err error) {
	now := s.now()
	due, err := s.store.NotificationsDue(ctx, medium, now)
	if err != nil || !due {
		return nil, err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		claimed, err = tx.ClaimNotifications(ctx, medium, now, now+claimDuration, limit)
		return err
	})
	return claimed, err
}

// RecordDelivery records the result of an attempt to deliver a notification. If failure is nil, or ErrNotFound because
// there is nothing left to deliver, it removes the notification from the queue; for a digest it also records which
// messages were sent. After any other failure it schedules another attempt, or gives the notification up.
func (s *Service) RecordDelivery(
	ctx context.Context, n Notification, emailed []UnreadConversation, failure error,
) error {
	if failure != nil && !errors.Is(failure, ErrNotFound) {
		return s.store.InTx(ctx, func(tx Tx) error { return s.postpone(ctx, tx, n, failure) })
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		for _, c := range emailed { // at most ten
			if err := tx.MarkEmailed(ctx, n.User, c.Room, c.LastSeq); err != nil {
				return err
			}
		}
		return tx.DeleteNotification(ctx, n.ID)
	})
}

// postpone schedules the next attempt after a failure, or gives the notification up if this was the last attempt.
func (s *Service) postpone(ctx context.Context, tx Tx, n Notification, failure error) error {
	text := truncate(failure.Error(), maxErrorBytes)
	log := slog.With("notification", n.ID, "kind", n.Kind, "attempt", n.Attempts, "error", text)
	now := s.now()
	if n.Attempts >= maxAttempts {
		log.WarnContext(ctx, "deliver notification failed, giving up")
		return tx.FailNotification(ctx, n.ID, text, now)
	}
	log.WarnContext(ctx, "deliver notification failed, trying again later")
	return tx.PostponeNotification(ctx, n.ID, text, now+Timestamp(backoff(n.Attempts)/time.Microsecond))
}

// backoff returns how long to wait after attempt number n.
func backoff(n int) time.Duration {
	wait := min(minBackoff<<(n-1), maxBackoff)
	return wait*3/4 + rand.N(wait/2)
}

// PruneNotifications deletes notifications that were given up a week ago, registrations that nobody confirmed in time,
// expired e-mail tokens, invitations that have ended, and applications that were rejected a month ago.
func (s *Service) PruneNotifications(ctx context.Context) error {
	now := s.now()
	return s.store.InTx(ctx, func(tx Tx) error {
		return errors.Join(
			tx.PruneNotifications(ctx, now-failedRetention),
			tx.PrunePendingRegistrations(ctx, now-confirmationLinkLifetime),
			tx.PruneEmailTokens(ctx, now),
			tx.PruneInvitations(ctx, now),
			tx.PruneApplications(ctx, now-rejectedApplications),
		)
	})
}

// enqueue adds a notification to the queue.
func (s *Service) enqueue(ctx context.Context, tx Tx, n Notification) error {
	n.CreatedAt = s.now()
	return tx.InsertNotification(ctx, n)
}
