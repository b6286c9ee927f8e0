package live

import (
	"context"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// minSendInterval is the minimum time between two frames about presence, and between two refreshes of unread
	// counts.
	minSendInterval = time.Second
	// presenceDelay is how long the hub waits after a user came online or went offline, so that one frame covers
	// several users.
	presenceDelay = 50 * time.Millisecond
	// unreadDelay is how long the hub waits before it reads unread counts again. A page that shows a new message marks
	// it as read within that time, so that the message is not counted as unread.
	unreadDelay = 500 * time.Millisecond
	// maxPresenceDeltas is the largest number of users whom one frame reports as having come online or gone offline. If
	// there are more, the frame lists none of them, and the state of every stream is read again instead.
	maxPresenceDeltas = 100
	// heartbeatInterval is the time between two heartbeats of a stream. It must be shorter than the time after which
	// proxies close idle connections, often a minute.
	heartbeatInterval = 15 * time.Second
)

// debounce decides when something that was requested is sent: after a delay from the first request, and at most once in
// minSendInterval.
type debounce struct{ requested, lastSent time.Time }

// request asks for something to be sent. It returns true for the first request since the last call of markSent.
func (d *debounce) request(now time.Time) bool {
	if !d.requested.IsZero() {
		return false
	}
	d.requested = now
	return true
}

// due returns the earliest time at which to send what was requested: delay after the request, and minSendInterval after
// the last sending. It returns the zero time if nothing was requested.
func (d *debounce) due(delay time.Duration) time.Time {
	if d.requested.IsZero() {
		return time.Time{}
	}
	requested, allowed := d.requested.Add(delay), d.lastSent.Add(minSendInterval)
	if allowed.After(requested) {
		return allowed
	}
	return requested
}

// markSent records that what was requested has been sent now.
func (d *debounce) markSent(now time.Time) { d.requested, d.lastSent = time.Time{}, now }

// wakeScheduler makes Run check at once whether something must be sent.
func (h *Hub) wakeScheduler() { signal(h.wake) }

// signal sends to a channel with a capacity of 1, unless it is full.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run sends presence, typing, unread counts and heartbeats, and polls the database, until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	var polls sync.WaitGroup
	defer polls.Wait()
	polls.Go(func() { pollEvery(ctx, revocationPollInterval, h.pollSessions) })
	polls.Go(func() { pollEvery(ctx, revocationPollInterval, h.pollDepartures) })
	polls.Go(func() { pollEvery(ctx, revocationPollInterval, h.pollRoles) })
	polls.Go(func() { pollEvery(ctx, revocationPollInterval, h.pollGuests) })
	polls.Go(func() { pollEvery(ctx, changePollInterval, h.pollConversations) })
	polls.Go(func() { pollEvery(ctx, changePollInterval, h.refreshAllConversationStreams) })
	polls.Go(func() { pollEvery(ctx, changePollInterval, h.pollInboxes) })
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
		next := now.Add(time.Second) // used if a send panics
		recoverPanic("scheduler", func() {
			next = earliest(h.sendPresence(now), h.sendUnread(now), h.sendTyping(now), h.sendHeartbeats(now))
		})
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// earliest returns the earliest of the given times, ignoring zero times. It returns the zero time if there is no other.
func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// sendPresence tells all streams, except those of guests, who came online and who went offline, if the time for that
// has come. It returns when it must be called again, or the zero time.
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
		if !s.viewer.User.IsGuest {
			s.offer(f)
		}
	}
	h.markGuestsDirty(now)
	return next
}

// sendHeartbeats sends a heartbeat to each stream that has had none for heartbeatInterval, and ends the streams that
// reached their maximum age. It does so at most once a second, and returns when it must be called again.
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

const (
	// freeMemoryThreshold is by how much the number of open streams must have changed before freeMemoryAfterBurst frees
	// memory.
	freeMemoryThreshold = 1000
	// quietThreshold says when a burst of opened or closed streams is over: the number of open streams changes by no
	// more than this within a second.
	quietThreshold = 10
)

// freeMemoryAfterBurst returns memory to the operating system after many streams were opened or closed. While a stream
// is being opened, it takes several times the memory of an open stream, and the Go runtime would keep that memory for
// minutes. The hub calls this method every second. The caller holds Hub.mu.
func (h *Hub) freeMemoryAfterBurst(open int) {
	quiet := absDiff(open, h.lastOpen) <= quietThreshold
	if quiet && absDiff(open, h.lastFreed) >= freeMemoryThreshold && !h.closed {
		h.lastFreed = open
		h.goroutines.Go(debug.FreeOSMemory)
	}
	h.lastOpen = open
}

func absDiff(a, b int) int { return max(a-b, b-a) }
