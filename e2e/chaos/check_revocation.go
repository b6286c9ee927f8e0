package chaos

import (
	"fmt"
	"slices"
	"time"
)

// nothingAfterRemoval: until the person may have been let in again nothing with a higher number than the departure's reaches
// them, by a stream or by reading, and nothing that they do takes one; and a stream that was open before the departure never
// brings one.
func nothingAfterRemoval(h history, c databaseState) (found []violation) {
	admits, reads, numbered := h.opsOf(doAdmit), h.opsOf(doRead), h.acknowledgedChanges()
	for _, o := range h.opsOf(doDepart) {
		if o.Outcome != succeeded {
			continue
		}
		d, traced := c.departureOf(o)
		if !traced {
			found = append(found, newViolation([]fmt.Stringer{o}, "the departure of %d from room %d is not stored", o.Target, o.Room))
			continue
		}
		back, returned := rejoinTime(o, admits)
		outside := func(at time.Time) bool { return !returned || at.Before(back) }
		for _, r := range h.Readers {
			if r.User == o.Target && r.Room == o.Room {
				found = append(found, r.seenAfter(o, d, outside)...)
			}
		}
		for _, s := range numbered[o.Room] {
			if did := s.ops[0]; did.By == o.Target && s.Seq > d.Seq && outside(s.End) {
				found = append(found, newViolation(append([]fmt.Stringer{o, d}, evidence(s.ops, nil)...), "%d takes number %d of room %d", o.Target, s.Seq, o.Room))
			}
		}
		for _, read := range reads {
			if n := len(read.Messages); read.By == o.Target && read.Room == o.Room && n > 0 && read.Messages[n-1].Seq > d.Seq && outside(read.End) {
				found = append(found, newViolation([]fmt.Stringer{o, d, read}, "%d reads line %d of room %d", o.Target, read.Messages[n-1].Seq, o.Room))
			}
		}
	}
	return found
}

// departureOf finds what an acknowledged departure stored: it carries a time within the request.
func (c databaseState) departureOf(o op) (departure, bool) {
	for _, d := range c.Departures {
		if d.Room == o.Room && d.User == o.Target && !d.At.Before(o.Start.Truncate(time.Microsecond)) && !d.At.After(o.End) {
			return d, true
		}
	}
	return departure{}, false
}

// rejoinTime is the first moment from which the person of a departure may be in the room again.
func rejoinTime(gone op, admits []op) (first time.Time, returned bool) {
	for _, o := range admits {
		if o.Outcome == refused || o.Target != gone.Target || o.Room != gone.Room {
			continue
		}
		late := o.End.After(gone.Start) || o.Outcome == unknown && o.Start.Add(maxLateEffect).After(gone.Start)
		if late && (!returned || o.Start.Before(first)) {
			first, returned = o.Start, true
		}
	}
	return first, returned
}

// seenAfter finds what a reader saw and may not.
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
			v := r.violationAt(i, "number %d after %v", high, d)
			v.Excerpt = append([]string{o.String()}, v.Excerpt...)
			found = append(found, v)
		}
	}
	return found
}

// revokedWithin is three times what is promised.
const revokedWithin = 6 * time.Second

// nothingAfterLogOut: what a session asks for after it was acknowledged to be over is refused, and what is done later than
// streams may live reaches none of them: a log-out, a new password elsewhere, and disabling, also of who is enabled again.
// Time in which nodes could not hear of it does not count.
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
		for _, later := range slices.Concat(h.opsOf(doRead), h.opsOf(doFetch), h.opsOf(doCount)) {
			if slices.Contains(o.EndedSessions, later.Session) && later.Outcome == succeeded && later.Start.After(o.End) {
				found = append(found, newViolation([]fmt.Stringer{o, later}, "a session of %d is over and reads", later.By))
			}
		}
		over := h.faultFreeAfter(o.End, revokedWithin)
		for _, r := range h.Readers {
			late := func(s observation) bool { return begun[roomSeq{r.Room, s.Message.lastSeq()}].After(over) }
			if !slices.Contains(o.EndedSessions, r.Session) {
				continue
			}
			if i := slices.IndexFunc(r.Observations, late); i >= 0 {
				found = append(found, r.violationAt(i, "number %d was taken later than a stream may live: %v", r.Observations[i].Message.lastSeq(), o))
			}
		}
	}
	return found
}

// faultFreeAfter is the first moment, not before t, that had so much time without a fault behind it since t.
func (h history) faultFreeAfter(t time.Time, so time.Duration) time.Time {
	for _, f := range h.Faults { // in the order in which they began
		if f.Start.Before(t.Add(so)) && f.End.After(t) {
			t = f.End
		}
	}
	return t.Add(so)
}

// membershipLog know who may have been in which room.
type membershipLog struct {
	members map[[2]int64]bool // in the end: room, person
	joins   map[[2]int64][]op
	leaves  map[[2]int64][]op // acknowledged
}

func (h history) membershipLog(c databaseState) membershipLog {
	d := membershipLog{map[[2]int64]bool{}, map[[2]int64][]op{}, map[[2]int64][]op{}}
	for _, m := range c.Members {
		d.members[[2]int64{m.Room, m.User}] = true
	}
	for _, o := range h.Ops {
		switch who := [2]int64{o.Room, o.Target}; {
		case o.Kind == doAdmit && o.Outcome != refused:
			d.joins[who] = append(d.joins[who], o)
		case o.Kind == doDepart && o.Outcome == succeeded:
			d.leaves[who] = append(d.leaves[who], o)
		}
	}
	return d
}

// start tells whether somebody may have been in a room at some moment of a time.
func (d membershipLog) mayHaveBeenMember(who, room int64, from, until time.Time) bool {
	key := [2]int64{room, who}
	admitted := slices.ContainsFunc(d.joins[key], func(o op) bool { return o.Start.Before(until) })
	if !admitted && (len(d.joins[key]) > 0 || !d.members[key]) {
		return false
	}
	return !slices.ContainsFunc(d.leaves[key], func(o op) bool {
		back, returned := rejoinTime(o, d.joins[key])
		return o.End.Before(from) && (!returned || back.After(until))
	})
}
