package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// seqsUsedOnce requires that every seq (number of a change) of a room belongs to exactly one change. It collects the
// changes that are in the database, were acknowledged or were shown to somebody. Some changes are none of these: a
// departure deletes the row of the join before it, and a message keeps only the seq of its last change. Therefore every
// seq without a known change must fit a join before a departure, or a change of a message that got no response, and
// each such join must get a seq of its own. The check cannot know which seq belongs to which of them.
func seqsUsedOnce(h history, db databaseState) (found []violation) {
	uses := seqUses{}
	uses.addHistory(h)
	uses.addDatabase(db)
	for room, last := range db.LastSeq {
		var free []int64
		for seq := int64(1); seq <= last; seq++ {
			if len(uses[roomSeq{room, seq}]) == 0 {
				free = append(free, seq)
			}
		}
		joins := joinRanges(room, db)
		if left, _ := assignSeqs(free, append(joins, unansweredChanges(room, h, db)...)); len(left) > 0 {
			found = append(found, newViolation(nil, "seqs %v of room %d belong to no change", left, room))
		}
		_, missing := assignSeqs(free, joins)
		for _, d := range missing {
			found = append(found, newViolation([]fmt.Stringer{d.source},
				"somebody left room %d without a seq for joining", room))
		}
	}
	for n, by := range uses {
		records := slices.Collect(maps.Values(by))
		if len(by) > 1 {
			found = append(found, newViolation(records, "seq %d of room %d is used %d times", n.seq, n.room, len(by)))
		}
		if n.seq < 1 || n.seq > db.LastSeq[n.room] {
			found = append(found, newViolation(records, "seq %d of room %d is beyond the last, %d",
				n.seq, n.room, db.LastSeq[n.room]))
		}
	}
	return found
}

// roomSeq is a seq (number of a change) together with the room to which it belongs.
type roomSeq struct{ room, seq int64 }

// seqUses lists which changes use each seq (number of a change in a room). For each change, it has one record that
// shows the use.
type seqUses map[roomSeq]map[string]fmt.Stringer

// add records that a change uses a seq. The parameter change and its arguments describe the change; two calls with the
// same description count as one change.
func (u seqUses) add(room, seq int64, record fmt.Stringer, change string, args ...any) {
	n := roomSeq{room, seq}
	if u[n] == nil {
		u[n] = map[string]fmt.Stringer{}
	}
	u[n][fmt.Sprintf(change, args...)] = record
}

const changeOfMessage = "a change of message %d"

// addHistory adds the changes that responses acknowledged or that somebody saw. Two requests that were acknowledged
// with the same seq count as two changes.
func (u seqUses) addHistory(h history) {
	h.eachShownMessage(func(room int64, where fmt.Stringer, messages ...shownMessage) {
		for _, m := range messages {
			if m.Version > 0 {
				u.add(room, m.Version, where, changeOfMessage, m.Seq)
			}
		}
	})
	acknowledged := map[roomSeq]int{}
	for _, o := range h.Ops {
		if n := (roomSeq{o.Room, o.assignedSeq()}); o.isChange() && n.seq > 0 {
			if acknowledged[n]++; acknowledged[n] > 1 {
				u.add(o.Room, n.seq, o, "acknowledged change %d", acknowledged[n])
			}
		}
	}
}

// addDatabase adds the changes whose seqs are stored in the database.
func (u seqUses) addDatabase(db databaseState) {
	for _, m := range db.Messages {
		if u.add(m.Room, m.Seq, m, "message %d", m.Seq); m.ChangedSeq != m.Seq {
			u.add(m.Room, m.ChangedSeq, m, changeOfMessage, m.Seq)
		}
	}
	for _, m := range db.Members {
		if m.JoinedSeq > 0 {
			u.add(m.Room, m.JoinedSeq, m, "join of %d", m.User)
		}
	}
	for _, d := range db.Departures {
		u.add(d.Room, d.Seq, d, "departure of %d", d.User)
	}
}

func (m membership) String() string {
	return fmt.Sprintf("stored: %d is a member of room %d since %d", m.User, m.Room, m.JoinedSeq)
}

// seqRange is a change whose seq is unknown. The seq lies between after and before, both excluded.
type seqRange struct {
	after, before int64
	source        fmt.Stringer
}

// joinRanges returns, for each departure from a room, the range of the seq of the join before it. That seq lies between
// the same user's previous departure, if any, and this departure.
func joinRanges(room int64, db databaseState) (ranges []seqRange) {
	before := map[int64]int64{}
	for _, d := range db.Departures {
		if d.Room == room {
			ranges = append(ranges, seqRange{before[d.User], d.Seq, d})
			before[d.User] = d.Seq
		}
	}
	return ranges
}

// unansweredChanges returns the changes of messages in a room whose requests got no response. Each of them may have
// used a seq.
func unansweredChanges(room int64, h history, db databaseState) (ranges []seqRange) {
	for _, o := range h.Ops {
		if o.isChange() && o.Outcome == unknown && o.Room == room {
			for _, m := range db.messagesBetween(room, o.Seq, o.Seq) {
				ranges = append(ranges, seqRange{m.Seq, m.ChangedSeq, o})
			}
		}
	}
	return ranges
}

// assignSeqs assigns each seq, in ascending order, to one of the ranges that contain it, namely to the range that ends
// first. It returns the seqs and the ranges that are left over, which are as few as possible. (If all seqs can be
// assigned, and all of some ranges can get one, then both are possible at once: Mendelsohn and Dulmage, 1958.)
func assignSeqs(seqs []int64, ranges []seqRange) (left []int64, unused []seqRange) {
	byEnd := func(a, b seqRange) int { return cmp.Compare(a.before, b.before) }
	unused = slices.SortedStableFunc(slices.Values(ranges), byEnd)
	for _, seq := range seqs {
		i := slices.IndexFunc(unused, func(r seqRange) bool { return r.after < seq && seq < r.before })
		if i < 0 {
			left = append(left, seq)
			continue
		}
		unused = slices.Delete(unused, i, i+1)
	}
	return left, unused
}
