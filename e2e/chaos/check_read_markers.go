package chaos

import (
	"fmt"
	"slices"
	"time"

	"charla/chat"
)

// readMarkersNeverGoBack: nothing that somebody is told of a read mark is less than what was acknowledged before, or told before, nor is
// what is stored, nor more than there is. Who comes back to a room begins beyond their mark of before.
func readMarkersNeverGoBack(h history, c databaseState) (found []violation) {
	type key struct{ who, room int64 }
	marks := map[key][]op{}
	for _, o := range h.opsOf(doMark) {
		if o.Outcome == succeeded {
			marks[key{o.By, o.Room}] = append(marks[key{o.By, o.Room}], o)
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
		conversationState
		where fmt.Stringer
	}
	look := func(last map[key]told, who int64, since time.Time, where fmt.Stringer, s conversationState) {
		if o := marked(who, s.Room, since); s.Read < o.Seq {
			found = append(found, newViolation([]fmt.Stringer{o, where}, "%d had read up to %d of room %d", who, o.Seq, s.Room))
		}
		before := last[key{who, s.Room}]
		if last[key{who, s.Room}] = (told{s, where}); s.Read < before.Read || s.Seq < before.Seq {
			found = append(found, newViolation([]fmt.Stringer{before.where, where}, "room %d goes back for %d", s.Room, who))
		}
	}
	counts := map[key]told{}
	for _, o := range h.opsOf(doCount) {
		for _, s := range o.States {
			look(counts, o.By, o.Start, o, s)
		}
	}
	for _, r := range h.Readers {
		var asked time.Time // what a stream tells may be older than the time at which it comes, but not than the stream
		states := map[key]told{}
		for _, s := range r.Observations {
			switch s.Kind {
			case sawOpened:
				asked = s.RequestedAt
			case sawState:
				look(states, r.User, asked, s, s.State)
			}
		}
	}
	for _, m := range c.Members {
		if o := marked(m.User, m.Room, endOfTime); m.ReadSeq < o.Seq || m.ReadSeq > c.LastSeq[m.Room] {
			found = append(found, newViolation([]fmt.Stringer{o}, "%d had read up to %d of room %d: stored is %d of %d", m.User, o.Seq, m.Room, m.ReadSeq, c.LastSeq[m.Room]))
		}
	}
	return found
}

// expectedStates counts for somebody as the database should.
func (c databaseState) expectedStates(who int64) (all []conversationState) {
	for _, m := range c.Members {
		if m.User != who {
			continue
		}
		s := conversationState{Room: m.Room, Seq: c.LastSeq[m.Room], Read: m.ReadSeq}
		for _, x := range c.messagesBetween(m.Room, m.ReadSeq+1, s.Seq) {
			if x.Author != who && !x.Deleted && s.Unread < chat.UnreadCap {
				s.Unread++
			}
		}
		all = append(all, s)
	}
	return all
}

// unreadCountsCorrect: in the end every node counts for everybody who asks what is stored, and so do the streams of those who stayed.
func unreadCountsCorrect(h history, c databaseState) (found []violation) {
	compare := func(who int64, where fmt.Stringer, said []conversationState) {
		for _, s := range c.expectedStates(who) {
			if !slices.Contains(said, s) {
				found = append(found, newViolation([]fmt.Stringer{where}, "for %d %v: that is told otherwise", who, s))
			}
		}
	}
	type asked struct {
		who  int64
		node string
	}
	last := map[asked]op{}
	for _, o := range h.opsOf(doCount) {
		if o.Outcome == succeeded {
			last[asked{o.By, o.Node}] = o
		}
	}
	for by, o := range last {
		compare(by.who, o, o.States)
	}
	for _, r := range h.Readers {
		if states := r.lastStates(); r.Stayed && len(states) > 0 {
			compare(r.User, r.Observations[len(r.Observations)-1], states)
		}
	}
	return found
}

// lastStates are what a stream told last of each conversation.
func (r readerLog) lastStates() (all []conversationState) {
	for _, s := range r.Observations {
		if s.Kind != sawState {
			continue
		}
		all = slices.DeleteFunc(all, func(old conversationState) bool { return old.Room == s.State.Room })
		all = append(all, s.State)
	}
	return all
}
