package live

import "charla/chat"

// cachedReplay is what readers with the same cursor missed. After a restart, most readers of a room reconnect with the
// same cursor, so that their changes are read and rendered once.
type cachedReplay struct {
	after   int64
	changes chat.Changes
	frames  []*frame
}

// minStreamsToCacheReplay is how many streams a conversation must have to cache a replay. With fewer streams, another
// reader with the same cursor is unlikely, and the cache would only use memory.
const minStreamsToCacheReplay = 8

// cachedChanges returns the changes after a cursor if they were read for another reader and none was sent since.
// Changes that are sent later are in the queues of the streams.
func (c *conversation) cachedChanges(after int64) (chat.Changes, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.lastReplay
	if r == nil || r.after != after || r.changes.LastSeq < c.sentSeq {
		return chat.Changes{}, false
	}
	return r.changes, true
}

// replayFrames returns the frames of the changes after a cursor and caches them. Cached frames can be used if the
// cursor and the last seq are the same, because then the changes are the same.
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
