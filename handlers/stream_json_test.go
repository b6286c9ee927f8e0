package handlers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"charla/chat"
	"charla/handlers/stream"
)

// programView is what a program knows of a conversation: the messages of an answer, kept up to date by events.
type programView struct {
	t        testing.TB
	place    string
	cursor   int64
	messages map[int64]message
}

func parseHistory(t testing.TB, place, body string) readerView {
	t.Helper()
	var h historyInfo
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	k := &programView{t, place, h.Cursor, map[int64]message{}}
	for _, m := range h.Messages {
		k.messages[m.Seq] = withoutMine(m)
	}
	return k
}

// withoutMine removes the field mine, which events do not have.
func withoutMine(m message) message {
	m.Reactions = slices.Clone(m.Reactions)
	for i := range m.Reactions {
		m.Reactions[i].Mine = nil
	}
	return m
}

func (k *programView) streamURL() string {
	return fmt.Sprintf("/events?%s&after=%d", k.place, k.cursor)
}

// handleEvent stores a new message, and replaces a changed one if the view has it.
func (k *programView) handleEvent(e event) {
	switch e.name {
	case "message", "edited", "deleted", "reaction", "pinned":
		var m message
		if err := json.Unmarshal([]byte(e.data), &m); err != nil {
			k.t.Errorf("%v in %s", err, e.data)
		}
		if _, held := k.messages[m.Seq]; held || e.name == "message" {
			k.messages[m.Seq] = m
		}
	}
}

func (k *programView) lines() (lines []string) {
	for _, seq := range slices.Sorted(maps.Keys(k.messages)) {
		text, err := json.Marshal(k.messages[seq])
		if err != nil {
			k.t.Error(err)
		}
		lines = append(lines, fmt.Sprintf("m-%d %s", seq, text))
	}
	return lines
}

func (k *programView) lineAfter(seq int) string {
	for _, m := range k.messages {
		if max(m.Seq, m.Changed) > int64(seq) {
			return m.Body
		}
	}
	return ""
}

// applyAnswer does nothing: a program knows what it sent.
func (k *programView) applyAnswer(string) {}

// asEventStream is the Accept header of a program's stream.
const asEventStream = "Accept: text/event-stream, application/json"

// waitForJSON waits for an event with this name and decodes its JSON strictly.
func waitForJSON[T any](s *eventStream, name string) (v T, e event) {
	s.t.Helper()
	e = s.waitForNamed(name)
	d := json.NewDecoder(strings.NewReader(e.data))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		s.t.Fatalf("%v in %s", err, e.data)
	}
	return v, e
}

// userRef is a user in an event.
type userRef struct {
	ID     int64
	Name   string
	Handle string
}

type presenceEvent struct {
	Count      int
	People     []userRef
	Came, Left []int64
	Renamed    []userRef
}

type typingEvent struct {
	Count  int
	People []userRef
}

type readyEvent struct{ Seq int64 }

// conversationEvent is the state of a conversation in an event.
type conversationEvent struct {
	Room, With, Seq, Read int64
	Name                  string
	Unread                int
	Level, Mute           string
}

func TestJSONStreamEvents(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	m := ana.sendMessage("room=1", "before")
	stream := ben.listen("/events?room=1", asEventStream)
	equal(t, "type", stream.header.Get("Content-Type"), "text/event-stream")
	start, _ := waitForJSON[readyEvent](stream, "ready")
	equal(t, "the first cursor", start.Seq, m.Seq)
	people, _ := waitForJSON[presenceEvent](stream, "presence")
	equal(t, "people", people.Count, len(people.People))
	about, _ := waitForJSON[conversationEvent](stream, "changed")
	equal(t, "state of General", about, conversationEvent{Room: 1, Seq: m.Seq, Read: 2, Name: "General", Unread: 1, Level: "mentions", Mute: "off"})

	ana.post("/drafts", []string{"room", "1", "body", "h", "key", "k"}, asJSON).is(204)
	who, _ := waitForJSON[typingEvent](stream, "typing")
	equal(t, "who is typing", who.People[0], userRef{ana.user.ID, "Ana", "ana"})

	said := ana.sendMessage("room=1", "<b>hello</b>\r\n\u2028data: x")
	got, e := waitForJSON[message](stream, "message")
	equal(t, "the message", fmt.Sprint(got), fmt.Sprint(said))
	equal(t, "its id", e.id, formatID(said.Seq))

	edited := ana.editMessage(said, "good day")
	got, e = waitForJSON[message](stream, "edited")
	equal(t, "the edited one", fmt.Sprint(got), fmt.Sprint(edited))
	equal(t, "the id of the edit", e.id, formatID(edited.Changed))

	ben.react(said, "🎉").is(200)
	got, e = waitForJSON[message](stream, "reaction")
	equal(t, "reactions", got.reactionSummary(), "🎉 Ben")
	equal(t, "the id of the reaction", e.id, formatID(edited.Changed+1))

	ana.deleteMessage(said).is(204)
	got, _ = waitForJSON[message](stream, "deleted")
	equal(t, "text of a deleted one", got.Body+got.HTML, "")

	ben.post("/read", []string{"room", "1", "seq", formatID(said.Seq)}, asJSON).is(204)
	mine, _ := waitForJSON[conversationEvent](stream, "read")
	equal(t, "read up to", mine.Read, said.Seq)
	equal(t, "unread", mine.Unread, 0)

	ben.post("/logout", nil, asJSON).is(204)
	equal(t, "the end", strings.Join(stream.readToEnd(), " "), "logout bye")
	ben.get("/events", asEventStream).isError(401, "unauthenticated", "")
}

