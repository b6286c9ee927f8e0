package stream

import (
	"context"
	"maps"
	"slices"

	"charla/chat"
	"charla/handlers/web"
	"charla/live"
)

// ConversationState returns the state of a program's stream: which conversations of the user changed, were read, are
// new, or are no longer theirs. The first state has all conversations, so that the program can fetch what it missed
// and forget the others. If announceReady is set, the event ready follows it.
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

// lastSeen is the state of a conversation that a program was sent last.
type lastSeen struct {
	seq, read int64
	name      string
}

// conversationTracker remembers what a program knows of its user's conversations.
type conversationTracker struct {
	announceReady bool
	known         map[int64]lastSeen // by room; nil before the first state
}

// changes returns events for everything that differs from the last call.
func (t *conversationTracker) changes(conversations []chat.Conversation) (b []byte) {
	first, now := t.known == nil, make(map[int64]lastSeen, len(conversations))
	for _, c := range conversations {
		previous, existed := t.known[c.Room]
		current := lastSeen{c.LastSeq, c.ReadSeq, c.Name}
		now[c.Room] = current
		if existed && current == previous {
			continue
		}
		data := live.MarshalJSON(web.ConversationToJSON(c))
		if !existed || current.seq != previous.seq || current.name != previous.name {
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
	if t.known = now; first && t.announceReady {
		b = append(b, JSONEvents{}.Cursor(0)...)
	}
	return b
}
