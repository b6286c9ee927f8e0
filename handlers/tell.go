package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"sync"

	"charla/chat"
	"charla/live"
)

// told writes a text/event-stream for programs: every event has a name and JSON, which has no language and no viewer, so
// that all programs share the bytes.
type told struct{}

// tell frames an event; id is the cursor that its reader has reached with it, or 0.
func tell(name string, id int64, data []byte) []byte {
	event := live.Event{Name: name, Data: data}
	if id > 0 {
		event.ID = strconv.FormatInt(id, 10)
	}
	return event.AppendTo(nil)
}

// compact writes what has no cycles and no wrong UTF-8 in it, and leaves < as it is.
func compact(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		slog.Error("event not written", "error", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Change tells the whole message as it is now, whatever happened to it.
func (told) Change(change chat.Change, id int64) (b []byte) {
	switch change := change.(type) {
	case chat.MessagePosted:
		return tell("message", id, compact(toJSON(change.Message)))
	case chat.MessageChanged:
		data, what := compact(toJSON(change.Message)), alterations(change)
		for i, name := range what {
			if i == len(what)-1 {
				b = append(b, tell(string(name), id, data)...)
			} else {
				b = append(b, tell(string(name), 0, data)...)
			}
		}
	}
	return b
}

// alterations is what was done to a message, or may have been where nobody knows: that it was edited once, and has
// reactions. Then a program is told too much rather than too little.
func alterations(e chat.MessageChanged) (what []chat.Alteration) {
	switch m := e.Message; {
	case m.DeletedAt > 0:
		return []chat.Alteration{chat.Deleted}
	case e.What != "":
		return []chat.Alteration{e.What}
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
	People []authorJSON `json:"people,omitempty"` // the first hundred, when they are others than before
	Came   []int64      `json:"came,omitempty"`
	Left   []int64      `json:"left,omitempty"`
}

func (told) Presence(p live.Presence) []byte {
	out := presenceJSON{Count: p.Count, Came: p.Came, Left: p.Left}
	if p.ListChanged {
		out.People = authors(p.People)
	}
	return tell("presence", 0, compact(out))
}

type typingJSON struct {
	Count  int          `json:"count"`
	People []authorJSON `json:"people"` // the first three
}

func (told) Typing(t live.Typing) []byte {
	return tell("typing", 0, compact(typingJSON{t.Count, authors(t.People)}))
}

// Uploading tells a program nothing: it knows what it sends.
func (told) Uploading(chat.Uploading) []byte { return nil }

// Box tells a program nothing either: it names the files of its messages itself.
func (told) Box(chat.BoxChanged) []byte { return nil }

func authors(people []chat.Person) []authorJSON {
	out := make([]authorJSON, len(people))
	for i, p := range people {
		out[i] = authorJSON{ID: p.ID, Name: p.Name, Avatar: avatarURL(p.Avatar), Bot: p.Bot}
	}
	return out
}

type readyJSON struct {
	Seq int64 `json:"seq"`
}

// Cursor is an event of its own: many programs overlook an id that comes without one.
func (told) Cursor(id int64) []byte { return tell("ready", id, compact(readyJSON{id})) }

func (told) Beat() []byte { return live.Comment }

func (told) End(why live.End) []byte { return ending(why, []byte("{}")) }

// conversationJSON is where a conversation stands for one person.
type conversationJSON struct {
	Room   int64  `json:"room"`
	With   int64  `json:"with,omitempty"` // the other person of a direct one
	Name   string `json:"name"`
	Seq    int64  `json:"seq"`    // of the last change in it
	Read   int64  `json:"read"`   // up to which it is read
	Unread int    `json:"unread"` // counted up to 100
}

// following tells a program which of its person's conversations went on and which were read, elsewhere too. All of them
// are told first, so that it can fetch what it lacks.
func (s *Server) following(me chat.User) live.State {
	f := &follower{told: map[int64]mark{}}
	return func(ctx context.Context) ([]byte, error) {
		conversations, err := s.chat.Conversations(ctx, me)
		return f.news(conversations), err
	}
}

// mark is how far a program knows a conversation. Neither number ever goes back.
type mark struct{ seq, read int64 }

type follower struct {
	mu   sync.Mutex // guards told
	told map[int64]mark
}

// news tells what went on since the last time. States may be asked for at the same time and come in any order, so an older
// one tells nothing.
func (f *follower) news(conversations []chat.Conversation) (b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conversations {
		known, now := f.told[c.Room], mark{c.LastSeq, c.ReadSeq}
		if now.seq < known.seq || now.read < known.read || now == known {
			continue
		}
		f.told[c.Room] = now
		data := compact(conversationToJSON(c))
		if now.seq > known.seq {
			b = append(b, tell("changed", 0, data)...)
		}
		if now.read > known.read && known.seq > 0 {
			b = append(b, tell("read", 0, data)...)
		}
	}
	return b
}

func conversationToJSON(c chat.Conversation) conversationJSON {
	out := conversationJSON{Room: c.Room, Name: c.Name, Seq: c.LastSeq, Read: c.ReadSeq, Unread: c.Unread}
	if c.Kind == chat.Direct {
		out.With = c.Peer
	}
	return out
}