// A replay sends the present state of what changed. If a message was edited and got reactions, it is sent as both.
func TestJSONStreamReplay(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	known, both, gone := ana.sendMessage("room=1", "known"), ana.sendMessage("room=1",
		"both"), ana.sendMessage("room=1", "gone")
	ben.react(known, "🎉").is(200)
	ana.editMessage(both, "edited")
	ben.react(both, "🎉").is(200)
	ana.deleteMessage(gone).is(204)
	missed := ana.sendMessage("room=1", "missed")
	stream := ben.listen("/events?room=1&after=1", asEventStream, "Last-Event-ID: "+formatID(gone.Seq))
	var brought []string
	_, before := stream.readUntil("ready", func(e event) bool { return e.name == "ready" })
	for _, e := range before {
		brought = append(brought, fmt.Sprint(e.name, " ", e.id != ""))
	}
	want := "reaction false, edited false, reaction false, deleted false, message true"
	equal(t, "replayed events", strings.Join(brought, ", "), want)
	equal(t, "the last id", before[len(before)-1].id, formatID(missed.Seq))
	ben.listen("/events?room=1&after=999", asEventStream).waitForNamed("resync")
	ben.listen("/events?room=1&after=x", asEventStream).waitForNamed("resync")
}

// A stream without a conversation reports all conversations of its user: at first those that exist, then those that
// change or begin, and what was read.
func TestJSONStreamOfAllConversations(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben, carla := s.newUser("Ana"), s.newUser("Ben"), s.newUser("Carla")
	cellar := ana.createRoom("Cellar", "invited", ben)
	stream := ben.listen("/events", asEventStream)
	standings := map[int64]conversationEvent{}
	until := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			e, _ := stream.readUntil(what, func(e event) bool { return e.name == "changed" || e.name == "read" })
			var now conversationEvent
			if err := json.Unmarshal([]byte(e.data), &now); err != nil {
				t.Fatal(err)
			}
			standings[now.Room] = now
		}
	}
	until("the conversations of the start", func() bool { return len(standings) == 2 })

	m := ana.sendMessage("room="+formatID(cellar), "in the cellar")
	until("the message", func() bool { return standings[cellar].Seq == m.Seq && standings[cellar].Unread == 1 })
	direct := carla.sendMessage(ben.peerQuery(), "hello")
	until("the new conversation", func() bool {
		return standings[direct.Room] == conversationEvent{
			Room:   direct.Room,
			With:   carla.user.ID,
			Name:   "Carla",
			Seq:    1,
			Unread: 1,
			Level:  "all",
			Mute:   "off",
		}
	})
	edited := ana.editMessage(m, "deep down in the cellar")
	until("the edit", func() bool { return standings[cellar].Seq == edited.Changed })
	ben.post("/read", []string{"room", formatID(cellar), "seq", formatID(m.Seq)}, asJSON).is(204)
	until("the mark", func() bool { return standings[cellar].Read == m.Seq && standings[cellar].Unread == 0 })

	s.gate.hold() // from now on the hub gets no events
	lost := ana.sendMessage("room="+formatID(cellar), "unheard")
	until("what no hint told", func() bool { return standings[cellar].Seq == lost.Seq })
	for room := range standings {
		if room != 1 && room != cellar && room != direct.Room {
			t.Errorf("the stream reported room %d, which is not one of the user's", room)
		}
	}
}

