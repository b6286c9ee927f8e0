package chat_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
	"charla/storage"
)

// eventRecorder records the published events.
type eventRecorder struct {
	mu     sync.Mutex // guards events
	events []chat.Event
}

func (d *eventRecorder) Publish(e chat.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
}

func (d *eventRecorder) last() chat.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events[len(d.events)-1]
}

// lastChange returns the last change of a message that was published.
func (d *eventRecorder) lastChange() (change chat.MessageChanged, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range slices.Backward(d.events) {
		if change, ok = e.(chat.MessageChanged); ok {
			return change, true
		}
	}
	return chat.MessageChanged{}, false
}

// fixture is a service on a new database.
type fixture struct {
	*chat.Service
	recorder *eventRecorder
	store    chat.Store
	blobs    chat.BlobStore
}

// newFixture returns a fixture on a new SQLite database.
func newFixture(t testing.TB) fixture { return newFixtureOn(t, dbtest.OpenSQLite(t)) }

// newFixtureOn returns a fixture on a database.
func newFixtureOn(t testing.TB, store chat.Store) fixture {
	t.Helper()
	blobs, err := storage.OpenLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	return fixture{recorder: &eventRecorder{}, store: store, blobs: blobs}.with(func(*chat.Options) {})
}

// with returns a fixture with the same data whose service has other options.
func (w fixture) with(change func(*chat.Options)) fixture {
	options := chat.Options{Store: w.store, Events: w.recorder, Blobs: w.blobs}
	change(&options)
	w.Service = chat.NewService(options)
	return w
}

