package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// numbersOnce. The database alone cannot account for every number: the row of a joining goes with the departure that ends
// it, and of the changes of a message only the last one keeps its number. Of the others we know those that were
// acknowledged and those that somebody was shown, and none of these may be anything else's. What is left must be enough for
// the joinings of all departures, and may else be changes without an answer, no more than there are and each before the
// message's last: which is which cannot be told.
func numbersOnce(h history, c content) (found []violation) {
	taken := takings{}
	taken.fromHistory(h)
	taken.fromContent(c)
	for room, last := range c.LastSeq {
		var free []int64
		for seq := int64(1); seq <= last; seq++ {
			if len(taken[number{room, seq}]) == 0 {
				free = append(free, seq)
			}
		}
		gone := departuresOf(room, c)
		if left, _ := assign(free, append(gone, unanswered(room, h, c)...)); len(left) > 0 {
			found = append(found, broken(nil, "numbers %v of room %d are taken by nothing", left, room))
		}
		_, without := assign(free, gone)
		for _, d := range without {
			found = append(found, broken([]fmt.Stringer{d.shows}, "somebody left room %d without a number for coming in", room))
		}
	}
	for n, by := range taken {
		shows := slices.Collect(maps.Values(by))
		if len(by) > 1 {
			found = append(found, broken(shows, "number %d of room %d is taken %d times", n.seq, n.room, len(by)))
		}
		if n.seq < 1 || n.seq > c.LastSeq[n.room] {
			found = append(found, broken(shows, "number %d of room %d is beyond the last, %d", n.seq, n.room, c.LastSeq[n.room]))
		}
	}
	return found
}

// number is one of a room.
type number struct{ room, seq int64 }

// takings are what takes each number, with one thing that shows it.
type takings map[number]map[string]fmt.Stringer

func (t takings) take(room, seq int64, shows fmt.Stringer, what string, args ...any) {
	n := number{room, seq}
	if t[n] == nil {
		t[n] = map[string]fmt.Stringer{}
	}
	t[n][fmt.Sprintf(what, args...)] = shows
}

const aChange = "a change of line %d"

// fromHistory: an acknowledged number is a change of its line, and of two acknowledged changes the second is another.
func (t takings) fromHistory(h history) {
	h.shown(func(room int64, where fmt.Stringer, lines ...line) {
		for _, l := range lines {
			if l.Version > 0 {
				t.take(room, l.Version, where, aChange, l.Seq)
			}
		}
	})
	acknowledged := map[number]int{}
	for _, o := range h.Ops {
		if n := (number{o.Room, o.took()}); o.isChange() && n.seq > 0 {
			if acknowledged[n]++; acknowledged[n] > 1 {
				t.take(o.Room, n.seq, o, "acknowledged change %d", acknowledged[n])
			}
		}
	}
}

func (t takings) fromContent(c content) {
	for _, m := range c.Messages {
		if t.take(m.Room, m.Seq, m, "line %d", m.Seq); m.ChangedSeq != m.Seq {
			t.take(m.Room, m.ChangedSeq, m, aChange, m.Seq)
		}
	}
	for _, m := range c.Members {
		if m.Joined > 0 {
			t.take(m.Room, m.Joined, m, "joining of %d", m.User)
		}
	}
	for _, d := range c.Departures {
		t.take(d.Room, d.Seq, d, "departure of %d", d.User)
	}
}

func (m membership) String() string {
	return fmt.Sprintf("stored: %d is in room %d since %d", m.User, m.Room, m.Joined)
}

// span is a change that took one of the numbers between two others.
type span struct {
	after, before int64
	shows         fmt.Stringer
}

// departuresOf speak each for a joining: before it, and after the same person's departure before.
func departuresOf(room int64, c content) (gone []span) {
	before := map[int64]int64{}
	for _, d := range c.Departures {
		if d.Room == room {
			gone = append(gone, span{before[d.User], d.Seq, d})
			before[d.User] = d.Seq
		}
	}
	return gone
}

// unanswered are the changes that may have taken a number without anybody's knowing.
func unanswered(room int64, h history, c content) (maybe []span) {
	for _, o := range h.Ops {
		if o.isChange() && o.Outcome == unknown && o.Room == room {
			for _, m := range c.in(room, o.Seq, o.Seq) {
				maybe = append(maybe, span{m.Seq, m.ChangedSeq, o})
			}
		}
	}
	return maybe
}

// assign gives each number, in their order, to the span that ends first of those that it may belong to, which leaves as few
// numbers and spans over as can be. (That all numbers find a span, and all of some spans a number, can both be had at once
// when each can: Mendelsohn and Dulmage, 1958.)
func assign(numbers []int64, spans []span) (left []int64, unused []span) {
	unused = slices.SortedStableFunc(slices.Values(spans), func(a, b span) int { return cmp.Compare(a.before, b.before) })
	for _, seq := range numbers {
		i := slices.IndexFunc(unused, func(s span) bool { return s.after < seq && seq < s.before })
		if i < 0 {
			left = append(left, seq)
			continue
		}
		unused = slices.Delete(unused, i, i+1)
	}
	return left, unused
}
