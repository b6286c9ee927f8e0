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
	minSendInterval   = time.Second
	presenceDelay     = 50 * time.Millisecond
	unreadDelay       = 500 * time.Millisecond
	maxPresenceDeltas = 100 // more people coming and going at once are told by everybody's whole state
)

// debounce says when something may be told: a delay after it was first asked for, and at most once a second.
type debounce struct{ requested, lastSent time.Time }

// request returns whether it is the first to ask since the last telling.
func (p *debounce) request(now time.Time) bool {
	first := p.requested.IsZero()
	if first {
		p.requested = now
	}
	return first
}

// due returns when to tell, or zero when nothing was asked for.
func (p *debounce) due(delay time.Duration) time.Time {
	if p.requested.IsZero() {
		return time.Time{}
	}
	if soonest := p.lastSent.Add(minSendInterval); soonest.After(p.requested.Add(delay)) {
		return soonest
	}
	return p.requested.Add(delay)
}

func (p *debounce) markSent(now time.Time) { p.requested, p.lastSent = time.Time{}, now }

func (h *Hub) wakeScheduler() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Run tells people of presence and unread counts, and looks at the database for what no hint brought, until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	var looks sync.WaitGroup
	defer looks.Wait()
	looks.Go(func() { repeat(ctx, revocationPollInterval, h.pollSessions) })
	looks.Go(func() { repeat(ctx, revocationPollInterval, h.pollDepartures) })
	looks.Go(func() { repeat(ctx, changePollInterval, h.pollConversations) })
	looks.Go(func() { repeat(ctx, changePollInterval, h.refreshAllConversationStreams) })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		case <-timer.C:
		}
		now := time.Now()
		next := now.Add(time.Second) // unless something panics
		recoverPanic("loop", func() {
			next = earliest(earliest(h.sendPresence(now), h.sendUnread(now)), earliest(h.sendTyping(now), h.sendHeartbeats(now)))
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

// sendPresence tells everybody who came and went, when its time has come; it returns when to look again.
func (h *Hub) sendPresence(now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := h.expireGrace(now)
	due := h.presenceDebounce.due(presenceDelay)
	if due.IsZero() || now.Before(due) {
		return earliest(next, due)
	}
	h.presenceDebounce.markSent(now)
	if len(h.toggled) == 0 && len(h.renamed) == 0 {
		return next
	}
	p := h.takePresenceChanges()
	if len(p.CameOnline)+len(p.WentOffline) > maxPresenceDeltas {
		p.CameOnline, p.WentOffline = nil, nil
		h.unread.all = true
		h.unread.request(now)
	}
	f := &frame{presence: &p}
	for s := range h.openStreams() {
		s.offer(f)
	}
	return next
}

// heartbeatInterval keeps proxies, which cut connections that are idle for a minute, from doing so.
const heartbeatInterval = 15 * time.Second

// sendHeartbeats gives a sign of life to streams whose turn it is and ends those that are too old, in steps of a second; it
// returns when to look again.
func (h *Hub) sendHeartbeats(now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.nextHeartbeat) {
		return h.nextHeartbeat
	}
	f, open := &frame{}, 0
	for s := range h.openStreams() {
		open++
		switch {
		case now.After(s.expiresAt):
			s.end(EndAged)
		case !now.Before(s.nextHeartbeat):
			s.nextHeartbeat = now.Add(heartbeatInterval)
			s.offer(f)
		}
	}
	h.freeMemoryAfterBurst(open)
	h.nextHeartbeat = now.Add(time.Second)
	return h.nextHeartbeat
}

// A wave is so many streams that come or go; it is over when no more than a ripple do in a second.
const (
	freeMemoryThreshold = 1000
	quietThreshold      = 10
)

// freeMemoryAfterBurst gives memory back to the machine once a wave is over: to open a stream takes several times what an open
// one keeps, and the runtime would hold on to that for minutes. It is called every second; the caller holds Hub.mu.
func (h *Hub) freeMemoryAfterBurst(open int) {
	if absDiff(open, h.lastOpen) <= quietThreshold && absDiff(open, h.lastFreed) >= freeMemoryThreshold && !h.closed {
		h.lastFreed = open
		h.goroutines.Go(debug.FreeOSMemory)
	}
	h.lastOpen = open
}

func absDiff(a, b int) int { return max(a-b, b-a) }

// openStreams ranges over all open streams. The caller holds Hub.mu.
func (h *Hub) openStreams() func(yield func(*Stream) bool) {
	return func(yield func(*Stream) bool) {
		for _, open := range h.streamsBySession {
			for _, s := range open {
				if !yield(s) {
					return
				}
			}
		}
	}
}
