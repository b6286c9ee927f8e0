package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// erase does what is left to do of deleted accounts, and returns in how many steps.
func (s *site) erase() (steps int) {
	s.t.Helper()
	for {
		more, err := s.chat.EraseSome(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if !more {
			return steps
		}
		steps++
	}
}

// everyNumberIsTakenOnce compares the numbers of a direct conversation with what took one: messages as posted and as changed,
// and departures. What was changed twice hides a number, so nothing may have been.
func (s *site) everyNumberIsTakenOnce(room int64) {
	s.t.Helper()
	taken := s.count(`SELECT COUNT(*) FROM (
		SELECT seq AS n FROM messages WHERE room_id = $1
		UNION ALL SELECT changed_seq FROM messages WHERE room_id = $1 AND changed_seq > seq
		UNION ALL SELECT seq FROM departures WHERE room_id = $1) AS numbers`, room)
	equal(s.t, "numbers taken by changes", taken, s.seq(room))
}

// leaver is somebody with a password who has left traces: in General, with Berta, in a room of their own and in one that they
// left, in their notes; reactions, a draft, an emoji, files, a picture, a bot.
type leaver struct {
	*browser
	berta     *browser
	bot       *browser
	own, past int64
	general   message // Berta's, with a reaction of theirs
	direct    int64
}

func newLeaver(s *site) leaver {
	s.t.Helper()
	l := leaver{berta: s.guest().register("Berta", "berta@example.org")}
	l.browser = s.guest().register("Ana", "ana@example.org")
	l.own = l.makes("Kitchen", "open", l.berta)
	l.past = l.berta.makes("Cellar", "open", l.browser)
	for _, place := range []string{"room=1", l.berta.with(), "room=" + text(l.own), "room=" + text(l.past), l.with()} {
		l.say(place, "words of Ana")
	}
	l.post("/rooms/"+text(l.past)+"/leave", nil, asJSON).is(204)
	l.general = l.berta.say("room=1", "words of Berta")
	l.react(l.general, "🎉").is(200)
	l.berta.react(l.general, "👍").is(200)
	l.direct = l.berta.say(l.with(), "dear Ana").Room
	l.post("/typing", []string{"room", "1", "body", "a beginning"}, asHTMX).is(204)
	l.postParts("/messages", []string{"room", "1", "body", "a file", "<sent.txt", "bytes of Ana"}).is(303)
	l.postParts("/files", []string{"room", "1", "<waits.txt", "other bytes of Ana"}).is(303)
	l.postParts("/settings/avatar", []string{"<me.png", picture(200, 200)}).is(303)
	l.bot = l.makesBot("Robot")
	return l
}

func TestADeletedAccountThatLeavesItsWords(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ana := newLeaver(s)
		berta := ana.berta
		again := s.signIn(ana.user)
		streams := []*stream{ana.listen("/events?room=1"), again.listen("/events?" + berta.with())}
		readers := []*reader{watch(berta, asPage, "room=1"), watch(berta, asPage, ana.with()), watch(berta, asPage, "room="+text(ana.past))}
		for _, r := range readers {
			defer r.close()
		}
		for _, st := range streams {
			st.brings("here-count")
		}
		s.exec(`UPDATE users SET push_topic = 'a topic' WHERE id = $1`, ana.user.ID)
		start := time.Now()
		ana.post("/settings/delete", []string{"current", phrase, "words", "leave"}).to("/login?ended=deleted")
		for _, st := range streams {
			equal(t, "how a stream ended", strings.Join(st.ends(), " "), "logout bye")
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the streams ended after %v", took)
		}
		equal(t, "cookies", len(ana.cookies), 0)
		again.get("/chat", asJSON).failed(401, "unauthenticated", "")
		ana.bot.get("/chat", asJSON).failed(401, "unauthenticated", "")
		s.guest().logIn("ana@example.org", phrase).is(401)
		ana.get("/login?ended=deleted").is(200).has("Your account is deleted.")
		s.guest().register("Another Ana", "Ana@example.org").get("/chat").is(200) // the address is free

		if steps := s.erase(); steps < 4 {
			t.Errorf("all was done in %d steps", steps)
		}
		for _, place := range []string{"room=1", ana.with(), "room=" + text(ana.own), "room=" + text(ana.past)} {
			page := berta.get("/messages?"+place).is(200).has("words of Ana", "Deleted person")
			lacks(t, strings.ReplaceAll(strings.ReplaceAll(page.body, "words of Ana", ""), "Another Ana", ""), ">Ana<", "dear Ana,")
		}
		for i, r := range readers {
			fresh := parsePage(t, berta.get("/messages?"+r.place).is(200).body).lines()
			what := ""
			eventually(t, fmt.Sprintf("page %d to be the page", i), func() bool { what = r.differs(fresh); return what == "" })
		}
		berta.get("/messages?"+ana.with(), "Accept-Language: es").is(200).has("Persona eliminada", "ya no hay a quién escribir").lacks("<form id=\"composer\"")
		berta.post("/messages", []string{"with", text(ana.user.ID), "body", "too late"}, asJSON).failed(403, "forbidden", "")
		berta.post("/messages", []string{"with", text(ana.user.ID), "body", "too late"}).is(403).has("too late", "there is nobody to write to")
		berta.post("/typing", []string{"with", text(ana.user.ID), "body", "too late"}, asJSON).failed(403, "forbidden", "")
		last := decode[history](berta.get("/messages?limit=1&"+ana.with(), asJSON)).Messages[0]
		berta.react(last, "🎉").failed(403, "forbidden", "")
		s.guest().register("Carla", "carla@example.org").get("/messages?"+ana.with(), asJSON).failed(404, "not_found", "")

		m := decode[message](berta.get(ana.general.path(), asJSON).is(200))
		equal(t, "reactions", m.reactions(), "🎉 ; 👍 Berta, mine")
		berta.get("/chat?q=ana", asJSON).is(200).has("Another Ana").lacks(`"Ana"`)
		berta.get("/people?q=", asJSON).is(200).lacks(`"id":` + text(ana.user.ID) + `,`)
		berta.post("/people/"+text(ana.user.ID)+"/enable", nil, asJSON).failed(404, "not_found", "")
		berta.get("/rooms/"+text(ana.own), asJSON).is(200).has(`"count":1`, `"role":"owner"`) // it passed on

		equal(t, "memberships", s.count(`SELECT COUNT(*) FROM members WHERE user_id = $1`, ana.user.ID), 0)
		equal(t, "files that she sent", s.count(`SELECT COUNT(*) FROM files WHERE user_id = $1 AND message_id IS NOT NULL`, ana.user.ID), 1)
		equal(t, "her other files", s.count(`SELECT COUNT(*) FROM files WHERE user_id = $1`, ana.user.ID), 1)
		equal(t, "drafts, habits and what is left", s.count(`SELECT (SELECT COUNT(*) FROM drafts WHERE user_id = $1)
			+ (SELECT COUNT(*) FROM emoji_used WHERE user_id = $1) + (SELECT COUNT(*) FROM erasures)`, ana.user.ID), 0)
		equal(t, "her notes", s.count(`SELECT COUNT(*) FROM messages m JOIN rooms r ON r.id = m.room_id WHERE r.pair_low = r.pair_high AND m.body <> ''`), 0)
		equal(t, "sessions that tell where from", s.count(`SELECT COUNT(*) FROM sessions WHERE user_id IN ($1, $2) AND (user_agent <> '' OR ip <> '')`,
			ana.user.ID, ana.bot.user.ID), 0)
		equal(t, "traces in her row", s.count(`SELECT COUNT(*) FROM users WHERE id = $1 AND (name <> '' OR email <> '' OR password_hash <> '' OR push_topic <> '' OR avatar <> 0)`, ana.user.ID), 0)
		s.everyNumberIsTakenOnce(ana.direct)
	})
}

