package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// seqsUsedOnce. The database alone cannot account for every number: the row of a joining goes with the departure that ends
// it, and of the changes of a message only the last one keeps its number. Of the others we know those that were
// acknowledged and those that somebody was shown, and none of these may be anything else's. What is left must be enough for
// the joinings of all departures, and may else be changes without an answer, no more than there are and each before the
// message's last: which is which cannot be told.
func seqsUsedOnce(h history, c databaseState) (found []violation) {
	taken := seqUses{}
	taken.addHistory(h)
	taken.addDatabase(c)
	for room, last := range c.LastSeq {
		var free []int64
		for seq := int64(1); seq <= last; seq++ {
			if len(taken[roomSeq{room, seq}]) == 0 {
				free = append(free, seq)
			}
		}
		gone := joinRanges(room, c)
		if left, _ := assignSeqs(free, append(gone, unansweredChanges(room, h, c)...)); len(left) > 0 {
			found = append(found, newViolation(nil, "numbers %v of room %d are taken by nothing", left, room))
		}
		_, without := assignSeqs(free, gone)
		for _, d := range without {
			found = append(found, newViolation([]fmt.Stringer{d.source}, "somebody left room %d without a number for coming in", room))
		}
	}
	for n, by := range taken {
		shows := slices.Collect(maps.Values(by))
		if len(by) > 1 {
			found = append(found, newViolation(shows, "number %d of room %d is taken %d times", n.seq, n.room, len(by)))
		}
		if n.seq < 1 || n.seq > c.LastSeq[n.room] {
			found = append(found, newViolation(shows, "number %d of room %d is beyond the last, %d", n.seq, n.room, c.LastSeq[n.room]))
		}
	}
	return found
}

// roomSeq is one of a room.
type roomSeq struct{ room, seq int64 }

// seqUses are what takes each number, with one thing that shows it.
type seqUses map[roomSeq]map[string]fmt.Stringer

func (t seqUses) add(room, seq int64, shows fmt.Stringer, what string, args ...any) {
	n := roomSeq{room, seq}
	if t[n] == nil {
		t[n] = map[string]fmt.Stringer{}
	}
	t[n][fmt.Sprintf(what, args...)] = shows
}

const changeOfMessage = "a change of line %d"

// addHistory: an acknowledged number is a change of its line, and of two acknowledged changes the second is another.
func (t seqUses) addHistory(h history) {
	h.eachShownMessage(func(room int64, where fmt.Stringer, lines ...shownMessage) {
		for _, l := range lines {
			if l.Version > 0 {
				t.add(room, l.Version, where, changeOfMessage, l.Seq)
			}
		}
	})
	acknowledged := map[roomSeq]int{}
	for _, o := range h.Ops {
		if n := (roomSeq{o.Room, o.assignedSeq()}); o.isChange() && n.seq > 0 {
			if acknowledged[n]++; acknowledged[n] > 1 {
				t.add(o.Room, n.seq, o, "acknowledged change %d", acknowledged[n])
			}
		}
	}
}

func (t seqUses) addDatabase(c databaseState) {
	for _, m := range c.Messages {
		if t.add(m.Room, m.Seq, m, "line %d", m.Seq); m.ChangedSeq != m.Seq {
			t.add(m.Room, m.ChangedSeq, m, changeOfMessage, m.Seq)
		}
	}
	for _, m := range c.Members {
		if m.JoinedSeq > 0 {
			t.add(m.Room, m.JoinedSeq, m, "joining of %d", m.User)
		}
	}
	for _, d := range c.Departures {
		t.add(d.Room, d.Seq, d, "departure of %d", d.User)
	}
}

func (m membership) String() string {
	return fmt.Sprintf("stored: %d is in room %d since %d", m.User, m.Room, m.JoinedSeq)
}

// seqRange is a change that took one of the numbers between two others.
type seqRange struct {
	after, before int64
	source        fmt.Stringer
}

// joinRanges speak each for a joining: before it, and after the same person's departure before.
func joinRanges(room int64, c databaseState) (gone []seqRange) {
	before := map[int64]int64{}
	for _, d := range c.Departures {
		if d.Room == room {
			gone = append(gone, seqRange{before[d.User], d.Seq, d})
			before[d.User] = d.Seq
		}
	}
	return gone
}

// unansweredChanges are the changes that may have taken a number without anybody's knowing.
func unansweredChanges(room int64, h history, c databaseState) (maybe []seqRange) {
	for _, o := range h.Ops {
		if o.isChange() && o.Outcome == unknown && o.Room == room {
			for _, m := range c.messagesBetween(room, o.Seq, o.Seq) {
				maybe = append(maybe, seqRange{m.Seq, m.ChangedSeq, o})
			}
		}
	}
	return maybe
}

// assignSeqs gives each number, in their order, to the span that ends first of those that it may belong to, which leaves as few
// numbers and spans over as can be. (That all numbers find a span, and all of some spans a number, can both be had at once
// when each can: Mendelsohn and Dulmage, 1958.)
func assignSeqs(numbers []int64, spans []seqRange) (left []int64, unused []seqRange) {
	unused = slices.SortedStableFunc(slices.Values(spans), func(a, b seqRange) int { return cmp.Compare(a.before, b.before) })
	for _, seq := range numbers {
		i := slices.IndexFunc(unused, func(s seqRange) bool { return s.after < seq && seq < s.before })
		if i < 0 {
			left = append(left, seq)
			continue
		}
		unused = slices.Delete(unused, i, i+1)
	}
	return left, unused
}
