package handlers_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"charla/chat"
	"charla/push"
)

// pushes lets the courier go once and returns the notes that the server took.
func (a *away) pushes(t testing.TB) []push.Note {
	t.Helper()
	a.delivers(t)
	return a.ntfy.took()
}

func (b *browser) follows(topic, rooms, words string) {
	b.t.Helper()
	b.post("/settings/push", []string{"topic", topic, "rooms", rooms, "words", words}).to("/settings?saved=push")
}

// Whoever has a bot's token for a while must not keep reading by push.
func TestABotHasNoPushes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta", "berta@example.org")
		bot := ana.makesBot("Robot")
		bot.post("/settings/push", []string{"topic", "thiefs", "rooms", "1", "words", "1"}, asJSON).failed(403, "forbidden", "")
		bot.post("/settings/mail", []string{"mail", "soon"}, asJSON).failed(403, "forbidden", "")
		ana.post("/bots/"+text(bot.user.ID)+"/renew", nil, asJSON).is(200)
		berta.say("room=1", "for those in the room")
		equal(t, "pushes", len(a.pushes(t)), 0)
	})
}

func TestAPushTellsWhoIsAway(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta Ñandú", "berta@example.org")
		a.exec(`UPDATE users SET locale = 'es' WHERE id = $1`, ana.user.ID)
		a.pushes(t)
		berta.say(ana.with(), "before there was a topic")
		equal(t, "pushes", len(a.pushes(t)), 0)
		ana.post("/read", []string{"with", text(berta.user.ID), "seq", "9"}).is(204)
		ana.follows("Ana_s-topic", "", "")

		berta.say(ana.with(), "a secret word")
		notes := a.pushes(t)
		equal(t, "pushes", len(notes), 1)
		want := push.Note{Topic: "Ana_s-topic", Title: "Berta Ñandú", Message: "1 sin leer", Click: "https://chat.example.org/messages?with=" + text(berta.user.ID), Tags: []string{"speech_balloon"}}
		if n := notes[0]; n.Topic != want.Topic || n.Title != want.Title || n.Message != want.Message || n.Click != want.Click || !slices.Equal(n.Tags, want.Tags) {
			t.Errorf("got %+v, want %+v", n, want)
		}

		berta.say(ana.with(), "one more")
		equal(t, "until it is read", len(a.pushes(t)), 0)
		ana.post("/read", []string{"with", text(berta.user.ID), "seq", "9"}).is(204)
		berta.say(ana.with(), "after it was read")
		equal(t, "pushes", len(a.pushes(t)), 1)

		berta.say("room=1", "to everybody")
		equal(t, "for rooms", len(a.pushes(t)), 0)
		ana.follows("Ana_s-topic", "1", "1")
		berta.say("room=1", "to <b>everybody</b>\nagain")
		notes = a.pushes(t)
		equal(t, "for rooms by choice", len(notes), 1)
		equal(t, "in", notes[0].Title, "General")
		equal(t, "with words by choice", notes[0].Message, "Berta Ñandú: to <b>everybody</b> again")

		ana.say("room=1", "own words")
		ana.follows("", "1", "1")
		ana.post("/read", []string{"room", "1", "seq", "9"}).is(204)
		berta.say("room=1", "without a topic")
		equal(t, "pushes", len(a.pushes(t)), 0)
	})
}

func TestNoPushToWhoIsHereOrHasReadIt(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta", "berta@example.org")
	ana.follows("topic", "", "")
	a.pushes(t)
	stream := ana.listen("/events")
	stream.brings("here-count")
	berta.say(ana.with(), "hello")
	equal(t, "while here", len(a.pushes(t)), 0)
	equal(t, "rows", a.count(`SELECT COUNT(*) FROM outbox`), 0)

	carla := a.member(t, "Carla", "carla@example.org")
	carla.follows("carlas", "", "")
	berta.say(carla.with(), "hello")
	a.exec(`UPDATE looks SET until = 0`)
	a.Look(t.Context(), chat.ByPush)
	equal(t, "rows", a.count(`SELECT COUNT(*) FROM outbox`), 1)
	carla.post("/read", []string{"with", text(berta.user.ID), "seq", "9"}).is(204)
	equal(t, "read meanwhile", len(a.pushes(t)), 0)
	equal(t, "rows", a.count(`SELECT COUNT(*) FROM outbox`), 0)
}

