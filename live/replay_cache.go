package live

import "charla/chat"

// cachedReplay keeps the changes after one cursor. After a restart, most readers of a room reconnect with the same
// cursor. For all of them together, the hub then reads the database once and renders the frames once.
type cachedReplay struct {
	after   int64
	changes chat.Changes
	frames  []*frame
}

// minStreamsToCacheReplay is how many streams a conversation must have to cache a replay. With fewer streams, another
// reader with the same cursor is unlikely, and the cache would only use memory.
const minStreamsToCacheReplay = 8

// cachedChanges returns the changes after the given cursor if they were recently read for another reader and no change
// is missing. Changes that are sent later reach the streams through their queues.
func (c *conversation) cachedChanges(after int64) (chat.Changes, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.lastReplay
	if r == nil || r.after != after || r.changes.LastSeq < c.sentSeq {
		return chat.Changes{}, false
	}
	return r.changes, true
}

// replayFrames returns the frames of the changes after the given cursor. If the previous reader had the same cursor and
// the same last change, it returns that reader's frames. Otherwise it makes new frames and caches them.
func (c *conversation) replayFrames(after int64, changes chat.Changes) []*frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.lastReplay; r != nil && r.after == after && r.changes.LastSeq == changes.LastSeq {
		return r.frames
	}
	frames := framesSince(c.key, after, changes)
	if len(c.streams) >= minStreamsToCacheReplay && len(frames) <= maxOutOfOrder && changes.LastSeq >= c.sentSeq {
		c.lastReplay = &cachedReplay{after, changes, frames}
	}
	return frames
}
