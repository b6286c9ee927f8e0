package chaos

import (
	"fmt"
	"slices"
	"time"
)

// lingering is how long a request without an answer may still take effect: the store gives a write up after 12 seconds.
const lingering = 30 * time.Second

// nothingAfterRemoval: until the person may have been let in again no line with a higher number than the departure's reaches
// them, by a stream or by reading; and a stream that was open before the departure never brings one.
func nothingAfterRemoval(h history, c content) (found []violation) {
	admits, reads := h.all(doAdmit), h.all(doRead)
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
		high := s.Line.Seq
		switch s.Kind {
		case sawOpened:
			opened = s.At
		case sawPage:
			for _, l := range s.Lines {
				high = max(high, l.Seq)
			}
		}
		if high > d.Seq && (outside(s.At) || s.Kind != sawPage && opened.Before(o.Start)) {
			v := r.broken(i, "line %d after %v", high, d)
			v.Excerpt = append([]string{o.String()}, v.Excerpt...)
			found = append(found, v)
		}
	}
	return found
}

// revokedWithin is three times what is promised.
const revokedWithin = 6 * time.Second

// nothingAfterLogOut: what is asked for after an acknowledged log-out is refused, and what is posted later than streams may
// live reaches none of them. Time in which nodes could not hear of it does not count.
func nothingAfterLogOut(h history, _ content) (found []violation) {
	begun := map[line]time.Time{}
	for _, all := range h.sent() {
		for _, s := range all {
			begun[line{s.Seq, s.ops[0].Body}] = s.Start
		}
	}
	for _, o := range h.all(doLogOut) {
		if o.Outcome != ok {
			continue
		}
		for _, later := range h.all(doRead) {
			if later.Who == o.Who && later.Outcome == ok && later.Start.After(o.End) {
				found = append(found, broken([]fmt.Stringer{o, later}, "%d is logged out and reads", o.Who))
			}
		}
		over := h.calm(o.End, revokedWithin)
		late := func(s sight) bool { return s.Kind == sawNew && begun[s.Line].After(over) }
		for _, r := range h.Readings {
			if r.Who != o.Who {
				continue
			}
			if i := slices.IndexFunc(r.Sights, late); i >= 0 {
				found = append(found, r.broken(i, "line %d was posted later than the log-out may take: %v", r.Sights[i].Line.Seq, o))
			}
		}
	}
	return found
}
