package chaos

import (
	"fmt"
	"slices"
	"time"

	"charla/chat"
)

// marksStay: nothing that somebody is told of a read mark is less than what was acknowledged before, or told before, nor is
// what is stored, nor more than there is. Who comes back to a room begins beyond their mark of before.
func marksStay(h history, c content) (found []violation) {
	type key struct{ who, room int64 }
	marks := map[key][]op{}
	for _, o := range h.all(doMark) {
		if o.Outcome == ok {
			marks[key{o.Who, o.Room}] = append(marks[key{o.Who, o.Room}], o)
		}
	}
	marked := func(who, room int64, before time.Time) (last op) {
		for _, o := range marks[key{who, room}] {
			if o.Seq > last.Seq && o.End.Before(before) {
				last = o
			}
		}
		return last
	}
	type told struct {
		standing
		where fmt.Stringer
	}
	look := func(last map[key]told, who int64, since time.Time, where fmt.Stringer, s standing) {
		if o := marked(who, s.Room, since); s.Read < o.Seq {
			found = append(found, broken([]fmt.Stringer{o, where}, "%d had read up to %d of room %d", who, o.Seq, s.Room))
		}
		before := last[key{who, s.Room}]
		if last[key{who, s.Room}] = (told{s, where}); s.Read < before.Read || s.Seq < before.Seq {
			found = append(found, broken([]fmt.Stringer{before.where, where}, "room %d goes back for %d", s.Room, who))
		}
	}
	counts := map[key]told{}
	for _, o := range h.all(doCount) {
		for _, s := range o.Standing {
			look(counts, o.Who, o.Start, o, s)
		}
	}
	for _, r := range h.Readings {
		var asked time.Time // what a stream tells may be older than the time at which it comes, but not than the stream
		states := map[key]told{}
		for _, s := range r.Sights {
			switch s.Kind {
			case sawOpened:
				asked = s.Asked
			case sawState:
				look(states, r.Who, asked, s, s.State)
			}
		}
	}
	for _, m := range c.Members {
		if o := marked(m.User, m.Room, ever); m.Read < o.Seq || m.Read > c.LastSeq[m.Room] {
			found = append(found, broken([]fmt.Stringer{o}, "%d had read up to %d of room %d: stored is %d of %d", m.User, o.Seq, m.Room, m.Read, c.LastSeq[m.Room]))
		}
	}
	return found
}

// standings counts for somebody as the database should.
func (c content) standings(who int64) (all []standing) {
	for _, m := range c.Members {
		if m.User != who {
			continue
		}
		s := standing{Room: m.Room, Seq: c.LastSeq[m.Room], Read: m.Read}
		for _, x := range c.in(m.Room, m.Read+1, s.Seq) {
			if x.Author != who && !x.Deleted && s.Unread < chat.UnreadCap {
				s.Unread++
			}
		}
		all = append(all, s)
	}
	return all
}

// unreadCounted: in the end every node counts for everybody who asks what is stored, and so do the streams of those who stayed.
func unreadCounted(h history, c content) (found []violation) {
	compare := func(who int64, where fmt.Stringer, said []standing) {
		for _, s := range c.standings(who) {
			if !slices.Contains(said, s) {
				found = append(found, broken([]fmt.Stringer{where}, "for %d %v: that is told otherwise", who, s))
			}
		}
	}
	type asked struct {
		who  int64
		node string
	}
	last := map[asked]op{}
	for _, o := range h.all(doCount) {
		if o.Outcome == ok {
			last[asked{o.Who, o.Node}] = o
		}
	}
	for by, o := range last {
		compare(by.who, o, o.Standing)
	}
	for _, r := range h.Readings {
		if states := r.states(); r.Stayed && len(states) > 0 {
			compare(r.Who, r.Sights[len(r.Sights)-1], states)
		}
	}
	return found
}

// states are what a stream told last of each conversation.
func (r reading) states() (all []standing) {
	for _, s := range r.Sights {
		if s.Kind != sawState {
			continue
		}
		all = slices.DeleteFunc(all, func(old standing) bool { return old.Room == s.State.Room })
		all = append(all, s.State)
	}
	return all
}
