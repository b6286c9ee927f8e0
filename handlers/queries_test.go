package handlers_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"charla/db"
	"charla/db/dbtest"
)

// queryCounter is a db.Observer that counts the queries outside of transactions. A page of messages makes no others,
// except for one that now and then notes that its session is in use.
type queryCounter struct{ atomic.Int64 }

func (c *queryCounter) ReadFinished(time.Duration, bool)  { c.Add(1) }
func (c *queryCounter) WriteFinished(time.Duration, bool) {}
func (c *queryCounter) BatchCommitted(int, time.Duration) {}

// fewestDuring returns the smallest number of queries of three calls, because one of them may also read what the server
// keeps for some seconds, such as the settings of the community.
func (c *queryCounter) fewestDuring(call func()) int64 {
	counts := make([]int64, 3)
	for i := range counts {
		before := c.Load()
		call()
		counts[i] = c.Load() - before
	}
	return slices.Min(counts)
}

// sendFullMessage posts a message that has everything a message can have. A feature that adds something to messages adds
// it here.
func sendFullMessage(room int64, n int, author, other *client) message {
	text := fmt.Sprintf("line %d https://example.org @%s", n, strings.ToLower(other.user.Name))
	m := author.sendWithFiles("room="+formatID(room), text, author.upload("a.png", picture(4, 3)),
		author.upload("b.png", picture(4, 3)))
	other.react(m, "🎉").is(200)
	author.react(m, "👀").is(200)
	return author.editMessage(m, text+" again")
}

// TestQueriesDoNotGrowWithTheMessages counts the queries for pages of 1, 10 and 50 messages by different people, each
// with everything that a message can have. The numbers are the same. It runs on PostgreSQL, because SQLite reads a
// session from its cache for a second. The hub, which asks the database every second, has connections of its own.
func TestQueriesDoNotGrowWithTheMessages(t *testing.T) {
	t.Parallel()
	address := dbtest.PostgresURL(t)
	var count queryCounter
	s := openPostgres(t, address, func(o *serverOptions) {
		store, err := db.OpenPostgres(t.Context(), address, db.WithObserver(&count))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		o.Store = store
	})
	people := []*client{s.newUser("Ana"), s.newUser("Ben"), s.newUser("Carla")}
	ana := people[0]
	room := ana.createRoom("Kitchen", "open", people[1:]...)
	var last message
	for n := range 50 {
		last = sendFullMessage(room, n, people[n%3], people[(n+1)%3])
	}
	s.indexAll()
	equal(t, "mentions, files and reactions", fmt.Sprint(len(last.Mentions), len(last.Files), len(last.Reactions)), "1 2 2")
	in := "room=" + formatID(room)
	ana.get("/messages?" + in).is(200) // marks the messages as read
	for _, format := range []string{asJSON, "Accept: text/html"} {
		for path, place := range map[string]string{
			"the newest messages": "", "messages before one": "&before=99999", "messages after one": "&after=1",
			"messages around one": "&around=" + formatID(last.Seq), "changed messages": "&changed_after=1",
		} {
			queries := map[int]int64{}
			for _, limit := range []int{1, 10, 50} {
				queries[limit] = count.fewestDuring(func() {
					ana.get(fmt.Sprintf("/messages?%s%s&limit=%d", in, place, limit), format).is(200)
				})
			}
			if len(slices.Compact(slices.Collect(maps.Values(queries)))) > 1 {
				t.Errorf("%s (%s): the numbers of queries by messages are %v", path, format, queries)
			}
		}
	}
}
