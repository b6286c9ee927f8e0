package chat_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// The bots of a person are counted while that person can make no other, so that many requests at once make no more of
// them.
func TestNobodyMakesMoreBotsAtOnce(t *testing.T) {
	w := newFixtureOn(t, dbtest.OpenPostgres(t))
	ana := w.addUser(t, "Ana")
	var all sync.WaitGroup
	for range 2 * chat.MaxBots {
		all.Go(func() {
			if _, _, err := w.CreateBot(t.Context(), ana, "Robot"); err != nil && chat.CodeOf(err) != chat.Conflict {
				t.Error(err)
			}
		})
	}
	all.Wait()
	bots, _, _, err := w.Bots(t.Context(), ana)
	must(t, err)
	wantEqual(t, "bots", len(bots), chat.MaxBots)
}

// Who is being disabled makes no bot that would stay behind, on either side of it or between.
func TestNobodyLeavesABotBehind(t *testing.T) {
	w := newFixtureOn(t, dbtest.OpenPostgres(t))
	admin := w.addUser(t, "Admin")
	for i := range 15 {
		ana := w.addUser(t, fmt.Sprint("Ana", i))
		_, first, err := w.CreateBot(t.Context(), ana, "First")
		must(t, err)
		wantEqual(t, "a token", w.tokenIsValid(t, first), true)
		tokens := make([]string, 4)
		var all sync.WaitGroup
		for n := range tokens {
			all.Go(func() { _, tokens[n], _ = w.CreateBot(t.Context(), ana, "Another") })
		}
		all.Go(func() { must(t, w.DisableUser(t.Context(), admin, ana.ID)) })
		all.Wait()
		for _, token := range append(tokens, first) {
			wantEqual(t, "a token of somebody disabled", w.tokenIsValid(t, token), false)
		}
		_, _, err = w.CreateBot(t.Context(), ana, "Late") // by a request that began before
		wantCode(t, "too late", err, chat.NotFound)
	}
}

func TestABotComesBackAfterItsOwnerAndEmptyHanded(t *testing.T) {
	w := newFixture(t)
	admin, ana := w.addUser(t, "Admin"), w.addUser(t, "Ana")
	bot, token, err := w.CreateBot(t.Context(), ana, "Robot")
	must(t, err)
	_, secret, err := w.CreateWebhook(t.Context(), ana, bot.ID, chat.General)
	must(t, err)
	hooked := func() error { _, err := w.Webhook(t.Context(), secret); return err }
	must(t, hooked())

	must(t, w.DisableUser(t.Context(), admin, ana.ID))
	wantCode(t, "a bot before its owner", w.EnableUser(t.Context(), admin, bot.ID), chat.Conflict)
	must(t, w.EnableUser(t.Context(), admin, ana.ID))
	must(t, w.EnableUser(t.Context(), admin, bot.ID))
	wantEqual(t, "its token", w.tokenIsValid(t, token), false)
	wantCode(t, "its hook", hooked(), chat.NotFound)
	_, token, err = w.RotateBotToken(t.Context(), ana, bot.ID)
	must(t, err)
	wantEqual(t, "a new token", w.tokenIsValid(t, token), true)
}

func TestABotsTokenLivesAYearFromItsLastUse(t *testing.T) {
	w := newFixture(t)
	now := w.useFakeClock()
	bot, token, err := w.CreateBot(t.Context(), w.addUser(t, "Ana"), "Robot")
	must(t, err)
	wantEqual(t, "role", bot.Role, chat.RoleMember)
	for range 3 {
		now.advance(364 * 24 * time.Hour)
		wantEqual(t, "in use", w.tokenIsValid(t, token), true)
	}
	now.advance(366 * 24 * time.Hour)
	wantEqual(t, "a year unused", w.tokenIsValid(t, token), false)
}

func TestWhoIsRemovedKeepsNoBotInTheRoom(t *testing.T) {
	w := newFixture(t)
	ana, mal := w.addUser(t, "Ana"), w.addUser(t, "Mal")
	bot, _, err := w.CreateBot(t.Context(), mal, "Robot")
	must(t, err)
	outside, _, err := w.CreateBot(t.Context(), mal, "Outside")
	must(t, err)
	room := w.createRoom(t, ana, "Garden", chat.AccessOpen)
	must(t, w.JoinRoom(t.Context(), mal, room.ID))
	must(t, w.JoinRoom(t.Context(), bot, room.ID))
	wantEqual(t, "as Ana", w.roomSeenBy(t, ana, room), "3 with Ana as owner")

	must(t, w.RemoveMember(t.Context(), ana, room.ID, mal.ID))
	wantEqual(t, "announced", w.recorder.last(), chat.Event(chat.MemberLeft{StreamKey: room.StreamKey(), User: bot.ID, Seq: 5}))
	wantEqual(t, "as Ana", w.roomSeenBy(t, ana, room), "1 with Ana as owner")
	_, err = w.Conversation(t.Context(), bot, room.Ref())
	wantCode(t, "the bot reads", err, chat.NotFound)
	for _, b := range []chat.User{bot, outside} {
		wantCode(t, "it comes by itself", w.JoinRoom(t.Context(), b, room.ID), chat.Forbidden)
	}
	wantEqual(t, "a number for each change", w.post(t, ana, room.Ref(), "hello").Seq, 6)

	must(t, w.Invite(t.Context(), ana, room.ID, mal.ID)) // the owner changes her mind
	must(t, w.JoinRoom(t.Context(), outside, room.ID))
	must(t, w.LeaveRoom(t.Context(), mal, room.ID))
	wantEqual(t, "who leaves may leave a bot there", w.roomSeenBy(t, ana, room), "2 with Ana as owner")
}

func TestABotRemovesItsOwnerAndStays(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	bot, _, err := w.CreateBot(t.Context(), ana, "Robot")
	must(t, err)
	room := w.createRoom(t, bot, "Machines", chat.AccessOpen)
	must(t, w.JoinRoom(t.Context(), ana, room.ID))
	must(t, w.RemoveMember(t.Context(), bot, room.ID, ana.ID))
	wantEqual(t, "as the bot", w.roomSeenBy(t, bot, room), "1 with Robot as owner")
}

func TestARoomPassesToAPersonBeforeABot(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	bot, _, err := w.CreateBot(t.Context(), ana, "Robot")
	must(t, err)
	room, err := w.CreateRoom(t.Context(), ana, chat.NewRoom{Name: "Builds", Access: chat.AccessInviteOnly})
	must(t, err)
	must(t, w.Invite(t.Context(), ana, room.ID, bot.ID))
	must(t, w.Invite(t.Context(), ana, room.ID, ben.ID))
	must(t, w.LeaveRoom(t.Context(), ana, room.ID))
	room, err = w.Room(t.Context(), ben, room.ID)
	must(t, err)
	wantEqual(t, "owner", room.OwnerName, "Ben")
}
