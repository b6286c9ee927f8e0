package live

import (
	"testing"

	"charla/chat"
)

// TestReplayIsSharedByReadersWithOneCursor: after a restart all readers of a room reconnect with the same cursor. Their
// replay is read and rendered once, until the next change.
func TestReplayIsSharedByReadersWithOneCursor(t *testing.T) {
	missed := func(last int64) chat.Changes {
		return chat.Changes{LastSeq: last, Added: []chat.Message{{Room: 1, Seq: last, ChangedSeq: last}}}
	}
	c := newConversation(general)
	c.start(chat.RoomSeq{Room: 1, LastSeq: 7})
	for i := range int64(minStreamsToCacheReplay - 1) {
		c.add(newStream(NewHub(newFakeSource()), viewer(i), textEncoder{}))
	}
	c.replayFrames(6, missed(7))
	if _, known := c.cachedChanges(6); known {
		t.Fatal("a replay is cached for few streams")
	}
	last := newStream(NewHub(newFakeSource()), viewer(minStreamsToCacheReplay), textEncoder{})
	c.add(last)

	first := c.replayFrames(6, missed(7))
	cached, known := c.cachedChanges(6)
	if !known || cached.LastSeq != 7 {
		t.Fatalf("the next reader with the same cursor has no cached replay: %v", cached)
	}
	if again := c.replayFrames(6, cached); len(first) != 1 || again[0] != first[0] {
		t.Fatal("the same frame is rendered again")
	}
	if _, known := c.cachedChanges(5); known {
		t.Fatal("a reader with another cursor gets the cached replay")
	}

	c.deliver(chat.MessagePosted{StreamKey: general, Message: chat.Message{Room: 1, Seq: 8, ChangedSeq: 8}})
	if _, known := c.cachedChanges(6); known {
		t.Fatal("the cached replay lacks the change that was sent after it")
	}
	c.replayFrames(6, missed(7)) // was read before the change was sent
	if _, known := c.cachedChanges(6); known {
		t.Fatal("a replay without the last change is cached")
	}
}