func TestADeletedAccountThatTakesItsWords(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ana := newLeaver(s)
		berta := ana.berta
		for i := range 120 {
			ana.say("room=1", fmt.Sprint("line ", i, " of Ana"))
		}
		reader := watch(berta, asPage, "room=1")
		defer reader.close()
		ana.post("/settings/delete", []string{"current", phrase, "words", "take"}, asJSON).is(204)
		if steps := s.erase(); steps < 8 {
			t.Errorf("all was done in %d steps", steps)
		}
		equal(t, "texts of Ana", s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1 AND (body <> '' OR html <> '' OR deleted_at = 0)`, ana.user.ID), 0)
		equal(t, "her messages are tombstones", s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1`, ana.user.ID), 126)
		equal(t, "her files", s.count(`SELECT COUNT(*) FROM files WHERE user_id = $1`, ana.user.ID), 0)
		equal(t, "reactions of Ana", s.count(`SELECT COUNT(*) FROM reactions WHERE user_id = $1`, ana.user.ID), 0)
		m := decode[message](berta.get(ana.general.path(), asJSON).is(200))
		equal(t, "reactions", m.reactions(), "👍 Berta, mine")
		berta.get("/messages?"+ana.with()).is(200).has("dear Ana", "This message was deleted.").lacks("words of Ana")
		equal(t, "numbers of General", s.seq(1), s.count(`SELECT MAX(changed_seq) FROM messages WHERE room_id = 1`))
		s.everyNumberIsTakenOnce(ana.direct)
		fresh := parsePage(t, berta.get("/messages?room=1").is(200).body).lines()
		what := ""
		eventually(t, "the page to be the page", func() bool { what = reader.differs(fresh); return what == "" })
	})
}

