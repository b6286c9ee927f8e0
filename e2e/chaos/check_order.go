package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// numbersOnce: the row of a joining goes with the departure that ends it, so each departure also speaks for one number that
// nothing else takes: before it, and after the same person's departure before. (When messages can be changed more than
// once, the numbers of the earlier changes are gone too: they must be in the history then.)
func numbersOnce(_ history, c content) (found []violation) {
	for room, last := range c.LastSeq {
		taken := map[int64][]fmt.Stringer{}
		take := func(seq int64, by fmt.Stringer) { taken[seq] = append(taken[seq], by) }
		for _, m := range c.in(room, 0, 1<<62) {
			if take(m.Seq, m); m.ChangedSeq != m.Seq {
				take(m.ChangedSeq, m)
			}
		}
		for _, m := range c.Members {
			if m.Room == room && m.Joined > 0 {
				take(m.Joined, m)
			}
		}
		gone := departuresOf(room, c)
		for _, d := range gone {
			take(d.Seq, d)
		}
		for seq, by := range taken {
			if len(by) > 1 {
				found = append(found, broken(by, "number %d of room %d is taken %d times", seq, room, len(by)))
			}
			if seq < 1 || seq > last {
				found = append(found, broken(by, "number %d of room %d is beyond the last, %d", seq, room, last))
			}
		}
		found = append(found, untaken(room, last, taken, gone)...)
	}
	return found
}

func (m membership) String() string {
	return fmt.Sprintf("stored: %d is in room %d since %d", m.User, m.Room, m.Joined)
}

// leaving is a departure with the one of the same person before it.
type leaving struct {
	departure
	after int64
}

func departuresOf(room int64, c content) (gone []leaving) {
	before := map[int64]int64{}
	for _, d := range c.Departures {
		if d.Room == room {
			gone = append(gone, leaving{d, before[d.User]})
			before[d.User] = d.Seq
		}
	}
	return gone
}

// untaken gives each number that nothing takes to the first departure that it may be the joining of, which is the best
// choice for the numbers that follow.
func untaken(room, last int64, taken map[int64][]fmt.Stringer, gone []leaving) (found []violation) {
	for seq := int64(1); seq <= last; seq++ {
		if len(taken[seq]) > 0 {
			continue
		}
		i := slices.IndexFunc(gone, func(d leaving) bool { return d.after < seq && seq < d.Seq })
		if i < 0 {
			found = append(found, broken(nil, "number %d of room %d is taken by nothing", seq, room))
			continue
		}
		gone = slices.Delete(gone, i, i+1)
	}
	for _, d := range gone {
		found = append(found, broken([]fmt.Stringer{d}, "%d left room %d without a number for coming in", d.User, room))
	}
	return found
}

// sent is an acknowledged message and the time in which it was sent.
type sent struct {
	Room, Seq  int64
	Start, End time.Time
	ops        []op
}

func (h history) sent() map[int64][]sent {
	rooms := map[int64][]sent{}
	for _, ops := range h.intents() {
		if i := slices.IndexFunc(ops, func(o op) bool { return o.Outcome == ok }); i >= 0 {
			o := ops[i]
			rooms[o.Room] = append(rooms[o.Room], sent{o.Room, o.Seq, ops[0].Start, o.End, ops})
		}
	}
	return rooms
}

// inOrder: numbers follow the time in which messages were sent, wherever two do not overlap. The messages of one writer, who
// waits for each answer, therefore stand in the order in which they were written.
func inOrder(h history, _ content) (found []violation) {
	for room, all := range h.sent() {
		begun := slices.SortedFunc(slices.Values(all), func(a, b sent) int { return a.Start.Compare(b.Start) })
		ended := slices.SortedFunc(slices.Values(all), func(a, b sent) int { return a.End.Compare(b.End) })
		var high sent // of those that ended before the next began
		for _, s := range begun {
			for ; len(ended) > 0 && ended[0].End.Before(s.Start); ended = ended[1:] {
				if ended[0].Seq > high.Seq {
					high = ended[0]
				}
			}
			if s.Seq <= high.Seq {
				found = append(found, broken(evidence(append(slices.Clone(high.ops), s.ops...), nil), "in room %d %d comes after %d, which was answered before", room, high.Seq, s.Seq))
			}
		}
	}
	return found
}

// readsSeeWrites: whoever acknowledged it and whoever reads.
func readsSeeWrites(h history, _ content) (found []violation) {
	posts := h.sent()
	for _, all := range posts {
		slices.SortFunc(all, func(a, b sent) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	highest := acknowledged(posts)
	for _, o := range h.all(doRead) {
		if o.Outcome != ok {
			continue
		}
		shown := map[int64]bool{}
		for _, l := range o.Lines {
			shown[l.Seq] = true
		}
		low := int64(0)
		if len(o.Lines) > 0 && !o.Whole {
			low = o.Lines[0].Seq
		}
		bySeq := func(seq int64) func(sent) int { return func(s sent) int { return cmp.Compare(s.Seq, seq) } }
		for _, s := range between(posts[o.Room], bySeq(low), bySeq(highest(o.Room, o.Start)+1)) {
			if s.End.Before(o.Start) && !shown[s.Seq] {
				found = append(found, broken(append(evidence(s.ops, nil), o), "a later read does not show line %d of room %d", s.Seq, o.Room))
			}
		}
	}
	return found
}

// acknowledged tells the highest number of a room that was acknowledged before a time.
func acknowledged(posts map[int64][]sent) func(room int64, at time.Time) int64 {
	type mark struct {
		at  time.Time
		seq int64
	}
	marks := map[int64][]mark{}
	for room, all := range posts {
		high := int64(0)
		for _, s := range slices.SortedFunc(slices.Values(all), func(a, b sent) int { return a.End.Compare(b.End) }) {
			high = max(high, s.Seq)
			marks[room] = append(marks[room], mark{s.End, high})
		}
	}
	return func(room int64, at time.Time) int64 {
		i, _ := slices.BinarySearchFunc(marks[room], at, func(m mark, t time.Time) int { return m.at.Compare(t) })
		if i == 0 {
			return 0
		}
		return marks[room][i-1].seq
	}
}
