package chat

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"time"
)

// PageSlotReader reads page slots.
type PageSlotReader interface {
	// PageSlots lists the slots of a session that were given to a page, least recently used first.
	PageSlots(ctx context.Context, session int64) ([]PageSlot, error)
}

// PageSlotWriter changes page slots.
type PageSlotWriter interface {
	// GivePageSlot gives a slot to a page. The argument previous is the page that has had the slot, or "" for a slot
	// that was never given. GivePageSlot returns ErrNotFound if another page has got the slot meanwhile.
	GivePageSlot(ctx context.Context, slot PageSlot, previous string) error
	// TouchPageSlots records that pages are open. It ignores pages that no longer have their slots.
	TouchPageSlots(ctx context.Context, slots []PageSlot, at Timestamp) error
}

// PageSlots is how many pages of a session can each have a slot of their own.
const PageSlots = 64

// PageSlot is a numbered entry in the localStorage of a browser in which one open page keeps what it has not sent yet.
// Slot is a number from 0 to PageSlots-1. Page is the random name of the page. UsedAt is when the page was last known
// to be open.
type PageSlot struct {
	Session int64     `db:"session_id"`
	Slot    int       `db:"slot"`
	Page    string    `db:"page"`
	UsedAt  Timestamp `db:"used_at"`
}

// How long a page counts as open after it was last known to be, and the shortest time between two records of that. An
// open page is recorded every minute: because it has a stream or, while it is hidden and has none, by a request.
const (
	pageSlotLife  = Timestamp(90 * time.Second / time.Microsecond)
	pageSlotTouch = Timestamp(50 * time.Second / time.Microsecond)
)

// pageSlotStart is how long a slot cannot be taken over after its last use. A page that just got the slot may still be
// reading what it contains.
const pageSlotStart = Timestamp(10 * time.Second / time.Microsecond)

// ErrNoPageSlot is returned by TakePageSlot if all slots belong to open pages.
var ErrNoPageSlot = errors.New("all page slots are in use")

// TakePageSlot gives a new page of a session a slot: one that was never given, or else the one that was used least
// recently. It never takes the slot of an open page. Two pages that load at the same time get different slots.
func (s *Service) TakePageSlot(ctx context.Context, session Session) (PageSlot, error) {
	taken := PageSlot{Session: session.ID, Page: rand.Text()}
	err := s.store.InTx(ctx, func(tx Tx) error {
		taken.UsedAt = s.now()
		given, err := tx.PageSlots(ctx, session.ID)
		if err != nil {
			return err
		}
		for _, free := range freePageSlots(given, taken.UsedAt) {
			taken.Slot = free.Slot
			if err = tx.GivePageSlot(ctx, taken, free.Page); !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		return ErrNoPageSlot
	})
	return taken, err
}

// freePageSlots returns the slots that a new page can take, best first. given are the slots that the session has given
// so far, least recently used first. The slots that were never given come first, in random order, because a page of an
// earlier session in the same browser may still be open and has one of them.
func freePageSlots(given []PageSlot, now Timestamp) (free []PageSlot) {
	isGiven := map[int]bool{}
	for _, slot := range given {
		isGiven[slot.Slot] = true
	}
	for _, n := range mathrand.Perm(PageSlots) {
		if !isGiven[n] {
			free = append(free, PageSlot{Slot: n})
		}
	}
	for _, slot := range given {
		if now-slot.UsedAt > pageSlotLife {
			free = append(free, slot)
		}
	}
	return free
}

// KeepPageSlot records that a page is open, about once a minute. It returns false if the page no longer has its slot,
// for instance because it was asleep for long or its session ended: then it must not write to the slot any more.
func (s *Service) KeepPageSlot(ctx context.Context, page PageSlot) (kept bool, err error) {
	given, err := s.store.PageSlots(ctx, page.Session)
	if err != nil {
		return false, err
	}
	now := s.now()
	for _, slot := range given {
		if slot.Slot != page.Slot || slot.Page != page.Page {
			continue
		}
		if now-slot.UsedAt <= pageSlotTouch {
			return true, nil
		}
		return true, s.TouchPageSlots(ctx, []PageSlot{page})
	}
	return false, nil
}

// OpenPageSlots returns the numbers of the slots of a session whose pages are probably open.
func (s *Service) OpenPageSlots(ctx context.Context, session Session) (map[int]bool, error) {
	given, err := s.store.PageSlots(ctx, session.ID)
	open, now := map[int]bool{}, s.now()
	for _, slot := range given {
		open[slot.Slot] = now-slot.UsedAt <= pageSlotLife
	}
	return open, err
}

// TakeOverPageSlots takes slots from pages that seem to be closed, so that another page can empty them, and returns the
// numbers of those that were taken. A page that is open all the same is loaded again, because KeepPageSlot returns
// false for it. A slot that a page has just got is not taken, and no page gets a slot that was just taken.
func (s *Service) TakeOverPageSlots(ctx context.Context, session Session, slots []int) (taken []int, err error) {
	if len(slots) == 0 {
		return nil, nil
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		taken = nil
		given, err := tx.PageSlots(ctx, session.ID)
		if err != nil {
			return err
		}
		owners := map[int]PageSlot{}
		for _, slot := range given {
			owners[slot.Slot] = slot
		}
		for _, n := range slots {
			free := PageSlot{Session: session.ID, Slot: n, Page: rand.Text(), UsedAt: s.now()}
			if free.UsedAt-owners[n].UsedAt <= pageSlotStart {
				continue
			}
			switch err := tx.GivePageSlot(ctx, free, owners[n].Page); {
			case err == nil:
				taken = append(taken, n)
			case !errors.Is(err, ErrNotFound):
				return err
			}
		}
		return nil
	})
	return taken, err
}

// TouchPageSlots records that pages are open.
func (s *Service) TouchPageSlots(ctx context.Context, pages []PageSlot) error {
	if len(pages) == 0 {
		return nil
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.TouchPageSlots(ctx, pages, s.now()) })
}
