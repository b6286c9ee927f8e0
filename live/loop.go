package live

import (
	"context"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"charla/chat"
)

// Presence and unread counts are told at most once a second. A word about presence waits a moment for others to join
// it; unread counts wait longer, so that those who are looking have said that they have read.
const (
	tellEvery     = time.Second
	presenceDelay = 50 * time.Millisecond
	unreadDelay   = 500 * time.Millisecond
	maxDeltas     = 100 // more people coming and going at once are told by everybody's whole state
)

// pulse says when something may be told: a delay after it was first asked for, and at most once a second.
type pulse struct{ asked, last time.Time }

// ask returns whether it is the first to ask since the last telling.
func (p *pulse) ask(now time.Time) bool {
	first := p.asked.IsZero()
	if first {
		p.asked = now
	}
	return first
}

// due returns when to tell, or zero when nothing was asked for.
func (p *pulse) due(delay time.Duration) time.Time {
	if p.asked.IsZero() {
		return time.Time{}
	}
	if soonest := p.last.Add(tellEvery); soonest.After(p.asked.Add(delay)) {
		return soonest
	}
	return p.asked.Add(delay)
}

func (p *pulse) told(now time.Time) { p.asked, p.last = time.Time{}, now }

// unread is whose counts are to be told again.
type unread struct {
	pulse
	users   map[int64]bool
	rooms   map[int64]bool // whose members are meant
	all     bool
	telling bool // a goroutine is asking for the states of those who were due
}

// countAgain asks for the unread counts of some people, or of everybody, to be told again soon. Those without a stream
// here, which on a node of many are most, cost nothing.
func (h *Hub) countAgain(users ...int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, u := range users {
		if p := h.people[u]; p != nil && p.streams > 0 {
			h.unread.users[u] = true
		}
	}
	h.unread.all = h.unread.all || len(users) == 0
	if !h.unread.all && len(h.unread.users) == 0 {
		return
	}
	if h.unread.ask(time.Now()) {
		h.nudge()
	}
}

// countMembersAgain asks for the unread counts of those in a room to be told again soon.
func (h *Hub) countMembersAgain(room int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unread.rooms[room] = true
	h.unread.ask(time.Now())
	h.nudge()
}

func (h *Hub) nudge() {
	select {
	case h.news <- struct{}{}:
	default:
	}
}

// Run tells people of presence and unread counts, and looks at the database for what no hint brought, until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	var looks sync.WaitGroup
	defer looks.Wait()
	looks.Go(func() { every(ctx, lookForEnded, h.lookAtSessions) })
	looks.Go(func() { every(ctx, lookForEnded, h.lookAtDepartures) })
	looks.Go(func() { every(ctx, lookForChanges, h.lookAtTopics) })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.news:
		case <-timer.C:
		}
		now := time.Now()
		next := now.Add(time.Second) // unless something panics
		guard("loop", func() {
			next = earliest(earliest(h.tellPresence(now), h.tellUnread(now)), earliest(h.tellWriting(now), h.beat(now)))
		})
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func every(ctx context.Context, d time.Duration, look func(context.Context)) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			guard("look", func() { look(ctx) })
		}
	}
}

// tellPresence tells everybody who came and went, when its time has come; it returns when to look again.
func (h *Hub) tellPresence(now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := h.expire(now)
	due := h.presence.due(presenceDelay)
	if due.IsZero() || now.Before(due) {
		return earliest(next, due)
	}
	h.presence.told(now)
	if len(h.moved) == 0 {
		return next
	}
	p := h.presenceNews()
	if len(p.Came)+len(p.Left) > maxDeltas {
		p.Came, p.Left = nil, nil
		h.unread.all = true
		h.unread.ask(now)
	}
	f := &frame{presence: &p}
	for s := range h.streams() {
		s.offer(f)
	}
	return next
}

// tellUnread writes the state of those whose counts changed again; it returns when to look again.
func (h *Hub) tellUnread(now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	due := h.unread.due(unreadDelay)
	if due.IsZero() || h.unread.telling {
		return time.Time{}
	}
	if now.Before(due) {
		return due
	}
	h.unread.told(now)
	var stale, others []*Stream
	for s := range h.streams() {
		if h.unread.all || h.unread.users[s.viewer.Person.ID] {
			stale = append(stale, s)
		} else if len(h.unread.rooms) > 0 {
			others = append(others, s)
		}
	}
	rooms := slices.Collect(maps.Keys(h.unread.rooms))
	clear(h.unread.users)
	clear(h.unread.rooms)
	h.unread.all = false
	if len(stale)+len(others) > 0 && !h.closed {
		h.unread.telling = true
		h.work.Go(func() { h.tellStates(stale, others, rooms) })
	}
	return time.Time{}
}

