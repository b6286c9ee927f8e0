package stream

import (
	"context"
	"maps"
	"slices"

	"charla/chat"
	"charla/handlers/web"
	"charla/live"
)

// ConversationState tells a program which of its person's conversations went on, began or ended, and which were read, elsewhere too.
// All of them are told first, so that it can fetch what it lacks and forget what is not among them. A stream of nothing else
// is told then that it is ready.
func ConversationState(service *chat.Service, me chat.User, announceReady bool) live.StateFunc {
	tracker := &conversationTracker{announceReady: announceReady}
	return func(ctx context.Context) ([]byte, error) {
		conversations, err := service.AllConversations(ctx, me)
		if err != nil {
			return nil, err
		}
		return tracker.changes(conversations), nil
	}
}

// lastSeen is how far a program knows a conversation.
type lastSeen struct {
	seq, read int64
	name      string
}

// conversationTracker is what a program was told of its conversations; nothing yet where that is nil.
type conversationTracker struct {
	announceReady bool
	known         map[int64]lastSeen
}

// changes tells what is different from the last time.
func (f *conversationTracker) changes(conversations []chat.Conversation) (b []byte) {
	first, now := f.known == nil, make(map[int64]lastSeen, len(conversations))
	for _, c := range conversations {
		previous, existed := f.known[c.Room]
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
	for _, room := range slices.Sorted(maps.Keys(f.known)) {
		if _, still := now[room]; !still {
			b = append(b, jsonFrame("left", 0, live.MarshalJSON(leftJSON{room}))...)
		}
	}
	if f.known = now; first && f.announceReady {
		b = append(b, JSONEvents{}.Cursor(0)...)
	}
	return b
}
