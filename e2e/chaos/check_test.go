package chaos

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestACleanHistoryPasses(t *testing.T) {
	for _, line := range judge(clean()) {
		t.Error(line)
	}
}

// find is the number of the op with this body, the last of them.
func (h history) find(body string) *op {
	for i := range slices.Backward(h.Ops) {
		if h.Ops[i].Body == body {
			return &h.Ops[i]
		}
	}
	panic("no " + body)
}

// Each check finds the fault that it looks for. What a fault breaks besides is named, because one fault may be seen twice.
func TestEachCheckFindsItsFault(t *testing.T) {
	type change func(h *history, c *content)
	eva, max := 0, 1 // the readings
	proved := map[string]bool{}
	see := func(reader int, sights ...sight) change {
		return func(h *history, _ *content) { h.Readings[reader].Sights = append(h.Readings[reader].Sights, sights...) }
	}
	// become makes a change of six, or of five, the last in the room: stored, and shown to Eva.
	become := func(l line) change {
		return func(h *history, c *content) {
			i := slices.IndexFunc(c.Messages, func(m stored) bool { return m.Seq == l.Seq })
			c.LastSeq[room], c.Messages[i] = l.Version, c.Messages[i].as(l)
			h.Readings[0].Sights = append(h.Readings[0].Sights, shown(9400, sawChanged, l.Version, l))
		}
	}
	six := line{Seq: 11, Version: 17, Body: "6", Edited: true, Reactions: "👍:3"} // as it is in the end, but for the number
	both := func(all ...change) change {
		return func(h *history, c *content) {
			for _, f := range all {
				f(h, c)
			}
		}
	}
	other := func(sights ...sight) change { // a page of Ana's, opened early
		return func(h *history, _ *content) {
			h.Readings = append(h.Readings, reading{Who: ana, Session: "1", Room: room, Sights: append([]sight{shown(25, sawPage, 2, says(2, "one"))}, sights...)})
		}
	}
	do := func(ops ...op) change { return func(h *history, _ *content) { h.Ops = append(h.Ops, ops...) } }
	for _, f := range []struct {
		fault string
		do    change
		finds []string
	}{
		{"an acknowledged message is gone", func(h *history, c *content) {
			c.Messages = slices.Delete(c.Messages, 3, 4)
		}, []string{"acknowledgedOnce", "nothingInvented", "numbersOnce"}},
		{"a repeated message is stored twice", func(h *history, c *content) {
			c.LastSeq[room]++
			c.Messages = append(c.Messages, row(bob, "two", 17))
			h.Readings[0].Sights = append(h.Readings[0].Sights, shown(9400, sawNew, 17, says(17, "two")))
		}, []string{"acknowledgedOnce"}},
		{"an answer names another place", func(h *history, c *content) { h.find("six").Seq = 12 }, []string{"acknowledgedOnce", "inOrder", "readsSeeWrites"}},
		{"a message without an answer is stored twice", func(h *history, c *content) {
			c.LastSeq[room]++
			c.Messages = append(c.Messages, row(bob, "four", 17))
			h.Readings[0].Sights = append(h.Readings[0].Sights, shown(9400, sawNew, 17, says(17, "four")))
		}, []string{"unknownAtMostOnce"}},
		{"a refused message is stored", func(h *history, c *content) { h.find("four").Outcome = refused }, []string{"refusedNever", "filesSecret"}},
		{"a message that nobody sent", func(h *history, c *content) {
			c.Messages[2] = row(bob, "invented", 6)
		}, []string{"nothingInvented", "oneLook", "pagesComplete"}},
		{"a line with another's text", see(eva, shown(9010, sawChanged, 0, says(11, "five"))), []string{"nothingInvented", "oneLook", "pagesComplete"}},
		{"a number is taken twice", func(h *history, c *content) { c.Members[1].Joined = 9 }, []string{"numbersOnce"}},
		{"a number is taken by nothing", func(h *history, c *content) { c.LastSeq[room]++ }, []string{"numbersOnce"}},
		{"a number is beyond the last", func(h *history, c *content) { c.Members[1].Joined = 17 }, []string{"numbersOnce"}},
		{"a departure without a joining", func(h *history, c *content) {
			likes := h.find("👍") // a known number, so it is no joining
			likes.Outcome, likes.Line = ok, likes.Line.now(13, func(l *line) { l.Seq, l.Body, l.Reactions = 11, "six", "🎉:2 👍:3" })
			c.LastSeq[room]++
			c.Departures = append(c.Departures, departure{room, mover, 17, at(9400)})
		}, []string{"numbersOnce"}},
		{"an acknowledged message comes before an earlier one", func(h *history, c *content) {
			first, last := h.find("five"), h.find("six")
			first.Who, c.Messages[3].Author = bob, bob
			first.Start, first.End = last.Start.Add(time.Second), last.End.Add(time.Second)
		}, []string{"inOrder", "filesSecret"}},
		{"the messages of a writer are the other way round", func(h *history, c *content) {
			first, last := h.find("five"), h.find("six")
			first.Start, first.End = last.Start.Add(time.Second), last.End.Add(time.Second)
		}, []string{"inOrder", "filesSecret"}},
		{"a change comes before an earlier one", func(h *history, _ *content) {
			for i, o := range h.Ops {
				if o.Kind == doDelete {
					h.Ops[i].Start, h.Ops[i].End = at(9100), at(9110)
				}
			}
		}, []string{"inOrder"}},
		{"an edit is undone", become(six.now(17, func(l *line) { l.Body, l.Edited = "six", false })), []string{"lastChangeStands"}},
		{"a deleted message is back", become(says(9, "five").now(17, func(*line) {})), []string{"lastChangeStands"}},
		{"a deletion leaves a reaction", become(says(9, "").now(17, func(l *line) { l.Deleted, l.Reactions = true, "🎉:2" })), []string{"lastChangeStands", "nothingInvented"}},
		{"a refused edit is stored", become(six.now(17, edited("not mine"))), []string{"nothingInvented", "lastChangeStands"}},
		{"a reaction that nobody made", become(six.now(17, reactedTo("👍:3 🎉:1"))), []string{"nothingInvented"}},
		{"a reaction does not turn round", both(become(six), do(changing(9400, doReact, bob, "🎉", 15, six, ok))), []string{"reactionsTakeTurns"}},
		{"an acknowledged reaction is gone", both(become(six.now(18, func(*line) {})),
			do(changing(9400, doReact, bob, "🎉", 15, six.now(17, reactedTo("👍:3 🎉:2")), ok))), []string{"reactionsTakeTurns"}},
		{"two pages show one change each in their way", other(shown(9210, sawChanged, 0, says(11, "six").now(12, reactedTo("")))), []string{"oneLook"}},
		{"two acknowledged changes have one number", do(changing(9281, doEdit, ana, "6", 14, six.now(15, func(*line) {}), ok)), []string{"numbersOnce"}},
		{"an acknowledged change has the number of a joining", both(become(six.now(18, func(*line) {})), func(h *history, c *content) {
			c.Members[2].Joined = 17
		}, do(changing(9400, doEdit, ana, "6", 15, six, ok))), []string{"numbersOnce"}},
		{"two lines show changes with one number", other(shown(9210, sawChanged, 0, says(2, "one").now(12, func(*line) {}))), []string{"numbersOnce"}},
		{"a read on another node is old", do(request(9020, doRead, ana, op{Node: "b", Lines: []line{says(2, "one"), says(4, "two"), says(6, "four"), says(9, "five")}})), []string{"readsSeeWrites"}},
		{"a read has a hole", func(h *history, c *content) {
			for i := range h.Ops {
				if h.Ops[i].Whole {
					h.Ops[i].Lines = slices.Delete(h.Ops[i].Lines, 0, 1)
				}
			}
		}, []string{"readsSeeWrites"}},
		{"a later read shows what was replaced", do(request(9400, doRead, bob, op{Session: "new", Lines: []line{says(9, "").now(16, gone), says(11, "six")}})), []string{"readsSeeWrites"}},
		{"a later read shows what was deleted", do(request(9400, doRead, ana, op{Lines: []line{says(9, "five"), six.now(15, func(*line) {})}})), []string{"readsSeeWrites"}},
		{"a stream skips a change", func(h *history, c *content) { h.Readings[eva].Sights = slices.Delete(h.Readings[eva].Sights, 15, 16) }, []string{"pagesComplete"}},
		{"a stream skips the last change", func(h *history, c *content) { h.Readings[eva].Sights = h.Readings[eva].Sights[:16] }, []string{"pagesComplete"}},
		{"a line goes back", both(other(shown(9100, sawNew, 11, says(11, "six")), shown(9210, sawChanged, 0, six.now(15, func(*line) {})),
			shown(9220, sawChanged, 0, says(11, "six").now(12, reactedTo("🎉:2"))))), []string{"pagesComplete"}},
		{"a stream skips a line", func(h *history, c *content) { h.Readings[eva].Sights = slices.Delete(h.Readings[eva].Sights, 11, 12) }, []string{"pagesComplete"}},
		{"a page is older than its cursor", func(h *history, c *content) { h.Readings[2].Sights[0].Cursor = 6 }, []string{"pagesComplete"}},
		{"a stream ends early", func(h *history, c *content) { h.Readings[eva].Sights = h.Readings[eva].Sights[:12] }, []string{"pagesComplete"}},
		{"a cursor goes back", see(eva, shown(9400, sawCursor, 9)), []string{"pagesComplete"}},
		{"an acknowledged departure is not stored", func(h *history, c *content) { c.Departures[0].At = at(9000) }, []string{"nothingAfterRemoval"}},
		{"a line reaches the removed", see(max, shown(175, sawNew, 9, says(9, "five"))), []string{"nothingAfterRemoval"}},
		{"a page is given to the removed", see(max, shown(180, sawPage, 9, says(9, "five"))), []string{"nothingAfterRemoval"}},
		{"a stream outlives a departure", func(h *history, c *content) {
			h.Readings[max].Sights = slices.Insert(h.Readings[max].Sights, 3, shown(141, sawNew, 6, says(6, "four")))
		}, []string{"nothingAfterRemoval"}},
		{"a change reaches the removed", see(max, shown(9205, sawChanged, 0, says(11, "six").now(12, reactedTo("🎉:2")))), []string{"nothingAfterRemoval"}},
		{"the removed react", both(become(six.now(17, reactedTo("👍:3 🎉:4"))), do(changing(9400, doReact, mover, "🎉", 15, six.now(17, reactedTo("👍:3 🎉:4")), ok))), []string{"nothingAfterRemoval"}},
		{"the removed read", do(request(180, doRead, mover, op{Lines: []line{says(9, "five")}})), []string{"nothingAfterRemoval"}},
		{"a stream outlives a log-out", see(2, shown(9005, sawNew, 9, says(9, "five")), shown(9006, sawNew, 11, says(11, "six"))), []string{"nothingAfterLogOut"}},
		{"a change reaches a session that is over", see(2, shown(9205, sawChanged, 0, says(11, "six").now(12, reactedTo("🎉:2")))), []string{"nothingAfterLogOut"}},
		{"a stream outlives disabling", do(request(230, doDisable, ana, op{Ends: []string{"3"}})), []string{"nothingAfterLogOut"}},
		{"who is logged out reads", do(request(9020, doRead, bob, op{Lines: []line{says(11, "six")}})), []string{"nothingAfterLogOut"}},
		{"a message has other files than it was sent with", func(h *history, c *content) { c.Messages[2].Files = "53" }, []string{"nothingInvented", "oneLook", "pagesComplete"}},
		{"a deletion leaves a file", become(says(9, "").now(17, func(l *line) { l.Deleted, l.Files = true, "52" })), []string{"lastChangeStands"}},
		{"who is logged out fetches a file", do(request(230, doFetch, bob, file(51, 3, "aa"))), []string{"nothingAfterLogOut"}},
		{"a refresh token is refused too early", do(request(9400, doRenew, ana, op{Key: "t1", Outcome: refused})), []string{"nobodyShutOut"}},
		{"a refresh token has two successors", do(request(9400, doRenew, ana, op{Key: "t1", Body: "t3"})), []string{"nobodyShutOut"}},
		{"a session is not known any more", do(request(9400, doRead, ana, op{Outcome: refused, Why: "401 Unauthorized"})), []string{"nobodyShutOut"}},
		{"a stream says that a session is over", see(eva, sight{At: at(9400), Kind: sawEnd, Why: "logout"}), []string{"nobodyShutOut"}},
		{"a program is told a message twice", func(h *history, _ *content) {
			h.Readings = append(h.Readings, reading{Who: ana, Program: true, Room: room, Sights: []sight{
				shown(25, sawPage, 2, says(2, "one")), shown(50, sawNew, 4, says(4, "two")), shown(51, sawNew, 4, says(4, "two"))}})
		}, []string{"toldOnce"}},
		{"a file comes with other bytes", do(request(9360, doFetch, bob, op{ID: 51, Size: 3, Sum: "ab", Session: "new"})), []string{"filesAsSent"}},
		{"a file is gone in the end", do(request(9360, doFetch, ana, op{ID: 51, Outcome: refused})), []string{"filesAsSent"}},
		{"a node does not have a file", do(request(9360, doFetch, ana, op{ID: 51, Outcome: unknown, Node: "b"})), []string{"filesAsSent"}},
		{"an acknowledged file cannot be sent", do(request(9360, doPost, ana, op{Key: "k", Body: "b", Files: "53", Outcome: refused, Why: "422 Unprocessable Entity"})), []string{"filesAsSent"}},
		{"half a file is kept", func(_ *history, c *content) { c.Contents[1].Hash = "b" }, []string{"filesAsSent"}},
		{"a row has no object", func(_ *history, c *content) { c.Objects = c.Objects[1:] }, []string{"objectsMatch"}},
		{"an object has no row", func(_ *history, c *content) { c.Objects = append(c.Objects, "third") }, []string{"objectsMatch"}},
		{"a content has no file", func(_ *history, c *content) { c.Files = c.Files[:1] }, []string{"objectsMatch"}},
		{"the removed fetch a file", do(request(182, doFetch, mover, file(52, 3, "aa"))), []string{"filesSecret"}},
		{"an outsider fetches a file", do(request(182, doFetch, kit, file(52, 3, "aa"))), []string{"filesSecret"}},
		{"a file that waits is given to another", do(request(9360, doFetch, bob, op{Session: "new", ID: 53, Size: 4, Sum: "bb"})), []string{"filesSecret"}},
		{"a deleted file is given", do(request(9360, doFetch, ana, file(52, 3, "aa"))), []string{"filesSecret"}},
		{"a read mark goes back", see(3, told(9320, standing{alone, 1, 0, 0}), told(9330, standing{alone, 1, 1, 0})), []string{"marksStay"}},
		{"an acknowledged mark is not counted", func(h *history, _ *content) {
			h.Ops = append([]op{request(9330, doCount, kit, op{Standing: []standing{{alone, 1, 0, 0}}})}, h.Ops...)
		}, []string{"marksStay"}},
		{"a mark is not stored", func(_ *history, c *content) { c.Members[3].Read = 0 }, []string{"marksStay", "unreadCounted"}},
		{"a mark is beyond the last number", func(_ *history, c *content) { c.Members[1].Read = 17 }, []string{"marksStay"}},
		{"unread is counted wrong", do(request(9330, doCount, kit, op{Standing: []standing{{alone, 1, 1, 1}}})), []string{"unreadCounted"}},
		{"a stream tells unread wrong", see(3, told(9320, standing{alone, 1, 1, 1})), []string{"unreadCounted"}},
	} {
		t.Run(f.fault, func(t *testing.T) {
			h, c := clean()
			f.do(&h, &c)
			for _, k := range checks {
				found, wanted := k.find(h, c), slices.Contains(f.finds, k.called())
				if wanted != (len(found) > 0) {
					t.Errorf("%s finds %+v", k.called(), found)
				}
			}
		})
		proved[f.finds[0]] = true
	}
	for _, k := range checks {
		if !proved[k.called()] {
			t.Errorf("no fault here proves %s", k.called())
		}
	}
}

// called is the name of a check's function.
func (k check) called() string {
	name := runtime.FuncForPC(reflect.ValueOf(k.find).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}

// What somebody wrote, deleted or read is not unread.
func TestStandings(t *testing.T) {
	_, c := clean()
	for i, want := range []standing{{room, 16, 1, 2}, {room, 16, 10, 1}, {room, 16, 0, 2}} {
		who := c.Members[i].User
		if got := c.standings(who); len(got) != 1 || got[0] != want {
			t.Errorf("%d: %v, not %v", who, got, want)
		}
	}
}

// Time in which nodes could not hear of a log-out does not count.
func TestCalm(t *testing.T) {
	h := history{Faults: []fault{{"one", at(0), at(1000)}, {"two", at(2000), at(3000)}, {"three", at(9000), at(9500)}}}
	for from, want := range map[int]int{500: 3000 + 3000, 3500: 6500, 8000: 12500, 10000: 13000} {
		if got := h.calm(at(from), 3*time.Second); !got.Equal(at(want)) {
			t.Errorf("from %d: %v, not %v", from, got, at(want))
		}
	}
}