// membersAmong returns the streams whose people are in one of the rooms; when the database does not say, all of them.
func (h *Hub) membersAmong(ctx context.Context, streams []*Stream, rooms []int64) []*Stream {
	people := map[int64]bool{}
	for _, s := range streams {
		people[s.viewer.Person.ID] = false
	}
	members, err := h.source.MembersAmong(ctx, rooms, slices.Collect(maps.Keys(people)))
	if err != nil {
		slog.Warn("members not read", "error", err)
		return streams
	}
	for _, id := range members {
		people[id] = true
	}
	return slices.DeleteFunc(streams, func(s *Stream) bool { return !people[s.viewer.Person.ID] })
}

// tellStates asks for the states of streams, and of those others whose people are in some rooms, on as many goroutines
// as there are processors, and offers them.
func (h *Hub) tellStates(stale, others []*Stream, rooms []int64) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	if len(others) > 0 {
		stale = append(stale, h.membersAmong(ctx, others, rooms)...)
	}
	var workers sync.WaitGroup
	share := max(1, (len(stale)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0)) // of nothing there are no chunks
	for part := range slices.Chunk(stale, share) {
		workers.Go(func() {
			for _, s := range part {
				guard("state", func() { s.retell(ctx) })
			}
		})
	}
	workers.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unread.telling = false
	h.nudge()
}

// beatEvery keeps proxies, which cut connections that are idle for a minute, from doing so.
const beatEvery = 15 * time.Second

// beat gives a sign of life to streams whose turn it is and ends those that are too old, in steps of a second; it
// returns when to look again.
func (h *Hub) beat(now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.nextBeat) {
		return h.nextBeat
	}
	f := &frame{}
	for s := range h.streams() {
		switch {
		case now.After(s.until):
			s.finish(EndAged)
		case !now.Before(s.nextBeat):
			s.nextBeat = now.Add(beatEvery)
			s.offer(f)
		}
	}
	h.nextBeat = now.Add(time.Second)
	return h.nextBeat
}

// streams ranges over all open streams. The caller holds Hub.mu.
func (h *Hub) streams() func(yield func(*Stream) bool) {
	return func(yield func(*Stream) bool) {
		for _, open := range h.sessions {
			for _, s := range open {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// lookAtSessions ends the streams of sessions that ended on another node, or by a hand in the database, since the last
// look that succeeded.
func (h *Hub) lookAtSessions(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	now := time.Now()
	ended, err := h.source.EndedSessions(ctx, chat.At(h.looked.Add(-lookBack)))
	if err != nil {
		slog.Warn("ended sessions not read", "error", err)
		return
	}
	h.looked = now
	h.endSessions(ended)
}

// lookAtDepartures finds rooms that somebody left, and fills the gap there: that ends the streams of who left.
func (h *Hub) lookAtDepartures(ctx context.Context) {
	if h.Streams() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	left, err := h.source.Departures(ctx, chat.At(time.Now().Add(-lookBack)))
	if err != nil {
		slog.Warn("departures not read", "error", err)
		return
	}
	for _, d := range left {
		if t := h.held(chat.Topic{Room: d.Room}); t != nil && t.behind(chat.RoomSeq{Room: d.Room, LastSeq: d.Seq}) {
			h.catchUp(t)
		}
	}
}

const topicsPerLook = 500

// lookAtTopics finds rooms that went on without a hint.
func (h *Hub) lookAtTopics(ctx context.Context) {
	for batch := range slices.Chunk(h.heldTopics(), topicsPerLook) {
		if err := h.lookAt(ctx, batch); err != nil {
			slog.Warn("rooms not read", "error", err)
			return
		}
	}
}

func (h *Hub) heldTopics() []*topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := make([]*topic, 0, len(h.topics))
	for _, t := range h.topics {
		held = append(held, t)
	}
	return held
}

func (h *Hub) lookAt(ctx context.Context, held []*topic) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	keys := make([]chat.Topic, len(held))
	for i, t := range held {
		keys[i] = t.at
	}
	seqs, err := h.source.LastSeqs(ctx, keys)
	if err != nil {
		return err
	}
	for _, t := range held {
		if t.behind(seqs[t.at]) {
			h.catchUp(t)
		}
	}
	return nil
}
