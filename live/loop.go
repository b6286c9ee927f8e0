package live

import (
	"context"
	"runtime/debug"
	"sync"
	"time"
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
	looks.Go(func() { every(ctx, lookForChanges, h.lookForFollowers) })
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
	if len(h.moved) == 0 && len(h.renamed) == 0 {
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
	f, open := &frame{}, 0
	for s := range h.streams() {
		open++
		switch {
		case now.After(s.until):
			s.finish(EndAged)
		case !now.Before(s.nextBeat):
			s.nextBeat = now.Add(beatEvery)
			s.offer(f)
		}
	}
	h.settle(open)
	h.nextBeat = now.Add(time.Second)
	return h.nextBeat
}

// A wave is so many streams that come or go; it is over when no more than a ripple do in a second.
const (
	wave   = 1000
	ripple = 10
)

// settle gives memory back to the machine once a wave is over: to open a stream takes several times what an open
// one keeps, and the runtime would hold on to that for minutes. It is called every second; the caller holds Hub.mu.
func (h *Hub) settle(open int) {
	if apart(open, h.lately) <= ripple && apart(open, h.settled) >= wave && !h.closed {
		h.settled = open
		h.work.Go(debug.FreeOSMemory)
	}
	h.lately = open
}

func apart(a, b int) int { return max(a-b, b-a) }

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
