package chat

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Road is how people are reached who are away.
type Road string

// The roads, each with a queue of its own, so that a server that stalls holds up no other.
const (
	ByMail Road = "mail"
	ByPush Road = "push"
)

// Topical says what a Notice tells.
type Topical string

// What is told. What begins as Confirm or Move becomes Known where the address belongs to somebody: its owner learns of
// it, and who asked does not.
const (
	NoticeConfirm  Topical = "confirm"  // show that the address of a registration is yours
	NoticeKnown    Topical = "known"    // somebody used your address
	NoticeReset    Topical = "reset"    // choose a new password
	NoticePassword Topical = "password" // your password changed
	NoticeMove     Topical = "move"     // show that your new address is yours
	NoticeMoved    Topical = "moved"    // your address is another now
	NoticeUnread   Topical = "unread"   // what waits for you
	NoticePush     Topical = "push"     // something waits in a conversation
	NoticeTest     Topical = "test"     // pushes reach you
)

// Notice is a row of the outbox: something to be told outside of the page, tried until it is told or given up.
type Notice struct {
	ID        int64   `db:"id"`
	Road      Road    `db:"road"`
	Kind      Topical `db:"kind"`
	User      int64   `db:"user_id"` // 0 for who is nobody yet, or asked without saying who they are
	Ref       int64   `db:"ref"`     // the registration of a Confirm, the room of a Push
	Address   string  `db:"address"` // where that is not the person's own
	Locale    string  `db:"locale"`  // of who asked without saying who they are
	Since     Micros  `db:"since"`   // the person is away since
	CreatedAt Micros  `db:"created_at"`
	Attempts  int     `db:"attempts"`
}

// How notices are tried: a claim lasts longer than any attempt; the wait doubles from half a minute to an hour, and varies by
// a quarter, so that not all come at once; after ten attempts, three hours or more, a notice is given up and kept for a week.
const (
	claimLasts  = Micros(2 * time.Minute / time.Microsecond)
	firstWait   = 30 * time.Second
	longestWait = time.Hour
	maxAttempts = 10
	givenUpKept = Micros(7 * 24 * time.Hour / time.Microsecond)
	maxError    = 300 // bytes kept of what went wrong
)

// ClaimNotices takes up to limit notices that are due, the oldest first, so that nobody else tries them for two minutes.
func (s *Service) ClaimNotices(ctx context.Context, road Road, limit int) (claimed []Notice, err error) {
	now := s.micros()
	due, err := s.store.NoticesDue(ctx, road, now)
	if err != nil || !due {
		return nil, err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		claimed, err = tx.ClaimNotices(ctx, road, now, now+claimLasts, limit)
		return err
	})
	return claimed, err
}

// Settle notes how the attempt to tell a parcel went. What was told, or is not to be told any more (ErrNotFound), leaves the
// outbox; anything else is tried again later, or given up.
func (s *Service) Settle(ctx context.Context, n Notice, told []Waiting, failure error) error {
	if failure != nil && !errors.Is(failure, ErrNotFound) {
		return s.store.InTx(ctx, func(tx Tx) error { return s.postpone(ctx, tx, n, failure) })
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		for _, w := range told { // few: see maxWaiting
			if err := tx.SetMailed(ctx, n.User, w.Room, w.LastSeq); err != nil {
				return err
			}
		}
		return tx.DeleteNotice(ctx, n.ID)
	})
}

func (s *Service) postpone(ctx context.Context, tx Tx, n Notice, failure error) error {
	text := clip(failure.Error(), maxError)
	now := s.micros()
	if n.Attempts >= maxAttempts {
		slog.WarnContext(ctx, "notice given up", "notice", n.ID, "kind", n.Kind, "error", text)
		return tx.GiveUpNotice(ctx, n.ID, text, now)
	}
	slog.WarnContext(ctx, "notice not told yet", "notice", n.ID, "kind", n.Kind, "attempt", n.Attempts, "error", text)
	return tx.PostponeNotice(ctx, n.ID, text, now+Micros(backoff(n.Attempts)/time.Microsecond))
}

// backoff is how long to wait after the nth attempt.
func backoff(n int) time.Duration {
	wait := min(firstWait<<(n-1), longestWait)
	return wait*3/4 + rand.N(wait/2)
}

// PruneOutbox forgets what was given up a week ago, registrations that nobody confirmed, and tickets that are void.
func (s *Service) PruneOutbox(ctx context.Context) error {
	now := s.micros()
	return s.store.InTx(ctx, func(tx Tx) error {
		return errors.Join(tx.PruneNotices(ctx, now-givenUpKept), tx.PruneRegistrations(ctx, now-confirmWithin), tx.PruneTickets(ctx, now))
	})
}

// tell puts a notice into the outbox.
func (s *Service) tell(ctx context.Context, tx Tx, n Notice) error {
	n.CreatedAt = s.micros()
	return tx.InsertNotice(ctx, n)
}
