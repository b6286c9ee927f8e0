package stream

import (
	"strconv"

	"charla/chat"
	"charla/handlers/web"
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

// Change tells the whole message as it is now, whatever happened to it.
func (JSONEvents) Change(change chat.RoomChange, id int64) (b []byte) {
	switch change := change.(type) {
	case chat.MessagePosted:
		return jsonFrame("message", id, live.MarshalJSON(web.MessageToJSON(change.Message)))
	case chat.MessageChanged:
		data, kinds := live.MarshalJSON(web.MessageToJSON(change.Message)), changeKinds(change)
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
	if len(e.Message.Reactions) > 0 || what == nil {
		what = append(what, chat.Reacted)
	}
	return what
}

type presenceJSON struct {
	Count  int              `json:"count"`
	People []web.AuthorJSON `json:"people,omitempty"` // the first hundred, when they are others than before
	Came   []int64          `json:"came,omitempty"`
	Left   []int64          `json:"left,omitempty"`

	Renamed []web.AuthorJSON `json:"renamed,omitempty"` // who is called otherwise now, here or not, or has another picture
}

func (JSONEvents) Presence(p live.Presence) []byte {
	out := presenceJSON{Count: p.Count, Came: p.CameOnline, Left: p.WentOffline, Renamed: web.AuthorsToJSON(p.Renamed)}
	if p.ListChanged {
		out.People = web.AuthorsToJSON(p.Users)
	}
	return jsonFrame("presence", 0, live.MarshalJSON(out))
}

type typingJSON struct {
	Count  int              `json:"count"`
	People []web.AuthorJSON `json:"people"` // the first three
}

func (JSONEvents) Typing(t live.Typing) []byte {
	return jsonFrame("typing", 0, live.MarshalJSON(typingJSON{t.Count, web.AuthorsToJSON(t.Users)}))
}

// UploadProgress tells a program nothing: it knows what it sends.
func (JSONEvents) UploadProgress(chat.UploadProgress) []byte { return nil }

// Attachment tells a program nothing either: it names the files of its messages itself.
func (JSONEvents) Attachment(chat.AttachmentChanged) []byte { return nil }

type readyJSON struct {
	Seq int64 `json:"seq"`
}

// Cursor is an event of its own: many programs overlook an id that comes without one.
func (JSONEvents) Cursor(id int64) []byte {
	return jsonFrame("ready", id, live.MarshalJSON(readyJSON{id}))
}

func (JSONEvents) Heartbeat() []byte { return live.KeepAliveComment }

func (JSONEvents) End(why live.EndReason) []byte { return endEvents(why, []byte("{}")) }

// leftJSON is a room that one is no longer in.
type leftJSON struct {
	Room int64 `json:"room"`
}
