package chat_test

import (
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// The bots of a person are counted while nobody else can register, so that many requests at once make no more of them.
func TestNobodyMakesMoreBotsAtOnce(t *testing.T) {
	store, d := dbtest.OpenPostgres(t), &diary{}
	w := world{Service: chat.NewService(store, d, time.UTC), diary: d, store: store}
	ana := w.person(t, "Ana")
	var all sync.WaitGroup
	for range 2 * chat.MaxBots {
		all.Go(func() {
			if _, _, err := w.MakeBot(t.Context(), ana, "Robot"); err != nil && chat.CodeOf(err) != chat.Conflict {
				t.Error(err)
			}
		})
	}
	all.Wait()
	bots, _, _, err := w.Bots(t.Context(), ana)
	must(t, err)
	same(t, "bots", len(bots), chat.MaxBots)
}

func TestABotsTokenLivesAYearFromItsLastUse(t *testing.T) {
	w := newWorld(t)
	now := w.clock()
	bot, token, err := w.MakeBot(t.Context(), w.person(t, "Ana"), "Robot")
	must(t, err)
	same(t, "role", bot.Role, chat.RoleMember)
	for range 3 {
		now.pass(364 * 24 * time.Hour)
		same(t, "in use", w.bearer(t, token), true)
	}
	now.pass(366 * 24 * time.Hour)
	same(t, "a year unused", w.bearer(t, token), false)
}

func TestARoomPassesToAPersonBeforeABot(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	bot, _, err := w.MakeBot(t.Context(), ana, "Robot")
	must(t, err)
	room, err := w.MakeRoom(t.Context(), ana, chat.NewRoom{Name: "Builds", Access: chat.Invited})
	must(t, err)
	must(t, w.Invite(t.Context(), ana, room.ID, bot.ID))
	must(t, w.Invite(t.Context(), ana, room.ID, ben.ID))
	must(t, w.LeaveRoom(t.Context(), ana, room.ID))
	room, err = w.Room(t.Context(), ben, room.ID)
	must(t, err)
	same(t, "owner", room.OwnerName, "Ben")
}