// TestErasingGoesOnAfterAStop tells that a row says what is left to do: another process does it.
func TestErasingGoesOnAfterAStop(t *testing.T) {
	t.Parallel()
	url := dbtest.Postgres(t)
	s := openPostgres(t, url)
	ana := newLeaver(s)
	for i := range 60 {
		ana.say("room=1", fmt.Sprint(i))
	}
	ana.post("/settings/delete", []string{"current", phrase, "words", "take"}, asJSON).is(204)
	more, err := s.chat.EraseSome(t.Context())
	equal(t, "a step", fmt.Sprint(more, err), "true <nil>")
	left := s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1 AND deleted_at = 0`, ana.user.ID)
	if left == 0 || left > 70 {
		t.Fatalf("%d messages are left after one step", left)
	}
	other := openPostgres(t, url)
	done := make(chan int)
	go func() { done <- s.erase() }() // both nodes at once
	other.erase()
	<-done
	equal(t, "messages left", s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1 AND deleted_at = 0`, ana.user.ID), 0)
	s.everyNumberIsTakenOnce(ana.direct)
}

// Another node learns of it by looking.
func TestADeletedAccountOnAnotherNode(t *testing.T) {
	t.Parallel()
	url := dbtest.Postgres(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	ana := newLeaver(here)
	away := ana.clone()
	away.site = there
	stream := away.listen("/events?room=1")
	far := ana.berta.clone()
	far.site = there
	reader := watch(far, asPage, "room=1")
	defer reader.close()
	start := time.Now()
	ana.post("/settings/delete", []string{"current", phrase, "words", "leave"}, asJSON).is(204)
	stream.ends() // to come back, as for any gap that is too wide, or for good
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a deletion took %v to the other node", took)
	}
	away.get("/events?room=1").is(200).has("event: logout", "event: bye")
	fresh := parsePage(t, far.get("/messages?room=1").is(200).has("Deleted person").body).lines()
	what := ""
	eventually(t, "the page over there to be the page", func() bool { what = reader.differs(fresh); return what == "" })
}

func TestWhoMayNotDeleteAnAccount(t *testing.T) {
	t.Parallel()
	s := open(t, limited)
	admin := s.guest().register("Admin", "admin@example.org")
	ana := s.guest().register("Ana", "ana@example.org")
	equal(t, "the first is admin", s.count(`SELECT COUNT(*) FROM users WHERE name = 'Admin' AND role = 'admin'`), 1)

	page := ana.get("/settings/delete").is(200).has(`type="password"`, `value="leave" required checked`)
	page.has(`action="/settings/delete"`)
	ana.post("/settings/delete", []string{"current", "not this one", "words", "take"}).is(422).has("This is not your password.", `value="take" required checked`).lacks("not this one")
	ana.post("/settings/delete", []string{"current", "not this one", "words", "take"}, asHTMX).is(422).has("This is not your password.").lacks("<html")
	ana.post("/settings/delete", []string{"current", phrase}, asJSON).failed(422, "invalid", "words")
	ana.get("/chat").is(200)

	admin.post("/settings/delete", []string{"current", phrase, "words", "leave"}, asJSON).failed(409, "conflict", "")
	admin.post("/settings/delete", []string{"current", phrase, "words", "leave"}).is(409).has("You are the only admin.")
	admin.get("/people").is(200).has("Make admin: Ana")
	ana.post("/people/"+text(ana.user.ID)+"/admin", nil, asJSON).failed(403, "forbidden", "")
	admin.post("/people/"+text(ana.user.ID)+"/admin", nil).to("/people")
	admin.post("/settings/delete", []string{"current", phrase, "words", "leave"}, asJSON).is(204)
	ana.get("/people").is(200)

	for range 7 {
		ana.post("/settings/delete", []string{"current", long, "words", "leave"}, asJSON).failed(422, "invalid", "current")
	}
	refused(ana.post("/settings/delete", []string{"current", long, "words", "leave"}))
	refused(ana.post("/settings/delete", []string{"current", phrase, "words", "leave"}))
	ana.get("/chat").is(200)
}

func TestTheLastPersonMayGoAndTheNextIsAdmin(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.guest().register("Ana", "ana@example.org")
	ana.post("/settings/delete", []string{"current", phrase, "words", "leave"}, asHTMX).is(http.StatusOK).has("Your account is deleted.", "charla-"+text(ana.user.ID)+"-outbox")
	s.erase()
	berta := s.guest().register("Berta", "berta@example.org")
	berta.get("/people").is(200)
	user, err := s.store.User(t.Context(), berta.user.ID)
	equal(t, "the role", fmt.Sprint(user.Role, err), fmt.Sprint(chat.RoleAdmin, nil))
}
