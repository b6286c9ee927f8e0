package chat

import (
	"context"
	"errors"
	"slices"
	"time"
)

// How often new messages are looked through, by one node at a time.
const (
	PushScanInterval   = 2 * time.Second
	DigestScanInterval = 20 * time.Second
)

// A look goes back so far that every message before has been committed: longer than a transaction may take and two looks are
// apart. After an hour without a look, such as while mail was off, what came meanwhile is not told.
const (
	scanOverlap      = Timestamp(time.Minute / time.Microsecond)
	scanMaxAge       = Timestamp(time.Hour / time.Microsecond)
	scanRefresh      = Timestamp(10 * time.Minute / time.Microsecond)
	maxPushesPerScan = 1000 // of one look; the next takes the others
)

// ScanClaim is a claim on looking: now, and until when nobody else looks.
type ScanClaim struct {
	Medium                                     Medium
	Now, Until                                 Timestamp
	AdvanceBefore, RefreshBefore, ExpireBefore Timestamp // the mark moves on, is renewed, and is lost when older
}

// ScanUnread finds whom new messages concern who are not here: their letters fall due later, their pushes go into the outbox.
func (s *Service) ScanUnread(ctx context.Context, road Medium, here Presence) error {
	now := s.now()
	every := PushScanInterval
	if road == MediumEmail {
		every = DigestScanInterval
	}
	look := ScanClaim{Medium: road, Now: now, Until: now + Timestamp(every/time.Microsecond)/2, AdvanceBefore: now - scanOverlap, RefreshBefore: now - scanRefresh, ExpireBefore: now - scanMaxAge}
	due, err := s.store.ScanDue(ctx, look)
	if err != nil || !due {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		cursor, err := tx.ClaimScan(ctx, look)
		if err != nil {
			return err
		}
		if road == MediumPush {
			return s.enqueuePushes(ctx, tx, cursor, now, here)
		}
		if err := tx.ScheduleDigests(ctx, cursor, now, s.nextDailyDigest(now)); err != nil {
			return err
		}
		return tx.EnqueueDueDigests(ctx, now)
	})
	if errors.Is(err, ErrNotFound) { // another node looks
		return nil
	}
	return err
}

func (s *Service) enqueuePushes(ctx context.Context, tx Tx, cursor int64, now Timestamp, here Presence) error {
	found, err := tx.PushCandidates(ctx, cursor)
	if err != nil {
		return err
	}
	people := make([]int64, len(found))
	for i, u := range found {
		people[i] = u.User
	}
	online := here.Online(people...)
	found = slices.DeleteFunc(found, func(u PushCandidate) bool { return online[u.User] })
	if len(found) == 0 {
		return nil
	}
	return tx.EnqueuePushes(ctx, found[:min(len(found), maxPushesPerScan)], now)
}

// PushCandidate is a person with a conversation of which a push may tell, and its last message.
type PushCandidate struct {
	User int64 `db:"user_id"`
	Room int64 `db:"room_id"`
	Seq  int64 `db:"seq"`
}

// digestHour is the hour at which who wants one letter a day gets it, in the community's zone.
const digestHour = 8

// nextDailyDigest is the next time that letters of the day are sent.
func (s *Service) nextDailyDigest(now Timestamp) Timestamp {
	t := now.Time().In(s.zone)
	next := time.Date(t.Year(), t.Month(), t.Day(), digestHour, 0, 0, 0, s.zone)
	if !next.After(t) {
		next = time.Date(t.Year(), t.Month(), t.Day()+1, digestHour, 0, 0, 0, s.zone)
	}
	return TimestampOf(next)
}
