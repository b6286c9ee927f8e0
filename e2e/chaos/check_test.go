package chaos

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// at is a moment of the small histories below, in milliseconds.
func at(ms int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(ms)) }

// In room 7 Ana (1) and Bob (2) write and Eva (3) reads. Max (4) is let in, taken out, let in again and taken out again.
const (
	room                 = 7
	ana, bob, eva, mover = 1, 2, 3, 4
)

// request is an op that takes ten milliseconds.
func request(ms int, k kind, who int64, o op) op {
	o.Start, o.End, o.Kind, o.Who, o.Room, o.Node = at(ms), at(ms+10), k, who, room, "a"
	if o.Outcome == "" {
		o.Outcome = ok
	}
	return o
}

func posting(ms int, who int64, body string, seq int64, is outcome) op {
	return request(ms, doPost, who, op{Key: "key " + body, Body: body, Seq: seq, ID: 100 + seq, Outcome: is})
}

func row(who int64, body string, seq int64) stored {
	return stored{Room: room, Seq: seq, ChangedSeq: seq, ID: 100 + seq, Author: who, Key: "key " + body, Body: body}
}

func shown(ms int, k sightKind, cursor int64, lines ...line) sight {
	s := sight{At: at(ms), Kind: k, Cursor: cursor, Lines: lines}
	if k == sawNew || k == sawChanged {
		s.Line, s.Lines = lines[0], nil
	}
	return s
}

