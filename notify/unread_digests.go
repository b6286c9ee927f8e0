package notify

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"charla/chat"
)

// scanStore is the part of the database that the worker needs to look for unread messages.
type scanStore interface {
	// ScanDue reports whether it is time to scan: there may be new messages, or the scan cursor (the place where the
	// last scan ended) is old and must be refreshed.
	ScanDue(ctx context.Context, c chat.ScanClaim) (bool, error)
	// InTx runs f in a write transaction. If the transaction fails for a temporary reason, InTx runs f again.
	InTx(ctx context.Context, f func(tx chat.Tx) error) error
}

// These are the times between two scans for new messages. Only one node at a time scans.
const (
	pushScanInterval   = 2 * time.Second
	digestScanInterval = 20 * time.Second
)

func scanInterval(medium chat.Medium) time.Duration {
	if medium == chat.MediumEmail {
		return digestScanInterval
	}
	return pushScanInterval
}

const (
	// scanOverlap is how far before the previous scan a scan begins. No transaction takes that long, so a message that
	// was committed late is not skipped.
	scanOverlap = time.Minute
	// scanMaxAge is how old a message may be that no scan has seen, for example because e-mail was off. An older one
	// causes no notification.
	scanMaxAge = time.Hour
	// scanRefresh is how often the position up to which messages were scanned moves forward even if nobody posts.
	scanRefresh       = 10 * time.Minute
	maxPushesPerScan  = 1000 // the next scan enqueues the rest
	maxDigestsPerScan = 500  // likewise
)

// These are the times between the newest unread message and the digest about it, for the settings "soon" and "hour".
const (
	soonDigestDelay = chat.Timestamp(5 * time.Minute / time.Microsecond)
	hourDigestDelay = chat.Timestamp(time.Hour / time.Microsecond)
)

// newScanClaim returns a claim to scan for one medium. While a node holds the claim, no other node scans. The claim
// lasts half a scan interval.
func newScanClaim(medium chat.Medium, now time.Time) chat.ScanClaim {
	return chat.ScanClaim{
		Medium:        medium,
		Now:           chat.TimestampOf(now),
		Until:         chat.TimestampOf(now.Add(scanInterval(medium) / 2)),
		AdvanceBefore: chat.TimestampOf(now.Add(-scanOverlap)),
		RefreshBefore: chat.TimestampOf(now.Add(-scanRefresh)),
		ExpireBefore:  chat.TimestampOf(now.Add(-scanMaxAge)),
	}
}

// ScanUnread looks for unread messages of users who are not online. For e-mail it schedules digests and queues those
// that are due. For push it queues a notification for each conversation.
func (w *Worker) ScanUnread(ctx context.Context, medium chat.Medium) {
	if err := w.scan(ctx, newScanClaim(medium, time.Now())); err != nil {
		slog.Warn("scan unread messages failed", "medium", medium, "error", err)
	}
}

func (w *Worker) scan(ctx context.Context, claim chat.ScanClaim) error {
	due, err := w.Store.ScanDue(ctx, claim)
	if err != nil || !due {
		return err
	}
	err = w.Store.InTx(ctx, func(tx chat.Tx) error {
		cursor, err := tx.ClaimScan(ctx, claim)
		if err != nil {
			return err
		}
		if claim.Medium == chat.MediumPush {
			return w.enqueuePushes(ctx, tx, cursor, claim.Now)
		}
		return w.enqueueDigests(ctx, tx, cursor, claim.Now)
	})
	if errors.Is(err, chat.ErrNotFound) { // another node is scanning
		return nil
	}
	return err
}

func (w *Worker) enqueueDigests(ctx context.Context, tx chat.Tx, cursor int64, now chat.Timestamp) error {
	times := chat.DigestTimes{
		SoonDelay: soonDigestDelay, HourDelay: hourDigestDelay, Daily: nextDailyDigest(now, w.Zone),
	}
	if err := tx.ScheduleDigests(ctx, cursor, times, w.Service.NotificationRule(chat.MediumEmail)); err != nil {
		return err
	}
	return tx.EnqueueDueDigests(ctx, now, maxDigestsPerScan)
}

// enqueuePushes queues push notifications about messages that came after cursor, the place where the last scan ended.
// It leaves out users who are online.
func (w *Worker) enqueuePushes(ctx context.Context, tx chat.Tx, cursor int64, now chat.Timestamp) error {
	candidates, err := tx.PushCandidates(ctx, cursor, w.Service.NotificationRule(chat.MediumPush))
	if err != nil {
		return err
	}
	users := make([]int64, len(candidates))
	for i, c := range candidates {
		users[i] = c.User
	}
	online := w.Presence.Online(users...)
	away := slices.DeleteFunc(candidates, func(c chat.PushCandidate) bool { return online[c.User] })
	if len(away) == 0 {
		return nil
	}
	return tx.EnqueuePushes(ctx, away[:min(len(away), maxPushesPerScan)], now)
}

// digestHour is the hour of the day, in the community's time zone, at which daily digests are sent.
const digestHour = 8

// nextDailyDigest returns the first time after now at which daily digests are sent: digestHour o'clock in the given
// time zone.
func nextDailyDigest(now chat.Timestamp, zone *time.Location) chat.Timestamp {
	t := now.Time().In(zone)
	next := time.Date(t.Year(), t.Month(), t.Day(), digestHour, 0, 0, 0, zone)
	if !next.After(t) {
		next = time.Date(t.Year(), t.Month(), t.Day()+1, digestHour, 0, 0, 0, zone)
	}
	return chat.TimestampOf(next)
}
