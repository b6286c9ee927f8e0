package chat_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// TestBotLimitUnderConcurrency checks that a person cannot exceed the limit by creating many bots at the same time.
func TestBotLimitUnderConcurrency(t *testing.T) {
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

// TestDisablingRacesWithCreatingBots checks that no bot of a disabled person has a working token, whether it was
// created before, during or after the person was disabled.
func TestDisablingRacesWithCreatingBots(t *testing.T) {
	w := newFixtureOn(t, dbtest.OpenPostgres(t))
	admin := w.addUser(t, "Admin")
	for i := range 15 {
		ana := w.addUser(t, fmt.Sprint("Ana", i))
		_, first, err := w.CreateBot(t.Context(), ana, "First")
		must(t, err)
		wantEqual(t, "token before disabling is valid", w.tokenIsValid(t, first), true)
		tokens := make([]string, 4)
		var all sync.WaitGroup
		for n := range tokens {
			all.Go(func() { _, tokens[n], _ = w.CreateBot(t.Context(), ana, "Another") })
		}
		all.Go(func() { must(t, w.DisableUser(t.Context(), admin, ana.ID)) })
		all.Wait()
		for _, token := range append(tokens, first) {
			wantEqual(t, "token of a disabled owner is valid", w.tokenIsValid(t, token), false)
		}
		_, _, err = w.CreateBot(t.Context(), ana, "Late") // by a request that started before
		wantCode(t, "creating a bot after being disabled", err, chat.NotFound)
	}
}

func TestEnablingABot(t *testing.T) {
	w := newFixture(t)
	admin, ana := w.addUser(t, "Admin"), w.addUser(t, "Ana")
	bot, token, err := w.CreateBot(t.Context(), ana, "Robot")
	must(t, err)
	_, secret, err := w.CreateWebhook(t.Context(), ana, bot.ID, chat.General)
	must(t, err)
	useWebhook := func() error { _, err := w.Webhook(t.Context(), secret); return err }
	must(t, useWebhook())

	must(t, w.DisableUser(t.Context(), admin, ana.ID))
	wantCode(t, "enabling a bot before its owner", w.EnableUser(t.Context(), admin, bot.ID), chat.Conflict)
	must(t, w.EnableUser(t.Context(), admin, ana.ID))
	must(t, w.EnableUser(t.Context(), admin, bot.ID))
	wantEqual(t, "its old token is valid", w.tokenIsValid(t, token), false)
	wantCode(t, "its webhook", useWebhook(), chat.NotFound)
	_, token, err = w.RotateBotToken(t.Context(), ana, bot.ID)
	must(t, err)
	wantEqual(t, "its new token is valid", w.tokenIsValid(t, token), true)
}

func TestBotTokenExpiresAYearAfterLastUse(t *testing.T) {
	w := newFixture(t)
	now := w.useFakeClock()
	bot, token, err := w.CreateBot(t.Context(), w.addUser(t, "Ana"), "Robot")
	must(t, err)
	wantEqual(t, "role", bot.Role, chat.RoleMember)
	for range 3 {
		now.advance(364 * 24 * time.Hour)
		wantEqual(t, "token in use is valid", w.tokenIsValid(t, token), true)
	}
	now.advance(366 * 24 * time.Hour)
	wantEqual(t, "token unused for a year is valid", w.tokenIsValid(t, token), false)
}

func TestRemovingAMemberRemovesTheirBots(t *testing.T) {
	w := newFixture(t)
	ana, mal := w.addUser(t, "Ana"), w.addUser(t, "Mal")
	bot, _, err := w.CreateBot(t.Context(), mal, "Robot")
	must(t, err)
	outside, _, err := w.CreateBot(t.Context(), mal, "Outside")
	must(t, err)
	room := w.createRoom(t, ana, "Garden", chat.AccessOpen)
	must(t, w.JoinRoom(t.Context(), mal, room.ID))
	must(t, w.JoinRoom(t.Context(), bot, room.ID))
	wantEqual(t, "room seen by Ana", w.roomSeenBy(t, ana, room), "3 with Ana as owner")

	must(t, w.RemoveMember(t.Context(), ana, room.ID, mal.ID))
	wantEqual(
		t, "announced", w.recorder.last(),
		chat.Event(chat.MemberLeft{StreamKey: room.StreamKey(), User: bot.ID, Seq: 5}),
	)
	wantEqual(t, "room seen by Ana", w.roomSeenBy(t, ana, room), "1 with Ana as owner")
	_, err = w.Conversation(t.Context(), bot, room.Ref())
	wantCode(t, "the bot reads the room", err, chat.NotFound)
	for _, b := range []chat.User{bot, outside} {
		wantCode(t, "a bot joins by itself", w.JoinRoom(t.Context(), b, room.ID), chat.Forbidden)
	}
	wantEqual(t, "seq after five changes", w.post(t, ana, room.Ref(), "hello").Seq, 6)

	must(t, w.Invite(t.Context(), ana, room.ID, mal.ID)) // the owner invites the removed member again
	must(t, w.JoinRoom(t.Context(), outside, room.ID))
	must(t, w.LeaveRoom(t.Context(), mal, room.ID))
	wantEqual(t, "room after the owner of a bot left", w.roomSeenBy(t, ana, room), "2 with Ana as owner")
}

func TestBotRemovesItsOwner(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	bot, _, err := w.CreateBot(t.Context(), ana, "Robot")
	must(t, err)
	room := w.createRoom(t, bot, "Machines", chat.AccessOpen)
	must(t, w.JoinRoom(t.Context(), ana, room.ID))
	must(t, w.RemoveMember(t.Context(), bot, room.ID, ana.ID))
	wantEqual(t, "room seen by the bot", w.roomSeenBy(t, bot, room), "1 with Robot as owner")
}

func TestPeopleInheritRoomsBeforeBots(t *testing.T) {
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
