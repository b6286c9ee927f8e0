package handlers_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"charla/chat"
	"charla/notify/ntfy"
)

// deliverPushes delivers everything that is due and returns the push notifications.
func (a *notifiedServer) deliverPushes(t testing.TB) []ntfy.Notification {
	t.Helper()
	a.deliverAll(t)
	return a.ntfy.takePublished()
}

func (b *client) setPushSettings(topic, rooms, words string) {
	b.t.Helper()
	b.post("/settings/push", []string{"topic", topic, "rooms", rooms, "include_text", words}).
		redirectsTo("/settings?saved=push")
}

// Somebody who had the token of a bot for a while must not get its messages as push notifications afterwards.
func TestBotsGetNoPushNotifications(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta",
			"berta@example.org")
		bot := ana.createBot("Robot")
		bot.post("/settings/push", []string{"topic", "thiefs", "rooms", "1", "include_text", "1"}, asJSON).
			isError(403, "forbidden", "")
		bot.post("/settings/mail", []string{"mail", "soon"}, asJSON).isError(403, "forbidden", "")
		ana.post("/bots/"+formatID(bot.user.ID)+"/renew", nil, asJSON).is(200)
		berta.sendMessage("room=1", "for those in the room")
		equal(t, "pushes", len(a.deliverPushes(t)), 0)
	})
}

func TestPushNotification(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta Ñandú",
			"berta@example.org")
		a.exec(`UPDATE users SET locale = 'es' WHERE id = $1`, ana.user.ID)
		a.deliverPushes(t)
		berta.sendMessage(ana.peerQuery(), "before there was a topic")
		equal(t, "pushes", len(a.deliverPushes(t)), 0)
		ana.post("/read", []string{"with", formatID(berta.user.ID), "seq", "9"}).is(204)
		ana.setPushSettings("Ana_s-topic", "", "")

		berta.sendMessage(ana.peerQuery(), "a secret word")
		notes := a.deliverPushes(t)
		equal(t, "pushes", len(notes), 1)
		want := ntfy.Notification{
			Topic: "Ana_s-topic", Title: "Berta Ñandú", Message: "1 sin leer", Tags: []string{"speech_balloon"},
			Click: "https://chat.example.org/messages?with=" + formatID(berta.user.ID),
		}
		if n := notes[0]; n.Topic != want.Topic || n.Title != want.Title || n.Message != want.Message ||
			n.Click != want.Click ||
			!slices.Equal(n.Tags, want.Tags) {
			t.Errorf("got %+v, want %+v", n, want)
		}

		berta.sendMessage(ana.peerQuery(), "one more")
		equal(t, "until it is read", len(a.deliverPushes(t)), 0)
		ana.post("/read", []string{"with", formatID(berta.user.ID), "seq", "9"}).is(204)
		berta.sendMessage(ana.peerQuery(), "after it was read")
		equal(t, "pushes", len(a.deliverPushes(t)), 1)

		berta.sendMessage("room=1", "to everybody")
		equal(t, "for rooms", len(a.deliverPushes(t)), 0)
		ana.setPushSettings("Ana_s-topic", "1", "1")
		berta.sendMessage("room=1", "to <b>everybody</b>\nagain")
		notes = a.deliverPushes(t)
		equal(t, "for rooms by choice", len(notes), 1)
		equal(t, "in", notes[0].Title, "General")
		equal(t, "with the text", notes[0].Message, "Berta Ñandú: to <b>everybody</b> again")

		ana.sendMessage("room=1", "own words")
		ana.setPushSettings("", "1", "1")
		ana.post("/read", []string{"room", "1", "seq", "9"}).is(204)
		berta.sendMessage("room=1", "without a topic")
		equal(t, "pushes", len(a.deliverPushes(t)), 0)
	})
}

func TestNoPushToOnlineOrCaughtUpUsers(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta", "berta@example.org")
	ana.setPushSettings("topic", "", "")
	a.deliverPushes(t)
	stream := ana.listen("/events")
	stream.waitForPresence()
	berta.sendMessage(ana.peerQuery(), "hello")
	equal(t, "while online", len(a.deliverPushes(t)), 0)
	equal(t, "rows", a.count(`SELECT COUNT(*) FROM notifications`), 0)

	carla := a.newConfirmedUser(t, "Carla", "carla@example.org")
	carla.setPushSettings("carlas", "", "")
	berta.sendMessage(carla.peerQuery(), "hello")
	a.exec(`UPDATE scan_cursors SET claimed_until = 0`)
	a.ScanUnread(t.Context(), chat.MediumPush)
	equal(t, "rows", a.count(`SELECT COUNT(*) FROM notifications`), 1)
	carla.post("/read", []string{"with", formatID(berta.user.ID), "seq", "9"}).is(204)
	equal(t, "read meanwhile", len(a.deliverPushes(t)), 0)
	equal(t, "rows", a.count(`SELECT COUNT(*) FROM notifications`), 0)
}

func TestPushRetries(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta", "berta@example.org")
	ana.setPushSettings("topic", "", "")
	a.deliverPushes(t)
	berta.sendMessage(ana.peerQuery(), "hello")
	for _, status := range []int{http.StatusInternalServerError, http.StatusTooManyRequests, http.StatusFound} {
		a.ntfy.setStatus(status)
		equal(t, "pushes", len(a.deliverPushes(t)), 0)
		equal(t, "why",
			a.count(`SELECT COUNT(*) FROM notifications WHERE last_error LIKE $1`, "%"+formatID(int64(status))+"%"), 1)
		a.exec(`UPDATE notifications SET next_attempt_at = 1`)
	}
	a.ntfy.setStatus(http.StatusOK)
	equal(t, "pushes", len(a.deliverPushes(t)), 1)
}

