package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testPageSlots(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana := createUser(t, s, "ana")
	session, other := insertSession(t, s, ana, "h1"), insertSession(t, s, ana, "h2")
	give := func(session chat.Session, slot int, page, previous string, at chat.Timestamp) error {
		return s.InTx(ctx, func(tx chat.Tx) error {
			return tx.GivePageSlot(ctx, chat.PageSlot{Session: session.ID, Slot: slot, Page: page, UsedAt: at}, previous)
		})
	}
	wantErr(t, give(session, 3, "a", "", 10), nil)
	wantErr(t, give(session, 7, "b", "", 20), nil)
	wantErr(t, give(other, 3, "c", "", 30), nil)
	wantErr(t, give(session, 3, "d", "", 40), chat.ErrNotFound)
	wantErr(t, give(session, 3, "d", "b", 40), chat.ErrNotFound)
	wantErr(t, give(session, 3, "d", "a", 40), nil)

	slotD := chat.PageSlot{Session: session.ID, Slot: 3, Page: "d", UsedAt: 40}
	slotB := chat.PageSlot{Session: session.ID, Slot: 7, Page: "b", UsedAt: 20}
	slots, err := s.PageSlots(ctx, session.ID)
	wantErr(t, err, nil)
	equal(t, slots, []chat.PageSlot{slotB, slotD})

	stale := chat.PageSlot{Session: session.ID, Slot: 3, Page: "a"}
	mustWrite(t, s, func(tx chat.Tx) error { return tx.TouchPageSlots(ctx, []chat.PageSlot{stale, slotB}, 50) })
	slotB.UsedAt = 50
	slots, err = s.PageSlots(ctx, session.ID)
	wantErr(t, err, nil)
	equal(t, slots, []chat.PageSlot{slotD, slotB})
	mustWrite(t, s, func(tx chat.Tx) error { return tx.PruneSessions(ctx, farFuture+1) })
	slots, err = s.PageSlots(ctx, session.ID)
	wantErr(t, err, nil)
	equal(t, len(slots), 0)
}

// testPageSlotsAtOnce gives the same slot in two transactions that run at the same time. One of them must fail.
func testPageSlotsAtOnce(t *testing.T, s *db.Store) {
	ctx := t.Context()
	session := insertSession(t, s, createUser(t, s, "ana"), "h1")
	previous := ""
	for round := range 20 {
		results := make(chan error)
		for _, name := range []string{"a", "b"} {
			go func() {
				slot := chat.PageSlot{Session: session.ID, Slot: 5, Page: fmt.Sprint(name, round)}
				results <- s.InTx(ctx, func(tx chat.Tx) error { return tx.GivePageSlot(ctx, slot, previous) })
			}()
		}
		first, second := <-results, <-results
		if first != nil {
			first, second = second, first
		}
		wantErr(t, first, nil)
		wantErr(t, second, chat.ErrNotFound)
		slots, err := s.PageSlots(ctx, session.ID)
		wantErr(t, err, nil)
		previous = slots[0].Page
	}
}
