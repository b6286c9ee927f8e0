package live

import (
	"testing"

	"charla/chat"
)

// TestReplayIsSharedByReadersWithOneCursor: after a restart everybody comes back with the cursor of everybody else. What they
// missed is read and rendered once; as soon as something happens it is read again.
func TestReplayIsSharedByReadersWithOneCursor(t *testing.T) {
	missed := func(last int64) chat.Changes {
		return chat.Changes{LastSeq: last, Added: []chat.Message{{Room: 1, Seq: last, ChangedSeq: last}}}
	}
	top := newConversation(general)
	top.start(chat.RoomSeq{Room: 1, LastSeq: 7})
	for i := range int64(minStreamsToCacheReplay - 1) {
		top.add(newStream(NewHub(newFakeSource()), viewer(i), textEncoder{}))
	}
	top.replayFrames(6, missed(7))
	if _, known := top.cachedChanges(6); known {
		t.Fatal("a few readers cost a room memory")
	}
	last := newStream(NewHub(newFakeSource()), viewer(minStreamsToCacheReplay), textEncoder{})
	top.add(last)

	first := top.replayFrames(6, missed(7))
	told, known := top.cachedChanges(6)
	if !known || told.LastSeq != 7 {
		t.Fatalf("the next with the same cursor reads again: %v", told)
	}
	if again := top.replayFrames(6, told); len(first) != 1 || again[0] != first[0] {
		t.Fatal("the same frame is rendered again")
	}
	if _, known := top.cachedChanges(5); known {
		t.Fatal("another cursor gets the same")
	}

	top.deliver(chat.MessagePosted{StreamKey: general, Message: chat.Message{Room: 1, Seq: 8, ChangedSeq: 8}})
	if _, known := top.cachedChanges(6); known {
		t.Fatal("a reader who was not yet there would lack number 8")
	}
	top.replayFrames(6, missed(7)) // read before it was told
	if _, known := top.cachedChanges(6); known {
		t.Fatal("what is older than the room is kept")
	}
}