// A program learns from the stream that its user joined, was added to, left or was removed from a room, that a
// conversation began, and that somebody was renamed; also if events are lost.
func TestJSONStreamOfMemberships(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, ben, carla := s.newUser("Ana"), s.newUser("Ben"), s.newUser("Carla")
		carla.sendMessage(ben.peerQuery(), "hello")
		for i := range chat.MaxConversations + 20 { // more than a page has
			s.exec(`INSERT INTO rooms (kind, name, name_key, access, created_at) VALUES ('channel', $1, $1, 'open', 1)`,
				fmt.Sprintf("room %03d", i))
		}
		s.exec(`INSERT INTO members (room_id, user_id) SELECT id, $1 FROM rooms WHERE name LIKE 'room %'`, ben.user.ID)
		stream := ben.listen("/events", asEventStream)
		next := func(name string) (c conversationEvent) {
			t.Helper()
			c, _ = waitForJSON[conversationEvent](stream, name)
			return c
		}
		_, before := stream.readUntil("ready", func(e event) bool { return e.name == "ready" })
		all := 0
		for _, e := range before {
			if e.name == "changed" {
				all++
			}
		}
		equal(t, "conversations at the start", all, 1+1+chat.MaxConversations+20)

		kitchen, cellar := ana.createRoom("Kitchen", "open"), ana.createRoom("Cellar", "invited")
		ben.post("/rooms/"+formatID(kitchen)+"/join", nil, asJSON).is(204)
		equal(t, "joined", next("changed").Name, "Kitchen")
		ana.post("/rooms/"+formatID(cellar)+"/members", []string{"user", formatID(ben.user.ID)}, asJSON).is(204)
		equal(t, "let in", next("changed").Name, "Cellar")
		ben.post("/rooms/"+formatID(kitchen)+"/leave", nil, asJSON).is(204)
		equal(t, "left", next("left").Room, kitchen)
		equal(t, "somebody new", ana.sendMessage(ben.peerQuery(), "hello").Room, next("changed").Room)

		carla.post("/settings/name", []string{"name", "Carla Lopez"}, asJSON).is(200)
		now, _ := waitForJSON[presenceEvent](stream, "presence")
		for len(now.Renamed) == 0 { // skip presence events about others
			now, _ = waitForJSON[presenceEvent](stream, "presence")
		}
		equal(t, "the renamed user", now.Renamed[0], userRef{carla.user.ID, "Carla Lopez", "carla"})
		renamed := next("changed")
		room := carla.sendMessage(ben.peerQuery(), "it is me").Room
		want := conversationEvent{Room: room, With: carla.user.ID, Name: "Carla Lopez", Seq: 1, Unread: 1,
			Level: "all", Mute: "off"}
		equal(t, "the renamed conversation", renamed, want)
		equal(t, "the seq of the new message", next("changed").Seq, 2)

		s.gate.hold() // from now on the hub gets no events
		ana.post("/rooms/"+formatID(cellar)+"/members/"+formatID(ben.user.ID)+"/remove", nil, asJSON).is(204)
		equal(t, "removed", next("left").Room, cellar)
	})
}

// FuzzJSONEventRoundTrip holds that a message with any text is encoded as exactly one event, and decoded to the same
// text.
func FuzzJSONEventRoundTrip(f *testing.F) {
	f.Add("Ana", "hello", "<b>hello</b>", int64(7))
	f.Add("\u2028", "a\r\nb\rc\n\nd", "data: x\nid: 9\n\n", int64(0))
	f.Add("", "event: bye", `"}`, int64(1))
	f.Fuzz(func(t *testing.T, name, body, html string, id int64) {
		if !utf8.ValidString(name) || !utf8.ValidString(body) || !utf8.ValidString(html) {
			t.Skip("refused before it is stored")
		}
		m := chat.Message{ID: 1, Room: 2, Seq: 3, ChangedSeq: 4, AuthorID: 5, AuthorName: name, Body: body, HTML: html}
		var p sseParser
		var events []event
		for _, c := range (stream.JSONEvents{}).Change(chat.MessagePosted{Message: m}, id) {
			if e, ok := p.feed(c); ok {
				events = append(events, e)
			}
		}
		equal(t, "events", len(events), 1)
		if id > 0 {
			equal(t, "id", events[0].id, formatID(id))
		}
		var got message
		if err := json.Unmarshal([]byte(events[0].data), &got); err != nil {
			t.Fatal(err)
		}
		equal(t, "name", got.From.Name, name)
		equal(t, "body", got.Body, body)
		equal(t, "html", got.HTML, html)
	})
}