// addUser creates a user without the work of hashing a password.
func (w fixture) addUser(t *testing.T, name string) chat.User {
	t.Helper()
	var user chat.User
	err := w.store.InTx(t.Context(), func(tx chat.Tx) error {
		seq, err := tx.NextSeq(t.Context(), chat.General)
		if err != nil {
			return err
		}
		email := strings.ToLower(name) + "@x.org"
		user, err = tx.InsertUser(
			t.Context(),
			chat.NewUser{Name: name, NameKey: chat.NameKey(name), Email: email, EmailKey: email, PasswordHash: "-"},
		)
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

func (w fixture) post(t *testing.T, by chat.User, p chat.ConversationRef, body string) chat.Message {
	t.Helper()
	posted, err := w.PostMessage(t.Context(), by, chat.NewMessage{Conversation: p, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return posted.Message
}

func wantCode(t *testing.T, what string, err error, want chat.Code) {
	t.Helper()
	if chat.CodeOf(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestFirstUserIsOwnerAndAllJoinGeneral(t *testing.T) {
	w := newFixture(t)
	first, err := w.Register(
		t.Context(), chat.Registration{Name: " Ana ", Email: "Ana@X.org", Password: "tortilla-y-pan"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if joined, ok := w.recorder.last().(chat.MemberJoined); !ok || joined.Seq != 1 || joined.User.Name != "Ana" {
		t.Errorf("published %#v", w.recorder.last())
	}
	second, err := w.Register(
		t.Context(), chat.Registration{Name: "Ben", Email: "ben@x.org", Password: "tortilla-y-pan"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if first.Role != chat.RoleOwner || second.Role != chat.RoleMember {
		t.Errorf("roles %s and %s", first.Role, second.Role)
	}
	rooms, err := w.Conversations(t.Context(), second)
	if err != nil || len(rooms) != 1 || rooms[0].Name != "General" || rooms[0].Unread != 0 {
		t.Errorf("rooms %+v, %v", rooms, err)
	}
	_, err = w.Register(t.Context(), chat.Registration{Name: "Ana", Email: "ANA@x.ORG", Password: "tortilla-y-pan"})
	wantCode(t, "a taken address", err, chat.Conflict)
	_, err = w.Register(t.Context(), chat.Registration{Name: "", Email: "no", Password: "short"})
	if fields := chat.FieldErrors(err); len(fields) != 3 {
		t.Errorf("errors by field: %v", fields)
	}
}

func TestLogInErrorsAreTheSame(t *testing.T) {
	w := newFixture(t)
	ana, err := w.Register(t.Context(), chat.Registration{Name: "Ana", Email: "ana@x.org", Password: "tortilla-y-pan"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.LogIn(t.Context(), " ANA@x.org", "tortilla-y-pan"); err != nil || got.ID != ana.ID {
		t.Errorf("got %v, %v", got, err)
	}
	var messages []string
	for _, try := range [][2]string{
		{"ana@x.org", "wrong-password"}, {"eve@x.org", "tortilla-y-pan"}, {"", ""},
		{"ana@x.org", strings.Repeat("x", 5000)},
	} {
		_, err := w.LogIn(t.Context(), try[0], try[1])
		wantCode(t, try[0], err, chat.Unauthenticated)
		messages = append(messages, err.Error())
	}
	for _, s := range messages {
		if s != messages[0] {
			t.Errorf("errors differ: %q", messages)
		}
	}
}

func TestSession(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	token, err := w.StartSession(t.Context(), chat.Credentials{User: ana}, strings.Repeat("é", 300), "127.0.0.1")
	if err != nil || len(token) < 43 {
		t.Fatal(token, err)
	}
	session, user, err := w.Session(t.Context(), token)
	if err != nil || user.ID != ana.ID {
		t.Fatal(user, err)
	}
	_, _, err = w.Session(t.Context(), token[:42]+"x")
	wantCode(t, "another token", err, chat.NotFound)
	if err := w.EndSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	if w.recorder.last() != (chat.SessionEnded{Session: session.ID}) {
		t.Errorf("published %#v", w.recorder.last())
	}
	_, _, err = w.Session(t.Context(), token)
	wantCode(t, "ended session", err, chat.NotFound)
}

func TestDirectConversation(t *testing.T) {
	w := newFixture(t)
	ana, ben, eve := w.addUser(t, "Ana"), w.addUser(t, "Ben"), w.addUser(t, "Eve")
	before, err := w.Conversation(t.Context(), ana, chat.ConversationRef{With: ben.ID})
	if err != nil || before.Room != 0 || before.Name != "Ben" {
		t.Fatalf("before the first message: %+v, %v", before, err)
	}
	first := w.post(t, ana, chat.ConversationRef{With: ben.ID}, "hola")
	answer := w.post(t, ben, chat.ConversationRef{With: ana.ID}, "¿qué tal?")
	if first.Room != answer.Room || first.Seq != 1 || answer.Seq != 2 {
		t.Errorf("%+v, %+v", first, answer)
	}
	posted := w.recorder.last().(chat.MessagePosted)
	if posted.StreamKey != before.StreamKey() || !reflect.DeepEqual(posted.Message, answer) {
		t.Errorf("published %+v", posted)
	}
	room := chat.ConversationRef{Room: first.Room}
	_, err = w.Conversation(t.Context(), eve, room)
	wantCode(t, "Eve opens the conversation", err, chat.NotFound)
	_, err = w.PostMessage(t.Context(), eve, chat.NewMessage{Conversation: room, Body: "me too"})
	wantCode(t, "Eve posts", err, chat.NotFound)
	_, err = w.Message(t.Context(), eve, first.ID)
	wantCode(t, "Eve reads a message", err, chat.NotFound)
	wantCode(t, "Eve moves a read marker", w.MarkRead(t.Context(), eve, room, 1, -1), chat.NotFound)
	_, err = w.Conversation(t.Context(), ana, chat.ConversationRef{With: 999})
	wantCode(t, "unknown user", err, chat.NotFound)
	_, err = w.Conversation(t.Context(), ana, chat.ConversationRef{})
	wantCode(t, "no conversation", err, chat.NotFound)
	_, err = w.Conversation(t.Context(), ana, chat.ConversationRef{With: ben.ID, Room: 1})
	wantCode(t, "both a user and a room", err, chat.Invalid)
}

func TestNotesToOneself(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	w.post(t, ana, chat.ConversationRef{With: ana.ID}, "milk")
	c, err := w.Conversation(t.Context(), ana, chat.ConversationRef{With: ana.ID})
	if err != nil || c.Peer != ana.ID || c.Unread != 0 || c.LastSeq != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestMessageNeedsVisibleText(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	for _, nothing := range []string{"", " \n\t", "\u200b", "\u2800\u3164", "\u202e\u2066 \ufe0f", "\u00ad\u00a0"} {
		_, err := w.PostMessage(
			t.Context(), ana, chat.NewMessage{Conversation: chat.ConversationRef{Room: chat.General}, Body: nothing},
		)
		wantCode(t, fmt.Sprintf("%q", nothing), err, chat.Invalid)
	}
	for _, something := range []string{".", "\u200b.", "👩‍👩", "\u0301", "\U0001FAE9"} {
		w.post(t, ana, chat.ConversationRef{Room: chat.General}, something)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	in := chat.NewMessage{Conversation: chat.ConversationRef{With: ben.ID}, Body: "once", Key: "k1"}
	first, err := w.PostMessage(t.Context(), ana, in)
	if err != nil || !first.Created {
		t.Fatal(first, err)
	}
	again, err := w.PostMessage(t.Context(), ana, in)
	if err != nil || again.Created || !reflect.DeepEqual(again.Message, first.Message) {
		t.Errorf("again: %+v, %v", again, err)
	}
	other := in
	other.Body = "twice"
	_, err = w.PostMessage(t.Context(), ana, other)
	wantCode(t, "another text", err, chat.Conflict)
	elsewhere := in
	elsewhere.Conversation = chat.ConversationRef{Room: chat.General}
	_, err = w.PostMessage(t.Context(), ana, elsewhere)
	wantCode(t, "another room", err, chat.Conflict)
	eve := w.addUser(t, "Eve")
	unbegun := in
	unbegun.Conversation = chat.ConversationRef{With: eve.ID}
	_, err = w.PostMessage(t.Context(), ana, unbegun)
	wantCode(t, "a conversation without messages", err, chat.Conflict)
	if m, err := w.PostMessage(
		t.Context(), ben, chat.NewMessage{Conversation: chat.ConversationRef{With: ana.ID}, Body: "once", Key: "k1"},
	); err != nil || !m.Created {
		t.Errorf("another author: %+v, %v", m, err)
	}
	if next := w.post(t, ana, in.Conversation, "next"); next.Seq != 3 {
		t.Errorf("refused messages took seqs: the next is %d", next.Seq)
	}
	for _, key := range []string{strings.Repeat("k", 65), "ñ", "a\n"} {
		in.Key = key
		_, err := w.PostMessage(t.Context(), ana, in)
		wantCode(t, "key", err, chat.Invalid)
	}
}

func TestConcurrentPostsWithTheSameKey(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	var senders sync.WaitGroup
	for i := range 40 {
		senders.Go(func() {
			in := chat.NewMessage{
				Conversation: chat.ConversationRef{With: ben.ID}, Body: "hola", Key: fmt.Sprint("k", i%8),
			}
			if i%2 == 1 {
				in.Conversation = chat.ConversationRef{Room: chat.General}
				in.Key += "g"
			}
			if _, err := w.PostMessage(t.Context(), ana, in); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	total := 0
	for _, p := range []chat.ConversationRef{{With: ben.ID}, {Room: chat.General}} {
		c, _ := w.Conversation(t.Context(), ana, p)
		h, err := w.MessagesBefore(t.Context(), c, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range h.Messages {
			if m.Seq != c.LastSeq-int64(len(h.Messages)-1-i) {
				t.Errorf("message %d of the page has seq %d", i, m.Seq)
			}
		}
		total += len(h.Messages)
	}
	if total != 8 {
		t.Errorf("%d messages posted with 8 keys", total)
	}
}

func TestMessageGroups(t *testing.T) {
	w := newFixture(t)
	clock := time.Date(2026, 11, 20, 23, 50, 0, 0, time.UTC)
	madrid := time.FixedZone("CET", 3600)
	w = w.with(func(o *chat.Options) { o.TimeZone = madrid })
	w.SetClock(func() time.Time { return clock })
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	place := chat.ConversationRef{Room: chat.General}
	for _, step := range []struct {
		by    chat.User
		after time.Duration
		want  string
	}{
		{ana, 0, "group day"},
		{ana, 4 * time.Minute, ""},
		{ana, 5 * time.Minute, ""},
		{ana, 5*time.Minute + time.Microsecond, "group"},
		{ben, time.Second, "group"},
		{ben, 23 * time.Hour, "group day"},
	} {
		clock = clock.Add(step.after)
		m := w.post(t, step.by, place, "hola")
		got := strings.TrimSpace(
			strings.Repeat("group ", boolToInt(m.StartsGroup)) + strings.Repeat("day", boolToInt(m.StartsDay)),
		)
		if got != step.want {
			t.Errorf("at %v: %q, want %q", clock, got, step.want)
		}
	}
}

// TestClockJumps checks that small differences between clocks do not make times run backwards, and that times follow a
// clock again that was wrong.
func TestClockJumps(t *testing.T) {
	w := newFixture(t)
	clock := time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC)
	w.SetClock(func() time.Time { return clock })
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	place := chat.ConversationRef{Room: chat.General}
	var before chat.Message
	for _, step := range []struct {
		name                   string
		by                     chat.User
		jump, counts           time.Duration // how the clock changes, and PostedAt since the previous message
		startsGroup, startsDay bool
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
		m := w.post(t, step.by, place, step.name)
		if counted := time.Duration(m.PostedAt-before.PostedAt) * time.Microsecond; before.ID != 0 &&
			counted != step.counts {
			t.Errorf("%s: posted %v after the previous message, want %v", step.name, counted, step.counts)
		}
		if m.StartsGroup != step.startsGroup || m.StartsDay != step.startsDay {
			t.Errorf("%s: starts a group: %v, starts a day: %v", step.name, m.StartsGroup, m.StartsDay)
		}
		before = m
	}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestUnreadCount(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	place := chat.ConversationRef{With: ben.ID}
	w.post(t, ana, place, "1")
	w.post(t, ana, place, "2")
	w.post(t, ben, chat.ConversationRef{With: ana.ID}, "3")
	unread := func(u chat.User, with chat.User) int {
		c, err := w.Conversation(t.Context(), u, chat.ConversationRef{With: with.ID})
		if err != nil {
			t.Fatal(err)
		}
		return c.Unread
	}
	if a, b := unread(ana, ben), unread(ben, ana); a != 1 || b != 2 {
		t.Fatalf("unread: Ana %d, Ben %d", a, b)
	}
	mark := func(seq int64) {
		if err := w.MarkRead(t.Context(), ben, chat.ConversationRef{With: ana.ID}, seq, -1); err != nil {
			t.Error(err)
		}
	}
	mark(1)
	if n := unread(ben, ana); n != 1 || w.recorder.last() != (chat.ReadMarkerMoved{User: ben.ID, Room: 2}) {
		t.Errorf("unread after reading one message: %d, published %#v", n, w.recorder.last())
	}
	mark(99)
	mark(1)
	if n := unread(ben, ana); n != 0 {
		t.Errorf("unread after reading all: %d", n)
	}
	w.post(t, ana, place, "4")
	if n := unread(ben, ana); n != 1 {
		t.Errorf("a read marker beyond the end hid the next message: unread %d", n)
	}
	newcomer := w.addUser(t, "Eve")
	if c, _ := w.Conversation(t.Context(), newcomer, chat.ConversationRef{Room: chat.General}); c.Unread != 0 {
		t.Errorf("a new user has %d unread messages", c.Unread)
	}
}

func TestReadingHistoryBackwards(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	for i := range 23 {
		w.post(t, ana, chat.ConversationRef{Room: chat.General}, fmt.Sprint(i))
	}
	c, _ := w.Conversation(t.Context(), ana, chat.ConversationRef{Room: chat.General})
	var bodies []string
	for before, more := int64(0), true; more; {
		h, err := w.MessagesBefore(t.Context(), c, before, 5)
		if err != nil {
			t.Fatal(err)
		}
		for i := len(h.Messages) - 1; i >= 0; i-- {
			bodies = append(bodies, h.Messages[i].Body)
		}
		before, more = h.Messages[0].Seq, h.HasOlder
	}
	for i, b := range bodies {
		if b != fmt.Sprint(22-i) {
			t.Fatalf("read %q", bodies)
		}
	}
	if len(bodies) != 23 {
		t.Errorf("read %d of 23 messages", len(bodies))
	}
}

func TestChangesTooFarBehind(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	place := chat.ConversationRef{With: ben.ID}
	none, _ := w.Conversation(t.Context(), ana, place)
	if c, err := w.Changes(t.Context(), none, 0); err != nil || c.TooFarBehind || c.LastSeq != 0 {
		t.Errorf("changes of a conversation without a room: %+v, %v", c, err)
	}
	if c, _ := w.Changes(t.Context(), none, 1); !c.TooFarBehind {
		t.Error("a cursor into a room that does not exist is not TooFarBehind")
	}
	w.post(t, ana, place, "1")
	w.post(t, ana, place, "2")
	some, _ := w.Conversation(t.Context(), ana, place)
	c, err := w.Changes(t.Context(), some, 1)
	if err != nil || c.TooFarBehind || len(c.Added) != 1 || c.Added[0].Body != "2" || c.LastSeq != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, _ := w.Changes(t.Context(), some, 3); !c.TooFarBehind {
		t.Error("a cursor beyond the last seq is not TooFarBehind")
	}
}

func TestPreferences(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	if err := w.SavePreferences(
		t.Context(), ana, chat.Preferences{Locale: "es", Theme: "dark", Sound: true},
	); err != nil {
		t.Fatal(err)
	}
	if u, _ := w.store.User(t.Context(), ana.ID); u.Locale != "es" || u.Theme != "dark" || !u.Sound {
		t.Errorf("%+v", u)
	}
	wantCode(t, "language", w.SavePreferences(t.Context(), ana, chat.Preferences{Locale: "xx"}), chat.Invalid)
	wantCode(t, "theme", w.SavePreferences(t.Context(), ana, chat.Preferences{Theme: "pink"}), chat.Invalid)
}

func TestPostWithCancelledContext(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.PostMessage(
		ctx, ana, chat.NewMessage{Conversation: chat.ConversationRef{Room: chat.General}, Body: "late"},
	)
	if err == nil {
		return // the message was stored
	}
	if c, _ := w.Conversation(t.Context(), ana, chat.ConversationRef{Room: chat.General}); c.LastSeq != 1 {
		t.Errorf("post failed (%v), but the room is at seq %d", err, c.LastSeq)
	}
}

func TestErrorsWrapTheirCause(t *testing.T) {
	cause := errors.New("refused")
	err := fmt.Errorf("while posting: %w", chat.DatabaseUnavailable(cause))
	if !errors.Is(err, cause) || chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("%v", err)
	}
	if chat.CodeOf(cause) != "internal" {
		t.Error("an error that is not an Error has a code")
	}
}
