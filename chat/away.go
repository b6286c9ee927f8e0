package chat

import (
	"context"
	"errors"
	"slices"
	"time"
)

// How often new messages are looked through, by one node at a time.
const (
	PushEvery = 2 * time.Second
	MailEvery = 20 * time.Second
)

// A look goes back so far that every message before has been committed: longer than a transaction may take and two looks are
// apart. After an hour without a look, such as while mail was off, what came meanwhile is not told.
const (
	lookBack  = Micros(time.Minute / time.Microsecond)
	lookLost  = Micros(time.Hour / time.Microsecond)
	lookKept  = Micros(10 * time.Minute / time.Microsecond)
	maxPushes = 1000 // of one look; the next takes the others
)

// Look is a claim on looking: now, and until when nobody else looks.
type Look struct {
	Road               Road
	Now, Until         Micros
	Back, Kept, Forget Micros // the mark moves on, is renewed, and is lost when older
}

// LookAround finds whom new messages concern who are not here: their letters fall due later, their pushes go into the outbox.
func (s *Service) LookAround(ctx context.Context, road Road, here Presence) error {
	now := s.micros()
	every := PushEvery
	if road == ByMail {
		every = MailEvery
	}
	look := Look{Road: road, Now: now, Until: now + Micros(every/time.Microsecond)/2, Back: now - lookBack, Kept: now - lookKept, Forget: now - lookLost}
	due, err := s.store.LookDue(ctx, look)
	if err != nil || !due {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		cursor, err := tx.BeginLook(ctx, look)
		if err != nil {
			return err
		}
		if road == ByPush {
			return s.queuePushes(ctx, tx, cursor, now, here)
		}
		if err := tx.RaiseAlerts(ctx, cursor, now, s.morning(now)); err != nil {
			return err
		}
		return tx.QueueAlerts(ctx, now)
	})
	if errors.Is(err, ErrNotFound) { // another node looks
		return nil
	}
	return err
}

func (s *Service) queuePushes(ctx context.Context, tx Tx, cursor int64, now Micros, here Presence) error {
	found, err := tx.Unpushed(ctx, cursor)
	if err != nil {
		return err
	}
	people := make([]int64, len(found))
	for i, u := range found {
		people[i] = u.User
	}
	online := here.Online(people...)
	found = slices.DeleteFunc(found, func(u Unpushed) bool { return online[u.User] })
	if len(found) == 0 {
		return nil
	}
	return tx.QueuePushes(ctx, found[:min(len(found), maxPushes)], now)
}

// Unpushed is a person with a conversation of which a push may tell, and its last message.
type Unpushed struct {
	User int64 `db:"user_id"`
	Room int64 `db:"room_id"`
	Seq  int64 `db:"seq"`
}

// daily is the hour at which who wants one letter a day gets it, in the community's zone.
const daily = 8

// morning is the next time that letters of the day are sent.
func (s *Service) morning(now Micros) Micros {
	t := now.Time().In(s.zone)
	next := time.Date(t.Year(), t.Month(), t.Day(), daily, 0, 0, 0, s.zone)
	if !next.After(t) {
		next = time.Date(t.Year(), t.Month(), t.Day()+1, daily, 0, 0, 0, s.zone)
	}
	return At(next)
}
