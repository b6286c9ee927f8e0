package chaos

import (
	"cmp"
	"slices"
	"time"
)

// acknowledgedChange is a message that was posted or changed by a request that a response acknowledged. It records the
// time from the first request to the response.
type acknowledgedChange struct {
	Room, Seq  int64
	Start, End time.Time
	ops        []op
}

// acknowledgedPosts returns, for each room, the posted messages that a response acknowledged.
func (h history) acknowledgedPosts() map[int64][]acknowledgedChange {
	rooms := map[int64][]acknowledgedChange{}
	for _, ops := range h.intents() {
		if i := slices.IndexFunc(ops, func(o op) bool { return o.Outcome == succeeded }); i >= 0 {
			o := ops[i]
			rooms[o.Room] = append(rooms[o.Room], acknowledgedChange{o.Room, o.Seq, ops[0].Start, o.End, ops})
		}
	}
	return rooms
}

// acknowledgedChanges returns, for each room, the posts and the changes of messages that a response acknowledged.
func (h history) acknowledgedChanges() map[int64][]acknowledgedChange {
	rooms := h.acknowledgedPosts()
	for _, o := range h.Ops {
		if seq := o.assignedSeq(); o.isChange() && seq > 0 {
			rooms[o.Room] = append(rooms[o.Room], acknowledgedChange{o.Room, seq, o.Start, o.End, []op{o}})
		}
	}
	return rooms
}

// inOrder requires that of two requests that do not overlap in time, the later one has the higher seq (number of a
// change in its room). As a writer waits for each response, the messages of one writer stand in the order in which they
// were written.
func inOrder(h history, _ databaseState) (found []violation) {
	for room, all := range h.acknowledgedChanges() {
		begun := slices.SortedFunc(slices.Values(all), byStart)
		ended := slices.SortedFunc(slices.Values(all), byEnd)
		var high acknowledgedChange // of those that ended before the next began
		for _, s := range begun {
			for ; len(ended) > 0 && ended[0].End.Before(s.Start); ended = ended[1:] {
				if ended[0].Seq > high.Seq {
					high = ended[0]
				}
			}
			if s.Seq <= high.Seq {
				found = append(found, newViolation(evidence(append(slices.Clone(high.ops), s.ops...), nil),
					"in room %d seq %d was acknowledged before %d was requested", room, high.Seq, s.Seq))
			}
		}
	}
	return found
}

func byStart(a, b acknowledgedChange) int { return a.Start.Compare(b.Start) }
func byEnd(a, b acknowledgedChange) int   { return a.End.Compare(b.End) }

// readsSeeWrites requires two things of each read, on any node: it shows every message that was acknowledged before the
// read began, and no text that was replaced before the read began.
func readsSeeWrites(h history, db databaseState) (found []violation) {
	posts, versions := h.acknowledgedPosts(), h.textVersions()
	for _, all := range posts {
		slices.SortFunc(all, func(a, b acknowledgedChange) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	highest := highestAcknowledged(posts)
	for _, o := range h.opsOf(doRead) {
		if o.Outcome != succeeded {
			continue
		}
		shown := map[int64]bool{}
		for _, l := range o.Messages {
			shown[l.Seq] = true
			for _, m := range db.messagesBetween(o.Room, l.Seq, l.Seq) {
				if newer := replacedBy(versions[m.ID], l.Body, o.Start); newer != nil {
					found = append(found, newViolation(append(evidence(newer, nil), o),
						"a later read still shows %v", l))
				}
			}
		}
		low := int64(0)
		if len(o.Messages) > 0 && !o.Complete {
			low = o.Messages[0].Seq
		}
		bySeq := func(seq int64) func(acknowledgedChange) int {
			return func(s acknowledgedChange) int { return cmp.Compare(s.Seq, seq) }
		}
		for _, s := range between(posts[o.Room], bySeq(low), bySeq(highest(o.Room, o.Start)+1)) {
			if s.End.Before(o.Start) && !shown[s.Seq] {
				found = append(found, newViolation(append(evidence(s.ops, nil), o),
					"a later read does not show message %d of room %d", s.Seq, o.Room))
			}
		}
	}
	return found
}

// highestAcknowledged returns a function that takes a room and a time. That function returns the highest seq (number of
// a change) of the room that was acknowledged before the time.
func highestAcknowledged(posts map[int64][]acknowledgedChange) func(room int64, at time.Time) int64 {
	type mark struct {
		at  time.Time
		seq int64
	}
	marks := map[int64][]mark{}
	for room, all := range posts {
		high := int64(0)
		for _, s := range slices.SortedFunc(slices.Values(all), byEnd) {
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
