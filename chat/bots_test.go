package chat_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// The bots of a person are counted while that person can make no other, so that many requests at once make no more of them.
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

// Who is being disabled makes no bot that would stay behind, on either side of it or between.
func TestNobodyLeavesABotBehind(t *testing.T) {
	store, d := dbtest.OpenPostgres(t), &diary{}
	w := world{Service: chat.NewService(store, d, time.UTC), diary: d, store: store}
	admin := w.person(t, "Admin")
	for i := range 15 {
		ana := w.person(t, fmt.Sprint("Ana", i))
		_, first, err := w.MakeBot(t.Context(), ana, "First")
		must(t, err)
		same(t, "a token", w.bearer(t, first), true)
		tokens := make([]string, 4)
		var all sync.WaitGroup
		for n := range tokens {
			all.Go(func() { _, tokens[n], _ = w.MakeBot(t.Context(), ana, "Another") })
		}
		all.Go(func() { must(t, w.DisablePerson(t.Context(), admin, ana.ID)) })
		all.Wait()
		for _, token := range append(tokens, first) {
			same(t, "a token of somebody disabled", w.bearer(t, token), false)
		}
		_, _, err = w.MakeBot(t.Context(), ana, "Late") // by a request that began before
		code(t, "too late", err, chat.NotFound)
	}
}

func TestABotComesBackAfterItsOwnerAndEmptyHanded(t *testing.T) {
	w := newWorld(t)
	admin, ana := w.person(t, "Admin"), w.person(t, "Ana")
	bot, token, err := w.MakeBot(t.Context(), ana, "Robot")
	must(t, err)
	_, secret, err := w.MakeHook(t.Context(), ana, bot.ID, chat.General)
	must(t, err)
	hooked := func() error { _, err := w.Hook(t.Context(), secret); return err }
	must(t, hooked())

	must(t, w.DisablePerson(t.Context(), admin, ana.ID))
	code(t, "a bot before its owner", w.EnablePerson(t.Context(), admin, bot.ID), chat.Conflict)
	must(t, w.EnablePerson(t.Context(), admin, ana.ID))
	must(t, w.EnablePerson(t.Context(), admin, bot.ID))
	same(t, "its token", w.bearer(t, token), false)
	code(t, "its hook", hooked(), chat.NotFound)
	_, token, err = w.RenewBot(t.Context(), ana, bot.ID)
	must(t, err)
	same(t, "a new token", w.bearer(t, token), true)
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

func TestWhoIsRemovedKeepsNoBotInTheRoom(t *testing.T) {
	w := newWorld(t)
	ana, mal := w.person(t, "Ana"), w.person(t, "Mal")
	bot, _, err := w.MakeBot(t.Context(), mal, "Robot")
	must(t, err)
	outside, _, err := w.MakeBot(t.Context(), mal, "Outside")
	must(t, err)
	room := w.room(t, ana, "Garden", chat.Open)
	must(t, w.JoinRoom(t.Context(), mal, room.ID))
	must(t, w.JoinRoom(t.Context(), bot, room.ID))
	same(t, "as Ana", w.as(t, ana, room), "3 with Ana as owner")

	must(t, w.RemoveMember(t.Context(), ana, room.ID, mal.ID))
	same(t, "announced", w.diary.last(), chat.Event(chat.MemberLeft{Topic: room.Topic(), User: bot.ID, Seq: 5}))
	same(t, "as Ana", w.as(t, ana, room), "1 with Ana as owner")
	_, err = w.Conversation(t.Context(), bot, room.Place())
	code(t, "the bot reads", err, chat.NotFound)
	for _, b := range []chat.User{bot, outside} {
		code(t, "it comes by itself", w.JoinRoom(t.Context(), b, room.ID), chat.Forbidden)
	}
	same(t, "a number for each change", w.say(t, ana, room.Place(), "hello").Seq, 6)

	must(t, w.Invite(t.Context(), ana, room.ID, mal.ID)) // the owner changes her mind
	must(t, w.JoinRoom(t.Context(), outside, room.ID))
	must(t, w.LeaveRoom(t.Context(), mal, room.ID))
	same(t, "who leaves may leave a bot there", w.as(t, ana, room), "2 with Ana as owner")
}

func TestABotRemovesItsOwnerAndStays(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	bot, _, err := w.MakeBot(t.Context(), ana, "Robot")
	must(t, err)
	room := w.room(t, bot, "Machines", chat.Open)
	must(t, w.JoinRoom(t.Context(), ana, room.ID))
	must(t, w.RemoveMember(t.Context(), bot, room.ID, ana.ID))
	same(t, "as the bot", w.as(t, bot, room), "1 with Robot as owner")
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
