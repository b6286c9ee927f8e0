package chat_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
	"charla/files"
)

// diary keeps what was published.
type diary struct {
	mu     sync.Mutex // guards events
	events []chat.Event
}

func (d *diary) Publish(e chat.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
}

func (d *diary) last() chat.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events[len(d.events)-1]
}

// world is the product on a fresh database with some people.
type world struct {
	*chat.Service
	diary *diary
	store chat.Store
	vault chat.Vault
}

func newWorld(t *testing.T) world {
	store, d := dbtest.SQLite(t), &diary{}
	service := chat.NewService(store, d, time.UTC)
	vault, err := files.OpenLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vault.Close() })
	service.UseVault(vault, chat.DefaultFileLimits)
	return world{service, d, store, vault}
}

// person registers somebody without the work of hashing.
func (w world) person(t *testing.T, name string) chat.User {
	t.Helper()
	var user chat.User
	err := w.store.InTx(t.Context(), func(tx chat.Tx) error {
		seq, err := tx.NextSeq(t.Context(), chat.General)
		if err != nil {
			return err
		}
		email := strings.ToLower(name) + "@x.org"
		user, err = tx.InsertUser(t.Context(), chat.NewUser{Name: name, NameKey: chat.NameKey(name), Email: email, EmailKey: email, PasswordHash: "-"})
		if err != nil {
			return err
		}
		return tx.InsertMember(t.Context(), chat.General, user.ID, seq)
	})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func (w world) say(t *testing.T, by chat.User, p chat.Place, body string) chat.Message {
	t.Helper()
	posted, err := w.PostMessage(t.Context(), by, chat.NewMessage{Place: p, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return posted.Message
}

func code(t *testing.T, what string, err error, want chat.Code) {
	t.Helper()
	if chat.CodeOf(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestTheFirstToRegisterIsAdminAndEverybodyJoinsGeneral(t *testing.T) {
	w := newWorld(t)
	first, err := w.Register(t.Context(), chat.Registration{Name: " Ana ", Email: "Ana@X.org", Password: "tortilla-y-pan"})
	if err != nil {
		t.Fatal(err)
	}
	if joined, ok := w.diary.last().(chat.MemberJoined); !ok || joined.Seq != 1 || joined.Person.Name != "Ana" {
		t.Errorf("published %#v", w.diary.last())
	}
	second, err := w.Register(t.Context(), chat.Registration{Name: "Ben", Email: "ben@x.org", Password: "tortilla-y-pan"})
	if err != nil {
		t.Fatal(err)
	}
	if first.Role != chat.RoleAdmin || second.Role != chat.RoleMember {
		t.Errorf("roles %s and %s", first.Role, second.Role)
	}
	rooms, err := w.Conversations(t.Context(), second)
	if err != nil || len(rooms) != 1 || rooms[0].Name != "General" || rooms[0].Unread != 0 {
		t.Errorf("rooms %+v, %v", rooms, err)
	}
	_, err = w.Register(t.Context(), chat.Registration{Name: "Ana", Email: "ANA@x.ORG", Password: "tortilla-y-pan"})
	code(t, "the same address", err, chat.Conflict)
	_, err = w.Register(t.Context(), chat.Registration{Name: "", Email: "no", Password: "short"})
	if fields := chat.FieldErrors(err); len(fields) != 3 {
		t.Errorf("errors beside %v", fields)
	}
}

func TestLogInGivesOneAnswerToAllThatIsWrong(t *testing.T) {
	w := newWorld(t)
	ana, err := w.Register(t.Context(), chat.Registration{Name: "Ana", Email: "ana@x.org", Password: "tortilla-y-pan"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.LogIn(t.Context(), " ANA@x.org", "tortilla-y-pan"); err != nil || got.ID != ana.ID {
		t.Errorf("got %v, %v", got, err)
	}
	var said []string
	for _, try := range [][2]string{{"ana@x.org", "wrong-password"}, {"eve@x.org", "tortilla-y-pan"}, {"", ""}, {"ana@x.org", strings.Repeat("x", 5000)}} {
		_, err := w.LogIn(t.Context(), try[0], try[1])
		code(t, try[0], err, chat.Unauthenticated)
		said = append(said, err.Error())
	}
	for _, s := range said {
		if s != said[0] {
			t.Errorf("answers differ: %q", said)
		}
	}
}

func TestASessionLivesUntilItEnds(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	token, err := w.StartSession(t.Context(), ana, strings.Repeat("é", 300), "127.0.0.1")
	if err != nil || len(token) < 43 {
		t.Fatal(token, err)
	}
	session, user, err := w.Session(t.Context(), token)
	if err != nil || user.ID != ana.ID {
		t.Fatal(user, err)
	}
	_, _, err = w.Session(t.Context(), token[:42]+"x")
	code(t, "another token", err, chat.NotFound)
	if err := w.EndSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	if w.diary.last() != (chat.SessionEnded{Session: session.ID}) {
		t.Errorf("published %#v", w.diary.last())
	}
	_, _, err = w.Session(t.Context(), token)
	code(t, "after its end", err, chat.NotFound)
}

func TestADirectConversationIsOfTwo(t *testing.T) {
	w := newWorld(t)
	ana, ben, eve := w.person(t, "Ana"), w.person(t, "Ben"), w.person(t, "Eve")
	before, err := w.Conversation(t.Context(), ana, chat.Place{With: ben.ID})
	if err != nil || before.Room != 0 || before.Name != "Ben" {
		t.Fatalf("before the first message: %+v, %v", before, err)
	}
	first := w.say(t, ana, chat.Place{With: ben.ID}, "hola")
	answer := w.say(t, ben, chat.Place{With: ana.ID}, "¿qué tal?")
	if first.Room != answer.Room || first.Seq != 1 || answer.Seq != 2 {
		t.Errorf("%+v, %+v", first, answer)
	}
	posted := w.diary.last().(chat.MessagePosted)
	if posted.Topic != before.Topic() || posted.Message != answer {
		t.Errorf("published %+v", posted)
	}
	room := chat.Place{Room: first.Room}
	_, err = w.Conversation(t.Context(), eve, room)
	code(t, "eve looks", err, chat.NotFound)
	_, err = w.PostMessage(t.Context(), eve, chat.NewMessage{Place: room, Body: "me too"})
	code(t, "eve posts", err, chat.NotFound)
	_, err = w.Message(t.Context(), eve, first.ID)
	code(t, "eve reads one", err, chat.NotFound)
	code(t, "eve marks", w.MarkRead(t.Context(), eve, room, 1), chat.NotFound)
	_, err = w.Conversation(t.Context(), ana, chat.Place{With: 999})
	code(t, "nobody", err, chat.NotFound)
	_, err = w.Conversation(t.Context(), ana, chat.Place{})
	code(t, "no place", err, chat.NotFound)
	_, err = w.Conversation(t.Context(), ana, chat.Place{With: ben.ID, Room: 1})
	code(t, "two places", err, chat.Invalid)
}

func TestNotesAreForOneself(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	w.say(t, ana, chat.Place{With: ana.ID}, "milk")
	c, err := w.Conversation(t.Context(), ana, chat.Place{With: ana.ID})
	if err != nil || c.Peer != ana.ID || c.Unread != 0 || c.LastSeq != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAMessageShowsSomething(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	for _, nothing := range []string{"", " \n\t", "\u200b", "\u2800\u3164", "\u202e\u2066 \ufe0f", "\u00ad\u00a0"} {
		_, err := w.PostMessage(t.Context(), ana, chat.NewMessage{Place: chat.Place{Room: chat.General}, Body: nothing})
		code(t, fmt.Sprintf("%q", nothing), err, chat.Invalid)
	}
	for _, something := range []string{".", "\u200b.", "👩‍👩", "\u0301", "\U0001FAE9"} {
		w.say(t, ana, chat.Place{Room: chat.General}, something)
	}
}

func TestTheSameKeyIsTheSameMessage(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	in := chat.NewMessage{Place: chat.Place{With: ben.ID}, Body: "once", Key: "k1"}
	first, err := w.PostMessage(t.Context(), ana, in)
	if err != nil || !first.Created {
		t.Fatal(first, err)
	}
	again, err := w.PostMessage(t.Context(), ana, in)
	if err != nil || again.Created || again.Message != first.Message {
		t.Errorf("again: %+v, %v", again, err)
	}
	other := in
	other.Body = "twice"
	_, err = w.PostMessage(t.Context(), ana, other)
	code(t, "another text", err, chat.Conflict)
	elsewhere := in
	elsewhere.Place = chat.Place{Room: chat.General}
	_, err = w.PostMessage(t.Context(), ana, elsewhere)
	code(t, "another room", err, chat.Conflict)
	eve := w.person(t, "Eve")
	unbegun := in
	unbegun.Place = chat.Place{With: eve.ID}
	_, err = w.PostMessage(t.Context(), ana, unbegun)
	code(t, "a conversation that has not begun", err, chat.Conflict)
	if m, err := w.PostMessage(t.Context(), ben, chat.NewMessage{Place: chat.Place{With: ana.ID}, Body: "once", Key: "k1"}); err != nil || !m.Created {
		t.Errorf("another author: %+v, %v", m, err)
	}
	if next := w.say(t, ana, in.Place, "next"); next.Seq != 3 {
		t.Errorf("refused messages took numbers: next is %d", next.Seq)
	}
	for _, key := range []string{strings.Repeat("k", 65), "ñ", "a\n"} {
		in.Key = key
		_, err := w.PostMessage(t.Context(), ana, in)
		code(t, "key", err, chat.Invalid)
	}
}

func TestManySendTheSameAtOnce(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	var senders sync.WaitGroup
	for i := range 40 {
		senders.Go(func() {
			in := chat.NewMessage{Place: chat.Place{With: ben.ID}, Body: "hola", Key: fmt.Sprint("k", i%8)}
			if i%2 == 1 {
				in.Place = chat.Place{Room: chat.General}
				in.Key += "g"
			}
			if _, err := w.PostMessage(t.Context(), ana, in); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	total := 0
	for _, p := range []chat.Place{{With: ben.ID}, {Room: chat.General}} {
		c, _ := w.Conversation(t.Context(), ana, p)
		h, err := w.History(t.Context(), c, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range h.Messages {
			if m.Seq != c.LastSeq-int64(len(h.Messages)-1-i) {
				t.Errorf("seq %d stands at place %d", m.Seq, i)
			}
		}
		total += len(h.Messages)
	}
	if total != 8 {
		t.Errorf("%d messages of 8 keys", total)
	}
}

func TestOneAuthorsLinesGroupWithinFiveMinutes(t *testing.T) {
	w := newWorld(t)
	clock := time.Date(2026, 11, 20, 23, 50, 0, 0, time.UTC)
	madrid := time.FixedZone("CET", 3600)
	w.Service = chat.NewService(w.store, w.diary, madrid)
	w.SetClock(func() time.Time { return clock })
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	place := chat.Place{Room: chat.General}
	for _, step := range []struct {
		by    chat.User
		after time.Duration
		want  string
	}{
		{ana, 0, "leads opens"},
		{ana, 4 * time.Minute, ""},
		{ana, 5 * time.Minute, ""},
		{ana, 5*time.Minute + time.Microsecond, "leads"},
		{ben, time.Second, "leads"},
		{ben, 23 * time.Hour, "leads opens"},
	} {
		clock = clock.Add(step.after)
		m := w.say(t, step.by, place, "hola")
		got := strings.TrimSpace(strings.Repeat("leads ", b2i(m.Leads)) + strings.Repeat("opens", b2i(m.OpensDay)))
		if got != step.want {
			t.Errorf("at %v: %q, want %q", clock, got, step.want)
		}
	}
}

// TestAClockThatJumps: times do not run back by what clocks differ, and nobody waits for a time that was wrong.
func TestAClockThatJumps(t *testing.T) {
	w := newWorld(t)
	clock := time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC)
	w.SetClock(func() time.Time { return clock })
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	place := chat.Place{Room: chat.General}
	var before chat.Message
	for _, step := range []struct {
		name         string
		by           chat.User
		jump, counts time.Duration // of the clock, and of what counts as posted
		leads, opens bool
	}{
		{"the first", ana, 0, 0, true, true},
		{"over midnight", ana, 2 * time.Minute, 2 * time.Minute, true, true},
		{"a node that is two minutes behind", ben, -2 * time.Minute, 0, true, false},
		{"set back by ten minutes", ben, -10 * time.Minute, 0, false, false},
		{"it has caught up", ben, 13 * time.Minute, time.Minute, false, false},
		{"a day ahead", ben, 24 * time.Hour, 24 * time.Hour, true, true},
		{"right again", ben, -24 * time.Hour, -24 * time.Hour, true, true},
		{"and it goes on", ben, time.Minute, time.Minute, false, false},
		{"an hour ahead", ben, time.Hour, time.Hour, true, false},
		{"right again on the same day", ben, -time.Hour, -time.Hour, true, false},
	} {
		clock = clock.Add(step.jump)
		m := w.say(t, step.by, place, step.name)
		if counted := time.Duration(m.PostedAt-before.PostedAt) * time.Microsecond; before.ID != 0 && counted != step.counts {
			t.Errorf("%s: posted %v after the one before, want %v", step.name, counted, step.counts)
		}
		if m.Leads != step.leads || m.OpensDay != step.opens {
			t.Errorf("%s: leads %v, opens a day %v", step.name, m.Leads, m.OpensDay)
		}
		before = m
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestUnreadCountsWhatOthersSaid(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	place := chat.Place{With: ben.ID}
	w.say(t, ana, place, "1")
	w.say(t, ana, place, "2")
	w.say(t, ben, chat.Place{With: ana.ID}, "3")
	unread := func(u chat.User, with chat.User) int {
		c, err := w.Conversation(t.Context(), u, chat.Place{With: with.ID})
		if err != nil {
			t.Fatal(err)
		}
		return c.Unread
	}
	if a, b := unread(ana, ben), unread(ben, ana); a != 1 || b != 2 {
		t.Fatalf("unread %d and %d", a, b)
	}
	mark := func(seq int64) {
		if err := w.MarkRead(t.Context(), ben, chat.Place{With: ana.ID}, seq); err != nil {
			t.Error(err)
		}
	}
	mark(1)
	if n := unread(ben, ana); n != 1 || w.diary.last() != (chat.ReadMarked{User: ben.ID, Room: 2}) {
		t.Errorf("after one: %d, %#v", n, w.diary.last())
	}
	mark(99)
	mark(1)
	if n := unread(ben, ana); n != 0 {
		t.Errorf("after all, then back: %d", n)
	}
	w.say(t, ana, place, "4")
	if n := unread(ben, ana); n != 1 {
		t.Errorf("a mark beyond the end hid the next message: %d", n)
	}
	newcomer := w.person(t, "Eve")
	if c, _ := w.Conversation(t.Context(), newcomer, chat.Place{Room: chat.General}); c.Unread != 0 {
		t.Errorf("a newcomer has %d unread", c.Unread)
	}
}

func TestHistoryIsWalkedBackwardsOnce(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	for i := range 23 {
		w.say(t, ana, chat.Place{Room: chat.General}, fmt.Sprint(i))
	}
	c, _ := w.Conversation(t.Context(), ana, chat.Place{Room: chat.General})
	var bodies []string
	for before, more := int64(0), true; more; {
		h, err := w.History(t.Context(), c, before, 5)
		if err != nil {
			t.Fatal(err)
		}
		for i := len(h.Messages) - 1; i >= 0; i-- {
			bodies = append(bodies, h.Messages[i].Body)
		}
		before, more = h.Messages[0].Seq, h.Older
	}
	for i, b := range bodies {
		if b != fmt.Sprint(22-i) {
			t.Fatalf("walked %q", bodies)
		}
	}
	if len(bodies) != 23 {
		t.Errorf("walked %d of 23", len(bodies))
	}
}

func TestChangesTellWhenAPageIsOfNoUse(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	place := chat.Place{With: ben.ID}
	none, _ := w.Conversation(t.Context(), ana, place)
	if c, err := w.Changes(t.Context(), none, 0); err != nil || c.Partial || c.LastSeq != 0 {
		t.Errorf("before the room: %+v, %v", c, err)
	}
	if c, _ := w.Changes(t.Context(), none, 1); !c.Partial {
		t.Error("a cursor into a room that does not exist passed")
	}
	w.say(t, ana, place, "1")
	w.say(t, ana, place, "2")
	some, _ := w.Conversation(t.Context(), ana, place)
	c, err := w.Changes(t.Context(), some, 1)
	if err != nil || c.Partial || len(c.Added) != 1 || c.Added[0].Body != "2" || c.LastSeq != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, _ := w.Changes(t.Context(), some, 3); !c.Partial {
		t.Error("a cursor beyond the end passed")
	}
}

func TestPreferencesAreChoices(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	if err := w.SavePreferences(t.Context(), ana, chat.Preferences{Locale: "es", Theme: "dark", Sound: true}); err != nil {
		t.Fatal(err)
	}
	if u, _ := w.store.User(t.Context(), ana.ID); u.Locale != "es" || u.Theme != "dark" || !u.Sound {
		t.Errorf("%+v", u)
	}
	code(t, "language", w.SavePreferences(t.Context(), ana, chat.Preferences{Locale: "xx"}), chat.Invalid)
	code(t, "theme", w.SavePreferences(t.Context(), ana, chat.Preferences{Theme: "pink"}), chat.Invalid)
}

func TestAPostOutlivesItsRequest(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.PostMessage(ctx, ana, chat.NewMessage{Place: chat.Place{Room: chat.General}, Body: "late"})
	if err == nil {
		return // it was stored whole
	}
	if c, _ := w.Conversation(t.Context(), ana, chat.Place{Room: chat.General}); c.LastSeq != 1 {
		t.Errorf("refused (%v), yet the room moved to %d", err, c.LastSeq)
	}
}

func TestErrorsCarryTheirCause(t *testing.T) {
	cause := errors.New("refused")
	err := fmt.Errorf("while posting: %w", chat.Unreachable(cause))
	if !errors.Is(err, cause) || chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("%v", err)
	}
	if chat.CodeOf(cause) != "internal" {
		t.Error("a plain error has a code")
	}
}