// clean is a history in which every promise is kept, among them the difficult ones: a message without an answer that is
// stored and one that is not, one sent twice, a refused one, a stream that is cut and repeats a line, joinings whose rows
// are gone.
func clean() (history, content) {
	one, two, four, five := line{2, "one"}, line{4, "two"}, line{6, "four"}, line{9, "five"}
	six := line{11, "six"}
	h := history{
		Ops: []op{
			request(0, doAdmit, ana, op{Whom: mover}), // takes 3
			posting(0, ana, "one", 2, ok),
			posting(20, bob, "two", 0, unknown),
			posting(40, bob, "two", 4, ok),
			posting(45, bob, "two", 4, ok), // again, long after
			posting(60, mover, "lost", 0, unknown),
			request(70, doDepart, ana, op{Whom: mover}), // takes 5
			posting(80, mover, "no longer", 0, refused),
			posting(90, bob, "four", 0, unknown),
			request(120, doRead, ana, op{Lines: []line{two, four}}),
			request(130, doAdmit, ana, op{Whom: mover}),  // takes 7
			request(150, doDepart, ana, op{Whom: mover}), // takes 8
			posting(170, ana, "five", 9, ok),
			request(185, doRead, bob, op{Lines: []line{one, two, four, five}, Whole: true}),
			request(200, doLogOut, bob, op{}),
			request(220, doRead, bob, op{Outcome: refused}),
			request(240, doAdmit, ana, op{Whom: eva}), // takes 10
			posting(9000, ana, "six", 11, ok),
		},
		Readings: []reading{
			{Reader: "eva", Who: eva, Room: room, Stayed: true, Sights: []sight{
				shown(5, sawPage, 1), shown(6, sawOpened, 0), shown(10, sawNew, 2, one), shown(12, sawEnd, 0),
				shown(30, sawOpened, 0), shown(45, sawNew, 4, two), shown(46, sawNew, 4, two), shown(47, sawChanged, 0, line{3, "elsewhere"}),
				shown(130, sawNew, 6, four), shown(140, sawPage, 7, one, two, four), shown(141, sawOpened, 0),
				shown(175, sawNew, 9, five), shown(9005, sawNew, 11, six),
			}},
			{Reader: "max", Who: mover, Room: room, Sights: []sight{
				shown(15, sawPage, 3, one), shown(16, sawOpened, 0), shown(46, sawNew, 4, two), shown(72, sawEnd, 0),
				shown(142, sawPage, 7, one, two, four), shown(144, sawOpened, 0), shown(152, sawEnd, 0),
			}},
			{Reader: "bob", Who: bob, Room: room, Sights: []sight{shown(50, sawPage, 4, one, two), shown(52, sawOpened, 0), shown(130, sawNew, 6, four)}},
		},
		Faults: []fault{{"kill", at(60), at(90)}},
	}
	c := content{
		LastSeq:    map[int64]int64{room: 11},
		Messages:   []stored{row(ana, "one", 2), row(bob, "two", 4), row(bob, "four", 6), row(ana, "five", 9), row(ana, "six", 11)},
		Members:    []membership{{room, ana, 1}, {room, eva, 10}, {room, bob, 0}},
		Departures: []departure{{room, mover, 5, at(75)}, {room, mover, 8, at(155)}},
	}
	h.Readings[0].Sights[7] = shown(47, sawChanged, 0, two) // a change of a line that is there
	return h, c
}

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
			c.Messages = append(c.Messages, row(bob, "two", 12))
			h.Readings[0].Sights = append(h.Readings[0].Sights, shown(9100, sawNew, 12, line{12, "two"}))
		}, []string{"acknowledgedOnce"}},
		{"an answer names another place", func(h *history, c *content) { h.find("six").Seq = 12 }, []string{"acknowledgedOnce"}},
		{"a message without an answer is stored twice", func(h *history, c *content) {
			c.LastSeq[room]++
			c.Messages = append(c.Messages, row(bob, "four", 12))
			h.Readings[0].Sights = append(h.Readings[0].Sights, shown(9100, sawNew, 12, line{12, "four"}))
		}, []string{"unknownAtMostOnce"}},
		{"a refused message is stored", func(h *history, c *content) { h.find("four").Outcome = refused }, []string{"refusedNever"}},
		{"a message that nobody sent", func(h *history, c *content) {
			c.Messages[2] = row(bob, "invented", 6)
		}, []string{"nothingInvented", "pagesComplete"}},
		{"a line with another's text", see(eva, shown(9010, sawChanged, 0, line{11, "five"})), []string{"nothingInvented", "pagesComplete"}},
		{"a number is taken twice", func(h *history, c *content) { c.Members[1].Joined = 9 }, []string{"numbersOnce"}},
		{"a number is taken by nothing", func(h *history, c *content) { c.LastSeq[room]++ }, []string{"numbersOnce"}},
		{"a number is beyond the last", func(h *history, c *content) { c.Messages[4].ChangedSeq = 12 }, []string{"numbersOnce"}},
		{"a departure without a joining", func(h *history, c *content) {
			c.LastSeq[room]++
			c.Departures = append(c.Departures, departure{room, mover, 12, at(9100)})
		}, []string{"numbersOnce"}},
		{"an acknowledged message comes before an earlier one", func(h *history, c *content) {
			first, last := h.find("five"), h.find("six")
			first.Who, c.Messages[3].Author = bob, bob
			first.Start, first.End = last.Start.Add(time.Second), last.End.Add(time.Second)
		}, []string{"inOrder"}},
		{"the messages of a writer are the other way round", func(h *history, c *content) {
			first, last := h.find("five"), h.find("six")
			first.Start, first.End = last.Start.Add(time.Second), last.End.Add(time.Second)
		}, []string{"inOrder"}},
		{"a read on another node is old", do(request(9020, doRead, ana, op{Node: "b", Lines: []line{{2, "one"}, {4, "two"}, {6, "four"}, {9, "five"}}})), []string{"readsSeeWrites"}},
		{"a read has a hole", func(h *history, c *content) {
			for i := range h.Ops {
				if h.Ops[i].Whole {
					h.Ops[i].Lines = slices.Delete(h.Ops[i].Lines, 0, 1)
				}
			}
		}, []string{"readsSeeWrites"}},
		{"a stream skips a line", func(h *history, c *content) { h.Readings[eva].Sights = slices.Delete(h.Readings[eva].Sights, 11, 12) }, []string{"pagesComplete"}},
		{"a page is older than its cursor", func(h *history, c *content) { h.Readings[2].Sights[0].Cursor = 6 }, []string{"pagesComplete"}},
		{"a stream ends early", func(h *history, c *content) { h.Readings[eva].Sights = h.Readings[eva].Sights[:12] }, []string{"pagesComplete"}},
		{"a cursor goes back", see(eva, shown(9100, sawCursor, 9)), []string{"pagesComplete"}},
		{"an acknowledged departure is not stored", func(h *history, c *content) { c.Departures[0].At = at(9000) }, []string{"nothingAfterRemoval"}},
		{"a line reaches the removed", see(max, shown(175, sawNew, 9, line{9, "five"})), []string{"nothingAfterRemoval"}},
		{"a page is given to the removed", see(max, shown(180, sawPage, 9, line{9, "five"})), []string{"nothingAfterRemoval"}},
		{"a stream outlives a departure", func(h *history, c *content) {
			h.Readings[max].Sights = slices.Insert(h.Readings[max].Sights, 3, shown(141, sawNew, 6, line{6, "four"}))
		}, []string{"nothingAfterRemoval"}},
		{"the removed read", do(request(180, doRead, mover, op{Lines: []line{{9, "five"}}})), []string{"nothingAfterRemoval"}},
		{"a stream outlives a log-out", see(2, shown(9005, sawNew, 9, line{9, "five"}), shown(9006, sawNew, 11, line{11, "six"})), []string{"nothingAfterLogOut"}},
		{"who is logged out reads", do(request(9020, doRead, bob, op{Lines: []line{{11, "six"}}})), []string{"nothingAfterLogOut"}},
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

// Time in which nodes could not hear of a log-out does not count.
func TestCalm(t *testing.T) {
	h := history{Faults: []fault{{"one", at(0), at(1000)}, {"two", at(2000), at(3000)}, {"three", at(9000), at(9500)}}}
	for from, want := range map[int]int{500: 3000 + 3000, 3500: 6500, 8000: 12500, 10000: 13000} {
		if got := h.calm(at(from), 3*time.Second); !got.Equal(at(want)) {
			t.Errorf("from %d: %v, not %v", from, got, at(want))
		}
	}
}
