package chat_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// newBrowserSession starts a browser session of a new user.
func (w fixture) newBrowserSession(t *testing.T, name string) chat.Session {
	t.Helper()
	user := w.addUser(t, name)
	token, err := w.StartSession(t.Context(), chat.Credentials{User: user, PasswordHash: "-"}, "Browser", "::1")
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := w.Session(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func (w fixture) takePageSlot(t *testing.T, session chat.Session) chat.PageSlot {
	t.Helper()
	slot, err := w.TakePageSlot(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

// keepsPageSlot checks whether a page still has its slot.
func (w fixture) keepsPageSlot(t *testing.T, page chat.PageSlot, want bool) {
	t.Helper()
	if kept, err := w.KeepPageSlot(t.Context(), page); err != nil || kept != want {
		t.Errorf("page with slot %d keeps it: %v, %v, want %v", page.Slot, kept, err, want)
	}
}

// TestOpenPagesKeepTheirSlots opens as many pages as there are slots, and then more. Two of the pages stay open; they
// must keep their slots, and the others must be reused in the order in which they were used last.
func TestOpenPagesKeepTheirSlots(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) chat.Store{
		"sqlite":   func(t testing.TB) chat.Store { return dbtest.OpenSQLite(t) },
		"postgres": func(t testing.TB) chat.Store { return dbtest.OpenPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newFixtureOn(t, open(t))
			session := w.newBrowserSession(t, "Ana")
			clock := time.Now()
			w.SetClock(func() time.Time { return clock })
			var pages []chat.PageSlot
			seen := map[int]bool{}
			for range chat.PageSlots {
				pages = append(pages, w.takePageSlot(t, session))
				seen[pages[len(pages)-1].Slot] = true
				clock = clock.Add(time.Second)
			}
			if len(seen) != chat.PageSlots {
				t.Fatalf("%d pages have %d different slots", chat.PageSlots, len(seen))
			}
			if _, err := w.TakePageSlot(t.Context(), session); !errors.Is(err, chat.ErrNoPageSlot) {
				t.Errorf("all slots are in use: %v", err)
			}

			asked, streamed := pages[0], pages[1]
			clock = clock.Add(20 * time.Second)
			w.keepsPageSlot(t, asked, true)
			if err := w.TouchPageSlots(t.Context(), []chat.PageSlot{streamed}); err != nil {
				t.Fatal(err)
			}
			clock = clock.Add(80 * time.Second)
			for _, old := range pages[2:10] {
				if got := w.takePageSlot(t, session); got.Slot != old.Slot {
					t.Errorf("a new page has slot %d, want the least recently used one, %d", got.Slot, old.Slot)
				}
				w.keepsPageSlot(t, old, false)
			}
			w.keepsPageSlot(t, asked, true)
			w.keepsPageSlot(t, streamed, true)
			w.keepsPageSlot(t, chat.PageSlot{Session: session.ID + 1, Slot: asked.Slot, Page: asked.Page}, false)
		})
	}
}

// TestPagesThatLoadAtOnce loads pages at the same time in two processes that share a database.
func TestPagesThatLoadAtOnce(t *testing.T) {
	t.Parallel()
	w := newFixtureOn(t, dbtest.OpenPostgres(t))
	session := w.newBrowserSession(t, "Ana")
	nodes := []fixture{w, w.with(func(*chat.Options) {})}
	slots := make([]chat.PageSlot, 40)
	var group sync.WaitGroup
	for i := range slots {
		group.Go(func() {
			slot, err := nodes[i%2].TakePageSlot(t.Context(), session)
			if err != nil {
				t.Error(err)
			}
			slots[i] = slot
		})
	}
	group.Wait()
	taken := map[int]bool{}
	for _, slot := range slots {
		if taken[slot.Slot] {
			t.Errorf("slot %d was given twice", slot.Slot)
		}
		taken[slot.Slot] = true
	}
}
