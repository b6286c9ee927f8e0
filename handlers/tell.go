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

	Renamed []authorJSON `json:"renamed,omitempty"` // who is called otherwise now, here or not, or has another picture
}

func (told) Presence(p live.Presence) []byte {
	out := presenceJSON{Count: p.Count, Came: p.Came, Left: p.Left, Renamed: authors(p.Renamed)}
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

// following tells a program which of its person's conversations went on, began or ended, and which were read, elsewhere too.
// All of them are told first, so that it can fetch what it lacks and forget what is not among them. A stream of nothing else
// is told then that it is ready.
func (s *Server) following(me chat.User, alone bool) live.State {
	f := &follower{alone: alone}
	return func(ctx context.Context) ([]byte, error) {
		conversations, err := s.chat.AllConversations(ctx, me)
		if err != nil {
			return nil, err
		}
		return f.news(conversations), nil
	}
}

// mark is how far a program knows a conversation.
type mark struct {
	seq, read int64
	name      string
}

// follower is what a program was told of its conversations; nothing yet where that is nil.
type follower struct {
	alone bool
	told  map[int64]mark
}

// news tells what is different from the last time.
func (f *follower) news(conversations []chat.Conversation) (b []byte) {
	first, now := f.told == nil, make(map[int64]mark, len(conversations))
	for _, c := range conversations {
		known, had := f.told[c.Room]
		stands := mark{c.LastSeq, c.ReadSeq, c.Name}
		now[c.Room] = stands
		if had && stands == known {
			continue
		}
		data := compact(conversationToJSON(c))
		if !had || stands.seq != known.seq || stands.name != known.name {
			b = append(b, tell("changed", 0, data)...)
		}
		if had && stands.read != known.read {
			b = append(b, tell("read", 0, data)...)
		}
	}
	for _, room := range slices.Sorted(maps.Keys(f.told)) {
		if _, still := now[room]; !still {
			b = append(b, tell("left", 0, compact(leftJSON{room}))...)
		}
	}
	if f.told = now; first && f.alone {
		b = append(b, told{}.Cursor(0)...)
	}
	return b
}

// leftJSON is a room that one is no longer in.
type leftJSON struct {
	Room int64 `json:"room"`
}

func conversationToJSON(c chat.Conversation) conversationJSON {
	out := conversationJSON{Room: c.Room, Name: c.Name, Seq: c.LastSeq, Read: c.ReadSeq, Unread: c.Unread}
	if c.Kind == chat.Direct {
		out.With = c.Peer
	}
	return out
}
