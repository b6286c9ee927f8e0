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

// THE EQUALITY: the page at t0 and its stream make the page at t1, and what a program was answered at t0 and its events
// make what it is answered at t1.
func TestPageAndStreamMakeThePage(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { testEquality(t, open(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { testEquality(t, openPostgres(t, dbtest.Postgres(t))) })
}

func testEquality(t *testing.T, s *site) {
	people := []*browser{s.person("Ana"), s.person("Berta"), s.person("Carla")}
	rapid.Check(t, func(rt *rapid.T) {
		c := &conversation{s: s, room: chat.General, place: "room=1", people: people}
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
		c.settle(rt)
	})
}

// conversation is what happens in one room, and who watches it.
type conversation struct {
	s       *site
	room    int64 // 0 until it has begun
	place   string
	people  []*browser
	readers []*reader
	posted  []said
	n       int
	access  string           // of a room that people come to and leave
	out     map[int64]string // who is not in it, and how they went
}

// said is a message and who wrote it.
type said struct {
	message
	by *browser
}

// newDirect is a conversation of two new people, that has not begun.
func newDirect(s *site) *conversation {
	a, b := s.person("Dora"), s.person("Eva")
	return &conversation{s: s, people: []*browser{a, b}}
}

// newRoom is a room of the first of these people, with all of them in it.
func newRoom(s *site, people []*browser, access string) *conversation {
	room := people[0].makes(fmt.Sprint("Room ", rand.Uint64()), access, people[1:]...)
	return &conversation{s: s, room: room, place: "room=" + text(room), people: people, access: access, out: map[int64]string{}}
}

// placeFor names the conversation as one of its people does.
func (c *conversation) placeFor(b *browser) string {
	if c.place != "" {
		return c.place
	}
	if b == c.people[0] {
		return c.people[1].with()
	}
	return c.people[0].with()
}

func (c *conversation) step(rt *rapid.T) {
	steps := []string{"post", "post", "post", "files", "burst", "edit", "react", "react", "delete", "arrive", "cut", "hold", "release"}
	if c.access != "" {
		steps = append(steps, "go", "go", "come", "come", "arrive", "hold")
	}
	switch rapid.SampledFrom(steps).Draw(rt, "step") {
	case "post":
		c.post(c.anybody(rt))
	case "files":
		c.postFiles(c.anybody(rt), rapid.IntRange(1, 3).Draw(rt, "files"), rapid.Bool().Draw(rt, "text"))
	case "burst":
		c.burst(rapid.IntRange(2, 30).Draw(rt, "size"))
	case "edit":
		c.n++
		c.change(rt, "/edit", []string{"body", fmt.Sprint("edited ", c.n)}, false)
	case "delete":
		c.change(rt, "/delete", nil, false)
	case "react":
		c.change(rt, "/reactions", []string{"emoji", rapid.SampledFrom([]string{"👍", "🎉", "❤️"}).Draw(rt, "emoji")}, true)
	case "go":
		c.depart(c.anybody(rt), rapid.SampledFrom([]string{"left", "removed"}).Draw(rt, "how"))
	case "come":
		c.comeBack(rapid.SampledFrom(c.people).Draw(rt, "person"))
	case "arrive":
		if len(c.readers) < 4 {
			b := c.anybody(rt)
			f := rapid.SampledFrom([]form{asPage, asProgram}).Draw(rt, "form")
			c.readers = append(c.readers, watch(c.s.signIn(b.user), f, c.placeFor(b)))
		}
	case "cut":
		if len(c.readers) > 0 {
			c.readers[rapid.IntRange(0, len(c.readers)-1).Draw(rt, "reader")].cutAfter(rapid.IntRange(0, 3000).Draw(rt, "bytes"))
		}
	case "hold":
		c.s.courier.hold()
	case "release":
		c.release(rapid.Uint64().Draw(rt, "chance"))
	}
}

// anybody is somebody who is in it.
func (c *conversation) anybody(rt *rapid.T) *browser {
	return rapid.SampledFrom(c.inside()).Draw(rt, "person")
}

func (c *conversation) inside() (people []*browser) {
	for _, b := range c.people {
		if c.out[b.user.ID] == "" {
			people = append(people, b)
		}
	}
	return people
}

// depart lets somebody leave, or the owner remove them. The owner stays.
func (c *conversation) depart(b *browser, how string) {
	if b == c.people[0] {
		return
	}
	room := "/rooms/" + text(c.room)
	if how == "left" {
		b.post(room+"/leave", nil, asJSON).is(http.StatusNoContent)
	} else {
		c.people[0].post(room+"/members/"+text(b.user.ID)+"/remove", nil, asJSON).is(http.StatusNoContent)
	}
	c.out[b.user.ID] = how
	for _, r := range c.of(b) {
		r.went = int(c.s.seq(c.room))
	}
}

// comeBack lets somebody join again who left an open room; others are let in by its owner.
func (c *conversation) comeBack(b *browser) {
	how := c.out[b.user.ID]
	switch room := "/rooms/" + text(c.room); {
	case how == "":
		return
	case how == "left" && c.access == "open":
		b.post(room+"/join", nil, asJSON).is(http.StatusNoContent)
	default:
		c.people[0].post(room+"/members", []string{"user", text(b.user.ID)}, asJSON).is(http.StatusNoContent)
	}
	delete(c.out, b.user.ID)
}

// of are the readers that are this person.
func (c *conversation) of(b *browser) (readers []*reader) {
	for _, r := range c.readers {
		if r.b.user.ID == b.user.ID {
			readers = append(readers, r)
		}
	}
	return readers
}

// release passes on what was held in a random order, less some of it, and some of what was told before once more.
func (c *conversation) release(chance uint64) {
	luck := rand.New(rand.NewPCG(chance, 1))
	c.s.courier.release(func(held, told []chat.Event) []chat.Event {
		held = slices.Clone(held)
		luck.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
		held = held[luck.IntN(len(held)+1):]
		return append(held, told[luck.IntN(len(told)+1):]...)
	})
}

func (c *conversation) post(b *browser) {
	c.n++
	m := b.say(c.placeFor(b), fmt.Sprintf("line %d of <%s>\nand https://example.org/?a=1&b=%d", c.n, b.user.Name, c.n))
	c.room = m.Room
	c.posted = append(c.posted, said{m, b})
}

// postFiles posts what was uploaded before: the same picture always, under other names.
func (c *conversation) postFiles(b *browser, count int, withText bool) {
	c.n++
	var files []fileOf
	for i := range count {
		files = append(files, b.upload(fmt.Sprintf("%d of <%d>.png", i, c.n), square))
	}
	body := ""
	if withText {
		body = fmt.Sprint("look at ", c.n)
	}
	m := b.says(c.placeFor(b), body, files...)
	c.room = m.Room
	c.posted = append(c.posted, said{m, b})
}

var square = picture(8, 8)

// burst posts at once from everybody.
func (c *conversation) burst(size int) {
	var all sync.WaitGroup
	posted, inside := make([]said, size), c.inside()
	for i := range size {
		all.Go(func() {
			b := inside[i%len(inside)]
			posted[i] = said{b.say(c.placeFor(b), fmt.Sprint("one of many ", i)), b}
		})
	}
	all.Wait()
	c.room = posted[0].Room
	c.posted = append(c.posted, posted...)
}

// change sends a form about one of the last messages, from its author or from anybody. What htmx gets for an answer reaches
// the pages of that person late, whatever their streams brought meanwhile. A deleted message is refused, and who is outside.
func (c *conversation) change(rt *rapid.T, what string, form []string, byAnybody bool) {
	if len(c.posted) == 0 {
		return
	}
	m := rapid.SampledFrom(c.posted[max(0, len(c.posted)-60):]).Draw(rt, "message")
	by := m.by
	if byAnybody {
		by = c.anybody(rt)
	}
	a := by.post(m.path()+what, form, asHTMX)
	if c.out[by.user.ID] != "" {
		a.is(http.StatusNotFound)
		return
	}
	if a.status == http.StatusConflict {
		return
	}
	a.is(http.StatusOK)
	for _, r := range c.of(by) {
		r.late(a.body)
	}
}

// settle lets everything be told, and then every reader's page must be the page. Who is outside is told so, and was shown
// nothing since; who came back may have been told so. One more message shows the gap that a lost hint left; without it the
// hub would look by itself within three seconds.
func (c *conversation) settle(rt *rapid.T) {
	c.s.courier.release(nothing)
	c.post(c.people[0])
	for i, r := range c.readers {
		r.answered()
		if outside := c.out[r.b.user.ID] != ""; outside || r.went > 0 && r.isGone() {
			eventually(fatal{c.s.t, func() { rt.Fatalf("reader %d is not told that its person went", i) }}, "the stream to end", r.isGone)
			if later := r.after(r.went); outside && later != "" {
				rt.Fatalf("reader %d, whose person went with number %d, was shown %s", i, r.went, later)
			}
			continue
		}
		fresh := r.fresh().lines()
		what := ""
		eventually(fatal{c.s.t, func() { rt.Fatalf("reader %d: %s", i, what) }}, "the pages to be equal", func() bool {
			what = r.differs(fresh)
			return what == "" || r.went > 0 && r.isGone()
		})
	}
}

// fatal tells rapid what failed, which shrinks it.
type fatal struct {
	testing.TB
	fail func()
}

func (f fatal) Helper()      {}
func (f fatal) Fatal(...any) { f.fail() }

func (c *conversation) close() {
	c.s.courier.release(nothing)
	for _, r := range c.readers {
		r.close()
	}
}
