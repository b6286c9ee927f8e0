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

// THE EQUALITY: the page at t0 and its stream make the page at t1.
func TestPageAndStreamMakeThePage(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { testEquality(t, open(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { testEquality(t, openPostgres(t, dbtest.Postgres(t))) })
}

func testEquality(t *testing.T, s *site) {
	people := []*browser{s.person("Ana"), s.person("Berta"), s.person("Carla")}
	rapid.Check(t, func(rt *rapid.T) {
		c := &conversation{s: s, room: chat.General, place: "room=1", people: people}
		if rapid.Bool().Draw(rt, "direct") {
			c = newDirect(s)
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
	switch rapid.SampledFrom([]string{"post", "post", "post", "burst", "edit", "react", "react", "delete", "arrive", "cut", "hold", "release"}).Draw(rt, "step") {
	case "post":
		c.post(c.anybody(rt))
	case "burst":
		c.burst(rapid.IntRange(2, 30).Draw(rt, "size"))
	case "edit":
		c.n++
		c.change(rt, "/edit", []string{"body", fmt.Sprint("edited ", c.n)}, false)
	case "delete":
		c.change(rt, "/delete", nil, false)
	case "react":
		c.change(rt, "/reactions", []string{"emoji", rapid.SampledFrom([]string{"👍", "🎉", "❤️"}).Draw(rt, "emoji")}, true)
	case "arrive":
		if len(c.readers) < 3 {
			b := c.anybody(rt)
			c.readers = append(c.readers, watch(c.s, c.s.signIn(b.user), c.placeFor(b)))
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

func (c *conversation) anybody(rt *rapid.T) *browser {
	return c.people[rapid.IntRange(0, len(c.people)-1).Draw(rt, "person")]
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

// burst posts at once from everybody.
func (c *conversation) burst(size int) {
	var all sync.WaitGroup
	posted := make([]said, size)
	for i := range size {
		all.Go(func() {
			b := c.people[i%len(c.people)]
			posted[i] = said{b.say(c.placeFor(b), fmt.Sprint("one of many ", i)), b}
		})
	}
	all.Wait()
	c.room = posted[0].Room
	c.posted = append(c.posted, posted...)
}

// change sends a form about one of the last messages, from its author or from anybody. What htmx gets for an answer reaches
// the pages of that person late, whatever their streams brought meanwhile. A deleted message is refused.
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
	if a.status == http.StatusConflict {
		return
	}
	a.is(http.StatusOK)
	for _, r := range c.readers {
		if r.b.user == by.user {
			r.late(a.body)
		}
	}
}

// settle lets everything be told, and then every reader's page must be the page. One more message shows the gap that a
// lost hint left; without it the hub would look by itself within three seconds.
func (c *conversation) settle(rt *rapid.T) {
	c.s.courier.release(nothing)
	c.post(c.people[0])
	for i, r := range c.readers {
		r.answered()
		fresh := parsePage(c.s.t, r.b.get("/messages?"+r.place).is(http.StatusOK).body).lines()
		what := ""
		eventually(fatal{c.s.t, func() { rt.Fatalf("reader %d: %s", i, what) }}, "the pages to be equal", func() bool {
			what = r.differs(fresh)
			return what == ""
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
