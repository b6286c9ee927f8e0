package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strconv"

	"charla/chat"
	"charla/live"
)

// waitForJSON writes a text/event-stream for programs: every event has a name and JSON, which has no language and no viewer, so
// that all programs share the bytes.
type JSONEvents struct{}

// jsonFrame frames an event; id is the cursor that its reader has reached with it, or 0.
func jsonFrame(name string, id int64, data []byte) []byte {
	event := live.ServerSentEvent{Name: name, Data: data}
	if id > 0 {
		event.ID = strconv.FormatInt(id, 10)
	}
	return event.AppendTo(nil)
}

// marshalJSON writes what has no cycles and no wrong UTF-8 in it, and leaves < as it is.
func marshalJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		slog.Error("event not written", "error", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Change tells the whole message as it is now, whatever happened to it.
func (JSONEvents) Change(change chat.RoomChange, id int64) (b []byte) {
	switch change := change.(type) {
	case chat.MessagePosted:
		return jsonFrame("message", id, marshalJSON(MessageToJSON(change.Message)))
	case chat.MessageChanged:
		data, kinds := marshalJSON(MessageToJSON(change.Message)), changeKinds(change)
		for i, name := range kinds {
			if i == len(kinds)-1 {
				b = append(b, jsonFrame(string(name), id, data)...)
			} else {
				b = append(b, jsonFrame(string(name), 0, data)...)
			}
		}
	}
	return b
}

// changeKinds is what was done to a message, or may have been where nobody knows: that it was edited once, and has
// reactions. Then a program is told too much rather than too little.
func changeKinds(e chat.MessageChanged) (what []chat.MessageChangeKind) {
	switch m := e.Message; {
	case m.DeletedAt > 0:
		return []chat.MessageChangeKind{chat.Deleted}
	case e.Kind != "":
		return []chat.MessageChangeKind{e.Kind}
	case m.EditedAt > 0:
		what = append(what, chat.Edited)
	}
	if e.Message.Reactions != "" || what == nil {
		what = append(what, chat.Reacted)
	}
	return what
}

type presenceJSON struct {
	Count  int          `json:"count"`
	People []AuthorJSON `json:"people,omitempty"` // the first hundred, when they are others than before
	Came   []int64      `json:"came,omitempty"`
	Left   []int64      `json:"left,omitempty"`

	Renamed []AuthorJSON `json:"renamed,omitempty"` // who is called otherwise now, here or not, or has another picture
}

func (JSONEvents) Presence(p live.Presence) []byte {
	out := presenceJSON{Count: p.Count, Came: p.CameOnline, Left: p.WentOffline, Renamed: AuthorsToJSON(p.Renamed)}
	if p.ListChanged {
		out.People = AuthorsToJSON(p.Users)
	}
	return jsonFrame("presence", 0, marshalJSON(out))
}

type typingJSON struct {
	Count  int          `json:"count"`
	People []AuthorJSON `json:"people"` // the first three
}

func (JSONEvents) Typing(t live.Typing) []byte {
	return jsonFrame("typing", 0, marshalJSON(typingJSON{t.Count, AuthorsToJSON(t.Users)}))
}

// UploadProgress tells a program nothing: it knows what it sends.
func (JSONEvents) UploadProgress(chat.UploadProgress) []byte { return nil }

// Attachment tells a program nothing either: it names the files of its messages itself.
func (JSONEvents) Attachment(chat.AttachmentChanged) []byte { return nil }

func AuthorsToJSON(people []chat.UserSummary) []AuthorJSON {
	out := make([]AuthorJSON, len(people))
	for i, p := range people {
		out[i] = AuthorJSON{ID: p.ID, Name: p.Name, Avatar: AvatarURL(p.Avatar), Bot: p.IsBot}
	}
	return out
}

type readyJSON struct {
	Seq int64 `json:"seq"`
}

// Cursor is an event of its own: many programs overlook an id that comes without one.
func (JSONEvents) Cursor(id int64) []byte { return jsonFrame("ready", id, marshalJSON(readyJSON{id})) }

func (JSONEvents) Heartbeat() []byte { return live.KeepAliveComment }

func (JSONEvents) End(why live.EndReason) []byte { return endEvents(why, []byte("{}")) }

// ConversationJSON is where a conversation stands for one person.
type ConversationJSON struct {
	Room   int64  `json:"room"`
	With   int64  `json:"with,omitempty"` // the other person of a direct one
	Name   string `json:"name"`
	Seq    int64  `json:"seq"`    // of the last change in it
	Read   int64  `json:"read"`   // up to which it is read
	Unread int    `json:"unread"` // counted up to 100
}

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
		data := marshalJSON(ConversationToJSON(c))
		if !existed || current.seq != previous.seq || current.name != previous.name {
			b = append(b, jsonFrame("changed", 0, data)...)
		}
		if existed && current.read != previous.read {
			b = append(b, jsonFrame("read", 0, data)...)
		}
	}
	for _, room := range slices.Sorted(maps.Keys(f.known)) {
		if _, still := now[room]; !still {
			b = append(b, jsonFrame("left", 0, marshalJSON(leftJSON{room}))...)
		}
	}
	if f.known = now; first && f.announceReady {
		b = append(b, JSONEvents{}.Cursor(0)...)
	}
	return b
}

// leftJSON is a room that one is no longer in.
type leftJSON struct {
	Room int64 `json:"room"`
}

func ConversationToJSON(c chat.Conversation) ConversationJSON {
	out := ConversationJSON{Room: c.Room, Name: c.Name, Seq: c.LastSeq, Read: c.ReadSeq, Unread: c.Unread}
	if c.Kind == chat.Direct {
		out.With = c.Peer
	}
	return out
}
