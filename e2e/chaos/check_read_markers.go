package chaos

import (
	"fmt"
	"slices"
	"time"

	"charla/chat"
)

// readMarkersNeverGoBack requires two things of a user's read marker (number up to which the user has read a room),
// whether shown or stored: it is never lower than a marker that was acknowledged or shown before, and never higher than
// the last seq of the room. A user who comes back to a room gets a higher read marker than before.
func readMarkersNeverGoBack(h history, db databaseState) (found []violation) {
	type key struct{ user, room int64 }
	marks := map[key][]op{}
	for _, o := range h.opsOf(doMarkRead) {
		if o.Outcome == succeeded {
			marks[key{o.By, o.Room}] = append(marks[key{o.By, o.Room}], o)
		}
	}
	marked := func(user, room int64, before time.Time) (last op) {
		for _, o := range marks[key{user, room}] {
			if o.Seq > last.Seq && o.End.Before(before) {
				last = o
			}
		}
		return last
	}
	type sighting struct {
		state conversationState
		where fmt.Stringer
	}
	compare := func(last map[key]sighting, user int64, since time.Time, where fmt.Stringer, s conversationState) {
		if o := marked(user, s.Room, since); s.Read < o.Seq {
			found = append(found, newViolation([]fmt.Stringer{o, where},
				"%d had read up to %d of room %d", user, o.Seq, s.Room))
		}
		before := last[key{user, s.Room}]
		last[key{user, s.Room}] = sighting{s, where}
		if s.Read < before.state.Read || s.Seq < before.state.Seq {
			found = append(found, newViolation([]fmt.Stringer{before.where, where}, "room %d goes back for %d", s.Room,
				user))
		}
	}
	counts := map[key]sighting{}
	for _, o := range h.opsOf(doCountUnread) {
		for _, s := range o.States {
			compare(counts, o.By, o.Start, o, s)
		}
	}
	for _, r := range h.Readers {
		// An event may be older than its arrival, but not older than the request for the stream.
		var requestedAt time.Time
		states := map[key]sighting{}
		for _, s := range r.Observations {
			switch s.Kind {
			case sawOpened:
				requestedAt = s.RequestedAt
			case sawState:
				compare(states, r.User, requestedAt, s, s.State)
			}
		}
	}
	for _, m := range db.Members {
		if o := marked(m.User, m.Room, endOfTime); m.ReadSeq < o.Seq || m.ReadSeq > db.LastSeq[m.Room] {
			found = append(found, newViolation([]fmt.Stringer{o}, "%d had read up to %d of room %d: stored is %d of %d",
				m.User, o.Seq, m.Room, m.ReadSeq, db.LastSeq[m.Room]))
		}
	}
	return found
}

// expectedStates computes from the stored rows what Charla must show a user about each conversation, such as the unread
// count.
func (db databaseState) expectedStates(user int64) (all []conversationState) {
	for _, m := range db.Members {
		if m.User != user {
			continue
		}
		s := conversationState{Room: m.Room, Seq: db.LastSeq[m.Room], Read: m.ReadSeq}
		for _, x := range db.messagesBetween(m.Room, m.ReadSeq+1, s.Seq) {
			if x.Author != user && !x.Deleted && s.Unread < chat.UnreadCap {
				s.Unread++
			}
		}
		all = append(all, s)
	}
	return all
}

// unreadCountsCorrect requires that in the end every node returns the unread counts that follow from the stored rows.
// To users who stayed until the end, their streams must have shown these counts too.
func unreadCountsCorrect(h history, db databaseState) (found []violation) {
	compare := func(user int64, where fmt.Stringer, shown []conversationState) {
		for _, s := range db.expectedStates(user) {
			if !slices.Contains(shown, s) {
				found = append(found, newViolation([]fmt.Stringer{where}, "user %d is not shown that %v", user, s))
			}
		}
	}
	type client struct {
		user int64
		node string
	}
	last := map[client]op{}
	for _, o := range h.opsOf(doCountUnread) {
		if o.Outcome == succeeded {
			last[client{o.By, o.Node}] = o
		}
	}
	for by, o := range last {
		compare(by.user, o, o.States)
	}
	for _, r := range h.Readers {
		if states := r.lastStates(); r.Stayed && len(states) > 0 {
			compare(r.User, r.Observations[len(r.Observations)-1], states)
		}
	}
	return found
}

// lastStates returns, for each conversation, the last state that a stream showed to the reader.
func (r readerLog) lastStates() (all []conversationState) {
	for _, s := range r.Observations {
		if s.Kind != sawState {
			continue
		}
		all = slices.DeleteFunc(all, func(old conversationState) bool {
			return old.Room == s.State.Room
		})
		all = append(all, s.State)
	}
	return all
}