func TestPushTopicValidation(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	ana := a.newConfirmedUser(t, "Ana", "ana@example.org")
	ana.get("/settings").is(200).shows("[action='/settings/push']").shows("[action='/settings/mail']").
		hides("[action='/settings/push/test']")
	ana.post("/settings/push/test", nil).is(422).has("Save an ntfy topic first")
	for _, topic := range []string{"a/b", "../admin", "http://127.0.0.1:1", "a b", "ñ", "a\nb", "a%2Fb", strings.Repeat("a", 65), "a?x=1"} {
		ana.post("/settings/push", []string{"topic", topic}, asJSON).isError(422, "invalid", "topic")
	}
	ana.postJSON("/settings/push", map[string]any{"topic": "mine", "rooms": true, "include_text": true}).is(204)
	ana.get("/settings", asJSON).is(200).has(`"topic":"mine","rooms":true,"include_text":true`)
	ana.get("/settings").shows("[value=mine]").shows("[action='/settings/push/test']")
	ana.post("/settings/push/test", nil).redirectsTo("/settings?saved=test")
	ana.get("/settings?saved=test").has("Test notification sent.")
	notes := a.deliverPushes(t)
	equal(t, "pushes", len(notes), 1)
	equal(t, "topic", notes[0].Topic, "mine")
	equal(t, "text", notes[0].Message, "Push notifications are working.")
}

// onlineExcept reports everybody as online except one user.
type onlineExcept int64

func (but onlineExcept) Online(ids ...int64) map[int64]bool {
	here := map[int64]bool{}
	for _, id := range ids {
		here[id] = id != int64(but)
	}
	return here
}

func TestManyOnlineUsersDoNotHideAwayOnes(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		berta := a.newConfirmedUser(t, "Berta", "berta@example.org")
		for n := range 250 {
			a.exec(
				`INSERT INTO users (name, name_key, email, email_key, password_hash, locale, role, created_at, ntfy_topic, push_rooms)
				VALUES ('X', 'x', $1, $1, '', '', 'member', 1, 'topic', TRUE)`,
				formatID(int64(n)),
			)
		}
		a.exec(
			`INSERT INTO members (room_id, user_id, role, read_seq) SELECT 1, id, 'member', 0 FROM users WHERE ntfy_topic <> ''`)
		a.deliverPushes(t)
		last := a.count(`SELECT MAX(id) FROM users`)
		a.Presence = onlineExcept(last)
		berta.sendMessage("room=1", "hello")
		equal(t, "pushes", len(a.deliverPushes(t)), 1)
		equal(t, "notified users", a.count(`SELECT COUNT(*) FROM members WHERE pushed_seq > 0 AND user_id = $1`, last),
			1)
	})
}

func TestStalledNtfyDoesNotBlockScanning(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta", "berta@example.org")
	ana.setPushSettings("topic", "", "")
	a.deliverPushes(t)
	a.ntfy.stall = make(chan struct{})
	ana.post("/settings/push/test", nil).is(303)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); a.Run(ctx) }()
	eventually(t, "the server to be asked",
		func() bool { a.ntfy.mu.Lock(); defer a.ntfy.mu.Unlock(); return a.ntfy.requests > 0 })
	berta.sendMessage(ana.peerQuery(), "hello")
	eventually(t, "the message to be seen",
		func() bool { return a.count(`SELECT COUNT(*) FROM notifications WHERE kind = 'unread_push'`) == 1 })
	stop()
	<-done
	close(a.ntfy.stall)
}

func TestPushTestRateLimit(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withRateLimits, withMedia))
	ana := a.newConfirmedUser(t, "Ana", "ana@example.org")
	ana.setPushSettings("somebody-elses", "", "")
	sent := 0
	for ; sent < 100 && ana.post("/settings/push/test", nil).status == http.StatusSeeOther; sent++ {
	}
	equal(t, "pushes", sent, 10)
}

// TestPushAboutAnAddedMention: an edit that mentions somebody sends the push that a new message would send, also if they
// have read the message before.
func TestPushAboutAnAddedMention(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta",
			"berta@example.org")
		ana.setPushSettings("anas", "", "1")
		m := berta.sendMessage("room=1", "for everybody")
		ana.post("/read", []string{"room", "1", "seq", formatID(m.Seq)}, asJSON).is(204)
		equal(t, "pushes before the edit", len(a.deliverPushes(t)), 0)
		berta.editMessage(m, "for @ana")
		notes := a.deliverPushes(t)
		equal(t, "pushes", len(notes), 1)
		equal(t, "text", notes[0].Title+": "+notes[0].Message, "General: Berta: for @ana")
		berta.editMessage(m, "for @ana again")
		equal(t, "pushes about the same mention", len(a.deliverPushes(t)), 0)
		berta.editMessage(m, "for nobody")
		berta.editMessage(m, "for @ana after all")
		ana.post("/inbox/seen", []string{"upto", "1000"}, asJSON).is(204)
		equal(t, "pushes about what was seen", len(a.deliverPushes(t)), 0)
	})
}
