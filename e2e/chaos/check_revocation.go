package chaos

import (
	"fmt"
	"slices"
	"time"
)

// nothingAfterRemoval requires that a user who left or was removed from a room gets no change with a higher seq (number
// of a change) than the departure, neither through a stream nor by a read, and can change nothing in the room. This
// holds until the user may have been added again. A stream that was opened before the departure never shows such a
// change.
func nothingAfterRemoval(h history, db databaseState) (found []violation) {
	joins, reads, changes := h.opsOf(doJoin), h.opsOf(doRead), h.acknowledgedChanges()
	for _, o := range h.opsOf(doLeave) {
		if o.Outcome != succeeded {
			continue
		}
		d, known := db.departureOf(o)
		if !known {
			found = append(found, newViolation([]fmt.Stringer{o},
				"the departure of %d from room %d is not stored", o.Target, o.Room))
			continue
		}
		back, returned := rejoinTime(o, joins)
		outside := func(at time.Time) bool { return !returned || at.Before(back) }
		for _, r := range h.Readers {
			if r.User == o.Target && r.Room == o.Room {
				found = append(found, r.seenAfter(o, d, outside)...)
			}
		}
		for _, s := range changes[o.Room] {
			if s.ops[0].By == o.Target && s.Seq > d.Seq && outside(s.End) {
				found = append(found, newViolation(append([]fmt.Stringer{o, d}, evidence(s.ops, nil)...),
					"%d changes room %d at seq %d", o.Target, o.Room, s.Seq))
			}
		}
		for _, read := range reads {
			if read.By != o.Target || read.Room != o.Room || len(read.Messages) == 0 {
				continue
			}
			if last := read.Messages[len(read.Messages)-1]; last.Seq > d.Seq && outside(read.End) {
				found = append(found, newViolation([]fmt.Stringer{o, d, read},
					"%d reads message %d of room %d", o.Target, last.Seq, o.Room))
			}
		}
	}
	return found
}

// departureOf finds the stored departure that an acknowledged request caused. That is the departure whose time lies
// within the request.
func (db databaseState) departureOf(o op) (departure, bool) {
	for _, d := range db.Departures {
		during := !d.At.Before(o.Start.Truncate(time.Microsecond)) && !d.At.After(o.End)
		if d.Room == o.Room && d.User == o.Target && during {
			return d, true
		}
	}
	return departure{}, false
}

// rejoinTime returns the earliest time after a departure at which the user may be a member again. It returns false if
// the user did not come back.
func rejoinTime(left op, joins []op) (first time.Time, returned bool) {
	for _, o := range joins {
		if o.Outcome == refused || o.Target != left.Target || o.Room != left.Room {
			continue
		}
		late := o.End.After(left.Start) || o.Outcome == unknown && o.Start.Add(maxLateEffect).After(left.Start)
		if late && (!returned || o.Start.Before(first)) {
			first, returned = o.Start, true
		}
	}
	return first, returned
}

// seenAfter checks that the reader saw nothing of a room after leaving it. d is the departure, o the request that
// caused it. It returns a violation for each observation with a seq above d.Seq that was made while the reader was
// certainly not a member (outside returns true for its time), or on a stream that was already open when o started.
func (r readerLog) seenAfter(o op, d departure, outside func(time.Time) bool) (found []violation) {
	var opened time.Time
	for i, s := range r.Observations {
		high := s.Message.lastSeq()
		switch s.Kind {
		case sawOpened:
			opened = s.At
		case sawPage:
			for _, l := range s.Messages {
				high = max(high, l.lastSeq())
			}
		}
		if high > d.Seq && (outside(s.At) || s.Kind != sawPage && opened.Before(o.Start)) {
			v := r.violationAt(i, "seq %d after %v", high, d)
			v.Excerpt = append([]string{o.String()}, v.Excerpt...)
			found = append(found, v)
		}
	}
	return found
}

// revokedWithin is how long a stream may stay open after its session has ended. It is three times the promised 2
// seconds, because the machine is busy.
const revokedWithin = 6 * time.Second

// nothingAfterLogOut requires that a session's reads are refused after the session's end was acknowledged, and that its
// streams do not show changes made more than revokedWithin later. A session ends when its user logs out, changes the
// password in another session, or is disabled, even if the user is enabled again later. If a fault occurs in this time,
// the time counts from the end of the fault, because nodes may not learn during a fault that a session ended.
func nothingAfterLogOut(h history, _ databaseState) (found []violation) {
	begun := map[roomSeq]time.Time{}
	for room, all := range h.acknowledgedChanges() {
		for _, s := range all {
			begun[roomSeq{room, s.Seq}] = s.Start
		}
	}
	for _, o := range h.Ops {
		if o.Outcome != succeeded || len(o.EndedSessions) == 0 {
			continue
		}
		for _, later := range slices.Concat(h.opsOf(doRead), h.opsOf(doFetch), h.opsOf(doCountUnread)) {
			if slices.Contains(o.EndedSessions, later.Session) && later.Outcome == succeeded &&
				later.Start.After(o.End) {
				found = append(found, newViolation([]fmt.Stringer{o, later}, "an ended session of %d reads", later.By))
			}
		}
		over := h.faultFreeAfter(o.End, revokedWithin)
		for _, r := range h.Readers {
			late := func(s observation) bool { return begun[roomSeq{r.Room, s.Message.lastSeq()}].After(over) }
			if !slices.Contains(o.EndedSessions, r.Session) {
				continue
			}
			if i := slices.IndexFunc(r.Observations, late); i >= 0 {
				found = append(found, r.violationAt(i, "seq %d was assigned later than a stream may live: %v",
					r.Observations[i].Message.lastSeq(), o))
			}
		}
	}
	return found
}

// faultFreeAfter returns the earliest time at which there has been no fault for the duration quiet. This duration
// begins at t or later.
func (h history) faultFreeAfter(t time.Time, quiet time.Duration) time.Time {
	for _, f := range h.Faults { // in the order in which they began
		if f.Start.Before(t.Add(quiet)) && f.End.After(t) {
			t = f.End
		}
	}
	return t.Add(quiet)
}

// membershipLog records who may have been a member of which room at what time. The keys of its maps are a room and a
// user.
type membershipLog struct {
	members map[[2]int64]bool // in the end
	joins   map[[2]int64][]op
	leaves  map[[2]int64][]op // acknowledged ones only
}

func (h history) membershipLog(db databaseState) membershipLog {
	l := membershipLog{map[[2]int64]bool{}, map[[2]int64][]op{}, map[[2]int64][]op{}}
	for _, m := range db.Members {
		l.members[[2]int64{m.Room, m.User}] = true
	}
	for _, o := range h.Ops {
		switch who := [2]int64{o.Room, o.Target}; {
		case o.Kind == doJoin && o.Outcome != refused:
			l.joins[who] = append(l.joins[who], o)
		case o.Kind == doLeave && o.Outcome == succeeded:
			l.leaves[who] = append(l.leaves[who], o)
		}
	}
	return l
}

// mayHaveBeenMember reports whether a user may have been a member of a room at some moment between from and until.
func (l membershipLog) mayHaveBeenMember(who, room int64, from, until time.Time) bool {
	key := [2]int64{room, who}
	joined := slices.ContainsFunc(l.joins[key], func(o op) bool { return o.Start.Before(until) })
	if !joined && (len(l.joins[key]) > 0 || !l.members[key]) {
		return false
	}
	return !slices.ContainsFunc(l.leaves[key], func(o op) bool {
		back, returned := rejoinTime(o, l.joins[key])
		return o.End.Before(from) && (!returned || back.After(until))
	})
}
