package chaos

import (
	"fmt"
	"slices"
	"time"
)

// lingering is how long a request without an answer may still take effect: the store gives a write up after 12 seconds.
const lingering = 30 * time.Second

// nothingAfterRemoval: until the person may have been let in again nothing with a higher number than the departure's reaches
// them, by a stream or by reading, and nothing that they do takes one; and a stream that was open before the departure never
// brings one.
func nothingAfterRemoval(h history, c content) (found []violation) {
	admits, reads, numbered := h.all(doAdmit), h.all(doRead), h.numbered()
	for _, o := range h.all(doDepart) {
		if o.Outcome != ok {
			continue
		}
		d, traced := c.departure(o)
		if !traced {
			found = append(found, broken([]fmt.Stringer{o}, "the departure of %d from room %d is not stored", o.Whom, o.Room))
			continue
		}
		back, returned := comesBack(o, admits)
		outside := func(at time.Time) bool { return !returned || at.Before(back) }
		for _, r := range h.Readings {
			if r.Who == o.Whom && r.Room == o.Room {
				found = append(found, r.after(o, d, outside)...)
			}
		}
		for _, s := range numbered[o.Room] {
			if did := s.ops[0]; did.Who == o.Whom && s.Seq > d.Seq && outside(s.End) {
				found = append(found, broken(append([]fmt.Stringer{o, d}, evidence(s.ops, nil)...), "%d takes number %d of room %d", o.Whom, s.Seq, o.Room))
			}
		}
		for _, read := range reads {
			if n := len(read.Lines); read.Who == o.Whom && read.Room == o.Room && n > 0 && read.Lines[n-1].Seq > d.Seq && outside(read.End) {
				found = append(found, broken([]fmt.Stringer{o, d, read}, "%d reads line %d of room %d", o.Whom, read.Lines[n-1].Seq, o.Room))
			}
		}
	}
	return found
}

// departure finds what an acknowledged departure stored: it carries a time within the request.
func (c content) departure(o op) (departure, bool) {
	for _, d := range c.Departures {
		if d.Room == o.Room && d.User == o.Whom && !d.At.Before(o.Start.Truncate(time.Microsecond)) && !d.At.After(o.End) {
			return d, true
		}
	}
	return departure{}, false
}

// comesBack is the first moment from which the person of a departure may be in the room again.
func comesBack(gone op, admits []op) (first time.Time, returned bool) {
	for _, o := range admits {
		if o.Outcome == refused || o.Whom != gone.Whom || o.Room != gone.Room {
			continue
		}
		late := o.End.After(gone.Start) || o.Outcome == unknown && o.Start.Add(lingering).After(gone.Start)
		if late && (!returned || o.Start.Before(first)) {
			first, returned = o.Start, true
		}
	}
	return first, returned
}

// after finds what a reader saw and may not.
func (r reading) after(o op, d departure, outside func(time.Time) bool) (found []violation) {
	var opened time.Time
	for i, s := range r.Sights {
		high := s.Line.number()
		switch s.Kind {
		case sawOpened:
			opened = s.At
		case sawPage:
			for _, l := range s.Lines {
				high = max(high, l.number())
			}
		}
		if high > d.Seq && (outside(s.At) || s.Kind != sawPage && opened.Before(o.Start)) {
			v := r.broken(i, "number %d after %v", high, d)
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
func nothingAfterLogOut(h history, _ content) (found []violation) {
	begun := map[number]time.Time{}
	for room, all := range h.numbered() {
		for _, s := range all {
			begun[number{room, s.Seq}] = s.Start
		}
	}
	for _, o := range h.Ops {
		if o.Outcome != ok || len(o.Ends) == 0 {
			continue
		}
		for _, later := range slices.Concat(h.all(doRead), h.all(doFetch), h.all(doCount)) {
			if slices.Contains(o.Ends, later.Session) && later.Outcome == ok && later.Start.After(o.End) {
				found = append(found, broken([]fmt.Stringer{o, later}, "a session of %d is over and reads", later.Who))
			}
		}
		over := h.calm(o.End, revokedWithin)
		for _, r := range h.Readings {
			late := func(s sight) bool { return begun[number{r.Room, s.Line.number()}].After(over) }
			if !slices.Contains(o.Ends, r.Session) {
				continue
			}
			if i := slices.IndexFunc(r.Sights, late); i >= 0 {
				found = append(found, r.broken(i, "number %d was taken later than a stream may live: %v", r.Sights[i].Line.number(), o))
			}
		}
	}
	return found
}
