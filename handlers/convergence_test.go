package handlers_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"

	"charla/chat"
	"charla/db/dbtest"

	"pgregory.net/rapid"
)

// TestPageAndStreamConverge holds that whatever happens, a page that was rendered earlier and kept up to date by its
// stream equals the page as it is rendered now, and that the same is true for a program and its JSON events.
func TestPageAndStreamConverge(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { testConvergence(t, openSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { testConvergence(t, openPostgres(t, dbtest.PostgresURL(t))) })
}

func testConvergence(t *testing.T, s *testServer) {
	people := []*client{s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")}
	rapid.Check(t, func(rt *rapid.T) {
		c := &conversationModel{s: s, room: chat.General, query: "room=1", people: people}
		switch rapid.SampledFrom([]string{"General", "direct", "room", "room"}).Draw(rt, "kind") {
		case "direct":
			c = newDirect(s)
		case "room":
			c = newRoom(s, people, rapid.SampledFrom([]string{"open", "invited"}).Draw(rt, "access"))
		}
		defer c.close()
		n := rapid.IntRange(1, 40).Draw(rt, "steps")
		for range n {
			c.step(rt)
		}
		c.checkConverged(rt)
	})
}

// conversationModel is a conversation in which random things happen, and its readers.
type conversationModel struct {
	s        *testServer
	room     int64 // 0 until the first message
	query    string
	people   []*client
	readers  []*streamReader
	posted   []postedMessage
	counter  int
	access   string           // of a room whose members change; otherwise empty
	departed map[int64]string // users who are not members now: "left" or "removed"
}

// postedMessage is a message with its author.
type postedMessage struct {
	message
	by *client
}

// newDirect returns a direct conversation of two new users without messages.
func newDirect(s *testServer) *conversationModel {
	a, b := s.newUser("Dora"), s.newUser("Eva")
	return &conversationModel{s: s, people: []*client{a, b}}
}

// newRoom returns a room that belongs to the first of these users and has all of them as members.
func newRoom(s *testServer, people []*client, access string) *conversationModel {
	room := people[0].createRoom(fmt.Sprint("Room ", rand.Uint64()), access, people[1:]...)
	return &conversationModel{
		s:        s,
		room:     room,
		query:    "room=" + formatID(room),
		people:   people,
		access:   access,
		departed: map[int64]string{},
	}
}

// queryFor returns the query that names the conversation for one of its users.
func (c *conversationModel) queryFor(b *client) string {
	if c.query != "" {
		return c.query
	}
	if b == c.people[0] {
		return c.people[1].peerQuery()
	}
	return c.people[0].peerQuery()
}

func (c *conversationModel) step(rt *rapid.T) {
	steps := []string{
		"post", "post", "post", "files", "burst", "edit", "react", "react", "pin", "pin", "unpin", "save", "delete", "unread", "arrive", "cut", "hold", "release",
	}
	if c.access != "" {
		steps = append(steps, "go", "go", "come", "come", "arrive", "hold")
	}
	switch rapid.SampledFrom(steps).Draw(rt, "step") {
	case "post":
		c.post(c.anyMember(rt))
	case "files":
		c.postFiles(c.anyMember(rt), rapid.IntRange(1, 3).Draw(rt, "files"), rapid.Bool().Draw(rt, "text"))
	case "burst":
		c.burst(rapid.IntRange(2, 30).Draw(rt, "size"))
	case "edit":
		c.counter++
		c.change(rt, "/edit", []string{"body", fmt.Sprint("edited ", c.counter)}, false)
	case "delete":
		c.change(rt, "/delete", nil, false)
	case "unread":
		if len(c.posted) > 0 {
			c.anyMember(rt).post(rapid.SampledFrom(c.posted).Draw(rt, "message").path()+"/unread", nil, asJSON).is(204)
		}
	case "react":
		c.change(rt, "/reactions", []string{"emoji", rapid.SampledFrom([]string{"👍", "🎉", "❤️"}).Draw(rt, "emoji")},
			true)
	case "pin":
		c.change(rt, "/pin", nil, true)
	case "unpin":
		c.change(rt, "/unpin", nil, true)
	case "save": // changes no page
		if len(c.posted) > 0 {
			c.anyMember(rt).post(rapid.SampledFrom(c.posted).Draw(rt, "message").path()+"/save", nil, asJSON)
		}
	case "go":
		c.removeMember(c.anyMember(rt), rapid.SampledFrom([]string{"left", "removed"}).Draw(rt, "how"))
	case "come":
		c.readmit(rapid.SampledFrom(c.people).Draw(rt, "person"))
	case "arrive":
		if len(c.readers) < 4 {
			b := c.anyMember(rt)
			f := rapid.SampledFrom([]readerKind{htmlReader, jsonReader}).Draw(rt, "form")
			c.readers = append(c.readers, openReader(c.s.newSession(b.user), f, c.queryFor(b)))
		}
	case "cut":
		if len(c.readers) > 0 {
			c.readers[rapid.IntRange(0, len(c.readers)-1).Draw(rt, "reader")].cutAfter(
				rapid.IntRange(0, 3000).Draw(rt, "bytes"))
		}
	case "hold":
		c.s.gate.hold()
	case "release":
		c.release(rapid.Uint64().Draw(rt, "chance"))
	}
}

// anyMember picks a member.
func (c *conversationModel) anyMember(rt *rapid.T) *client {
	return rapid.SampledFrom(c.members()).Draw(rt, "person")
}

func (c *conversationModel) members() (people []*client) {
	for _, b := range c.people {
		if c.departed[b.user.ID] == "" {
			people = append(people, b)
		}
	}
	return people
}

// removeMember makes a user leave, or has the owner remove them. The owner stays.
func (c *conversationModel) removeMember(b *client, how string) {
	if b == c.people[0] {
		return
	}
	room := "/rooms/" + formatID(c.room)
	if how == "left" {
		b.post(room+"/leave", nil, asJSON).is(http.StatusNoContent)
	} else {
		c.people[0].post(room+"/members/"+formatID(b.user.ID)+"/remove", nil, asJSON).is(http.StatusNoContent)
	}
	c.departed[b.user.ID] = how
	for _, r := range c.readersOf(b) {
		r.departedSeq = int(c.s.lastSeq(c.room))
	}
}

// readmit makes a user a member again: one who left an open room joins it; the owner adds the others.
func (c *conversationModel) readmit(b *client) {
	how := c.departed[b.user.ID]
	switch room := "/rooms/" + formatID(c.room); {
	case how == "":
		return
	case how == "left" && c.access == "open":
		b.post(room+"/join", nil, asJSON).is(http.StatusNoContent)
	default:
		c.people[0].post(room+"/members", []string{"user", formatID(b.user.ID)}, asJSON).is(http.StatusNoContent)
	}
	delete(c.departed, b.user.ID)
}

// readersOf returns the readers of a user.
func (c *conversationModel) readersOf(b *client) (readers []*streamReader) {
	for _, r := range c.readers {
		if r.client.user.ID == b.user.ID {
			readers = append(readers, r)
		}
	}
	return readers
}

// release passes on some of the held events in random order, and some of the recent ones once more.
func (c *conversationModel) release(chance uint64) {
	luck := rand.New(rand.NewPCG(chance, 1))
	c.s.gate.release(func(held, told []chat.Event) []chat.Event {
		held = slices.Clone(held)
		luck.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
		held = held[luck.IntN(len(held)+1):]
		return append(held, told[luck.IntN(len(told)+1):]...)
	})
}

func (c *conversationModel) post(b *client) {
	c.counter++
	m := b.sendMessage(c.queryFor(b),
		fmt.Sprintf("line %d of <%s>\nand https://example.org/?a=1&b=%d", c.counter, b.user.Name, c.counter))
	c.room = m.Room
	c.posted = append(c.posted, postedMessage{m, b})
}

// postFiles posts newly uploaded files: always the same picture, under different names.
func (c *conversationModel) postFiles(b *client, count int, withText bool) {
	c.counter++
	var files []fileInfo
	for i := range count {
		files = append(files, b.upload(fmt.Sprintf("%d of <%d>.png", i, c.counter), smallPicture))
	}
	body := ""
	if withText {
		body = fmt.Sprint("look at ", c.counter)
	}
	m := b.sendWithFiles(c.queryFor(b), body, files...)
	c.room = m.Room
	c.posted = append(c.posted, postedMessage{m, b})
}

var smallPicture = picture(8, 8)

// burst posts from all members at the same time.
func (c *conversationModel) burst(size int) {
	var all sync.WaitGroup
	posted, inside := make([]postedMessage, size), c.members()
	for i := range size {
		all.Go(func() {
			b := inside[i%len(inside)]
			posted[i] = postedMessage{b.sendMessage(c.queryFor(b), fmt.Sprint("one of many ", i)), b}
		})
	}
	all.Wait()
	c.room = posted[0].Room
	c.posted = append(c.posted, posted...)
}

// change sends a form about one of the last messages, from its author or from any member. The answer to htmx reaches
// the user's pages late, whatever their streams delivered meanwhile. Deleted messages are refused, and so are former
// members.
func (c *conversationModel) change(rt *rapid.T, what string, form []string, byAnybody bool) {
	if len(c.posted) == 0 {
		return
	}
	m := rapid.SampledFrom(c.posted[max(0, len(c.posted)-60):]).Draw(rt, "message")
	by := m.by
	if byAnybody {
		by = c.anyMember(rt)
	}
	a := by.post(m.path()+what, form, asHTMX)
	if c.departed[by.user.ID] != "" {
		a.is(http.StatusNotFound)
		return
	}
	if a.status == http.StatusConflict {
		return
	}
	a.is(http.StatusOK)
	for _, r := range c.readersOf(by) {
		r.delayAnswer(a.body)
	}
}

// checkConverged ends the random steps and checks every reader. A reader whose user is no longer a member must have
// been told so, and must not have been shown anything since. For every other reader the page must equal a fresh page.
// The last message reveals gaps that lost events left; without it the hub would find them by polling, within three
// seconds.
func (c *conversationModel) checkConverged(rt *rapid.T) {
	c.s.gate.release(dropAll)
	c.post(c.people[0])
	for i, r := range c.readers {
		r.applyLateAnswers()
		if outside := c.departed[r.client.user.ID] != ""; outside || r.departedSeq > 0 && r.isGone() {
			notTold := fatalHook{c.s.t, func() { rt.Fatalf("reader %d was not told that its user left", i) }}
			eventually(notTold, "the stream to end", r.isGone)
			if later := r.lineAfter(r.departedSeq); outside && later != "" {
				rt.Fatalf("reader %d, whose user left with seq %d, was shown %s", i, r.departedSeq, later)
			}
			continue
		}
		fresh := r.freshView().lines()
		what := ""
		eventually(
			fatalHook{c.s.t, func() { rt.Fatalf("reader %d: %s", i, what) }},
			"the pages to be equal",
			func() bool {
				what = r.difference(fresh)
				return what == "" || r.departedSeq > 0 && r.isGone()
			},
		)
	}
}

// fatalHook passes a failure of eventually to rapid, so that rapid can shrink the steps that led to it.
type fatalHook struct {
	testing.TB
	fail func()
}

func (f fatalHook) Helper()      {}
func (f fatalHook) Fatal(...any) { f.fail() }

func (c *conversationModel) close() {
	c.s.gate.release(dropAll)
	for _, r := range c.readers {
		r.close()
	}
}
