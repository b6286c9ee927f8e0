package stream

import (
	"strconv"

	"charla/chat"
	"charla/handlers/web"
	"charla/live"
)

// JSONEvents is the live.Encoder for programs. It encodes changes as named server-sent events with JSON. The JSON is
// the same for every reader and language, so a change is encoded once for all programs.
type JSONEvents struct{}

// jsonFrame returns an event with the given name and JSON. id becomes the reader's cursor, from which a reconnected
// reader continues; 0 leaves the cursor as it is.
func jsonFrame(name string, id int64, data []byte) []byte {
	event := live.ServerSentEvent{Name: name, Data: data}
	if id > 0 {
		event.ID = strconv.FormatInt(id, 10)
	}
	return event.AppendTo(nil)
}

// Change encodes a new or changed message. The JSON is the whole message in its current state.
func (JSONEvents) Change(change chat.RoomChange, id int64) []byte {
	switch change := change.(type) {
	case chat.MessagePosted:
		return jsonFrame("message", id, live.MarshalJSON(web.MessageToJSON(change.Message)))
	case chat.MessageChanged:
		return changedFrames(change, id)
	}
	return nil
}

// changedFrames returns an event for each way in which a message was changed. Only the last event sets the reader's
// cursor to id, so a client that is interrupted before the last event receives all of them again.
func changedFrames(change chat.MessageChanged, id int64) (frames []byte) {
	data, kinds := live.MarshalJSON(web.MessageToJSON(change.Message)), changeKinds(change)
	last := len(kinds) - 1
	for _, kind := range kinds[:last] {
		frames = append(frames, jsonFrame(string(kind), 0, data)...)
	}
	return append(frames, jsonFrame(string(kinds[last]), id, data)...)
}

// changeKinds returns the ways in which a message was changed; there is at least one. For a message that is deleted by
// now it returns Deleted, otherwise change.Kind. In a replay, change.Kind is empty because the kind is unknown. Then
// changeKinds returns Edited if the message was ever edited, Reacted if it has reactions, and Pinned if it is pinned. A
// message that is none of that lost its reactions or its pin, so changeKinds returns Reacted and Pinned.
func changeKinds(change chat.MessageChanged) (kinds []chat.MessageChangeKind) {
	m := change.Message
	if m.DeletedAt > 0 {
		return []chat.MessageChangeKind{chat.Deleted}
	}
	if change.Kind != "" {
		return []chat.MessageChangeKind{change.Kind}
	}
	if m.EditedAt > 0 {
		kinds = append(kinds, chat.Edited)
	}
	if len(m.Reactions) > 0 {
		kinds = append(kinds, chat.Reacted)
	}
	if m.IsPinned() {
		kinds = append(kinds, chat.Pinned)
	}
	if len(kinds) == 0 {
		return []chat.MessageChangeKind{chat.Reacted, chat.Pinned}
	}
	return kinds
}

// presenceJSON is the data of the event presence, which says which users are online.
type presenceJSON struct {
	Count   int              `json:"count"`             // how many people are online
	People  []web.AuthorJSON `json:"people,omitempty"`  // the first hundred of them, if that list changed
	Came    []int64          `json:"came,omitempty"`    // who came online
	Left    []int64          `json:"left,omitempty"`    // who went offline
	Renamed []web.AuthorJSON `json:"renamed,omitempty"` // who has a new name or picture, online or not
}

// Presence encodes which users are online.
func (JSONEvents) Presence(p live.Presence) []byte {
	out := presenceJSON{Count: p.Count, Came: p.CameOnline, Left: p.WentOffline, Renamed: web.AuthorsToJSON(p.Renamed)}
	if p.ListChanged {
		out.People = web.AuthorsToJSON(p.Users)
	}
	return jsonFrame("presence", 0, live.MarshalJSON(out))
}

// typingJSON is the data of the event typing, which says which users are typing.
type typingJSON struct {
	Count  int              `json:"count"`
	People []web.AuthorJSON `json:"people"` // the first three
}

// Typing encodes which users are typing.
func (JSONEvents) Typing(t live.Typing) []byte {
	return jsonFrame("typing", 0, live.MarshalJSON(typingJSON{t.Count, web.AuthorsToJSON(t.Users)}))
}

// UploadProgress returns nothing, because a program itself knows how many bytes it has uploaded.
func (JSONEvents) UploadProgress(chat.UploadProgress) []byte { return nil }

// Attachment returns nothing, because a program itself decides which files it attaches to a message.
func (JSONEvents) Attachment(chat.AttachmentChanged) []byte { return nil }

// readyJSON is the data of the event ready, which tells a program that it has received everything that it missed.
type readyJSON struct {
	Seq int64 `json:"seq"` // the cursor
}

// Cursor encodes the event ready, which sets the reader's cursor to id. A reconnected reader continues from there. The
// event has a name and data because many programs would ignore an event without them.
func (JSONEvents) Cursor(id int64) []byte {
	return jsonFrame("ready", id, live.MarshalJSON(readyJSON{id}))
}

// Heartbeat returns a comment that keeps the connection open. Programs ignore it.
func (JSONEvents) Heartbeat() []byte { return live.KeepAliveComment }

// End encodes the events that tell a program why its stream ends.
func (JSONEvents) End(reason live.EndReason) []byte { return endEvents(reason, []byte("{}")) }

// unseenJSON is the data of the event inbox.
type unseenJSON struct {
	Unseen int `json:"unseen"` // number of items that the user has not seen
}

// leftJSON is the data of the event left. It names the room of which the user is no longer a member.
type leftJSON struct {
	Room int64 `json:"room"`
}