func TestPushesAreTriedAgain(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta", "berta@example.org")
	ana.follows("topic", "", "")
	a.pushes(t)
	berta.say(ana.with(), "hello")
	for _, status := range []int{http.StatusInternalServerError, http.StatusTooManyRequests, http.StatusFound} {
		a.ntfy.answer(status)
		equal(t, "pushes", len(a.pushes(t)), 0)
		equal(t, "why", a.count(`SELECT COUNT(*) FROM outbox WHERE error LIKE $1`, "%"+text(int64(status))+"%"), 1)
		a.exec(`UPDATE outbox SET next_at = 1`)
	}
	a.ntfy.answer(http.StatusOK)
	equal(t, "pushes", len(a.pushes(t)), 1)
}

func TestATopicIsNoAddress(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	ana := a.member(t, "Ana", "ana@example.org")
	ana.get("/settings").is(200).has(`action="/settings/push"`, `action="/settings/mail"`).lacks(`action="/settings/push/test"`)
	ana.post("/settings/push/test", nil).is(422).has("Save a topic first")
	for _, topic := range []string{"a/b", "../admin", "http://127.0.0.1:1", "a b", "ñ", "a\nb", "a%2Fb", strings.Repeat("a", 65), "a?x=1"} {
		ana.post("/settings/push", []string{"topic", topic}, asJSON).failed(422, "invalid", "topic")
	}
	ana.postJSON("/settings/push", map[string]any{"topic": "mine", "rooms": true, "words": true}).is(204)
	ana.get("/settings", asJSON).is(200).has(`"topic":"mine","rooms":true,"words":true`)
	ana.get("/settings").has(`value="mine"`, `action="/settings/push/test"`)
	ana.post("/settings/push/test", nil).to("/settings?saved=test")
	ana.get("/settings?saved=test").has("on its way")
	notes := a.pushes(t)
	equal(t, "pushes", len(notes), 1)
	equal(t, "topic", notes[0].Topic, "mine")
	equal(t, "words", notes[0].Message, "Push messages reach you.")
}

// everybody is here, but for one.
type everybodyBut int64

func (but everybodyBut) Online(ids ...int64) map[int64]bool {
	here := map[int64]bool{}
	for _, id := range ids {
		here[id] = id != int64(but)
	}
	return here
}

func TestACrowdThatIsHereHidesNobodyWhoIsAway(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		berta := a.member(t, "Berta", "berta@example.org")
		for n := range 250 {
			a.exec(`INSERT INTO users (name, name_key, email, email_key, password_hash, locale, role, created_at, push_topic, push_rooms)
				VALUES ('X', 'x', $1, $1, '', '', 'member', 1, 'topic', TRUE)`, text(int64(n)))
		}
		a.exec(`INSERT INTO members (room_id, user_id, role, read_seq) SELECT 1, id, 'member', 0 FROM users WHERE push_topic <> ''`)
		a.pushes(t)
		last := a.count(`SELECT MAX(id) FROM users`)
		a.Here = everybodyBut(last)
		berta.say("room=1", "hello")
		equal(t, "pushes", len(a.pushes(t)), 1)
		equal(t, "of who is away", a.count(`SELECT COUNT(*) FROM members WHERE pushed_seq > 0 AND user_id = $1`, last), 1)
	})
}

func TestAStallingServerKeepsNothingFromBeingSeen(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta", "berta@example.org")
	ana.follows("topic", "", "")
	a.pushes(t)
	a.ntfy.stall = make(chan struct{})
	ana.post("/settings/push/test", nil).is(303)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); a.Run(ctx) }()
	eventually(t, "the server to be asked", func() bool { a.ntfy.mu.Lock(); defer a.ntfy.mu.Unlock(); return a.ntfy.tries > 0 })
	berta.say(ana.with(), "hello")
	eventually(t, "the message to be seen", func() bool { return a.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'push'`) == 1 })
	stop()
	<-done
	close(a.ntfy.stall)
}

func TestPushesToTryAreLimited(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t, limited))
	ana := a.member(t, "Ana", "ana@example.org")
	ana.follows("somebody-elses", "", "")
	sent := 0
	for ; sent < 100 && ana.post("/settings/push/test", nil).status == http.StatusSeeOther; sent++ {
	}
	equal(t, "pushes", sent, 10)
}
