package stream

import (
	"context"
	"maps"
	"slices"

	"charla/chat"
	"charla/handlers/web"
	"charla/live"
)

// ConversationState returns a function that a program's stream calls again and again. Each call returns the events
// about the user's conversations since the previous call: which of them have new messages, a new name, or another
// notification level or mute, were read, or were left, and how many items of the inbox the user has not seen. The first
// call reports all conversations, so that the program can fetch the messages that it missed and forget any other
// conversation. If announceReady is true, the first call adds the event ready.
func ConversationState(service *chat.Service, user chat.User, announceReady bool) live.StateFunc {
	tracker := &conversationTracker{announceReady: announceReady}
	return func(ctx context.Context) ([]byte, error) {
		conversations, err := service.AllConversations(ctx, user)
		if err != nil {
			return nil, err
		}
		return tracker.changes(conversations), nil
	}
}

// lastSeen is what the program already knows about a conversation.
type lastSeen struct {
	seq, read    int64
	name         string
	notification web.NotificationJSON
}

// conversationTracker stores what a program already knows about its user's conversations.
type conversationTracker struct {
	announceReady bool
	known         map[int64]lastSeen // by room; nil before the first state
	unseen        int                // number of unseen items in the inbox
}

// changes returns an event for each difference between conversations and the list of the previous call.
func (t *conversationTracker) changes(conversations []chat.Conversation) (b []byte) {
	first, now := t.known == nil, make(map[int64]lastSeen, len(conversations))
	for _, c := range conversations {
		previous, existed := t.known[c.Room]
		current := lastSeen{c.LastSeq, c.ReadSeq, c.Name, web.NotificationToJSON(c)}
		now[c.Room] = current
		if existed && current == previous {
			continue
		}
		data := live.MarshalJSON(web.ConversationToJSON(c))
		onlyRead := current
		onlyRead.read = previous.read
		if !existed || onlyRead != previous {
			b = append(b, jsonFrame("changed", 0, data)...)
		}
		if existed && current.read != previous.read {
			b = append(b, jsonFrame("read", 0, data)...)
		}
	}
	for _, room := range slices.Sorted(maps.Keys(t.known)) {
		if _, still := now[room]; !still {
			b = append(b, jsonFrame("left", 0, live.MarshalJSON(leftJSON{room}))...)
		}
	}
	if unseen := unseenIn(conversations); first || unseen != t.unseen {
		b = append(b, jsonFrame("inbox", 0, live.MarshalJSON(unseenJSON{unseen}))...)
		t.unseen = unseen
	}
	if t.known = now; first && t.announceReady {
		b = append(b, JSONEvents{}.Cursor(0)...)
	}
	return b
}

// unseenIn returns the number of items in the user's inbox that are not seen. All of them are about conversations of
// the user.
func unseenIn(conversations []chat.Conversation) (n int) {
	for _, c := range conversations {
		n += c.Unseen
	}
	return n
}
