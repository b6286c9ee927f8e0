package handlers

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"
)

// The prefix of an entry's id says what the entry is. Entries with other prefixes, such as texts that are offered to
// the user, are ignored by the server and stay in the browser.
const (
	messagePrefix = "message-"
	draftPrefix   = "draft-"
	markPrefix    = "gone-" // followed by the id of a finished entry
)

const (
	maxEntryID    = 200    // bytes
	maxEntries    = 20_000 // of all slots together, without marks
	maxEntryFiles = 100
)

// queueSlot is what one page has stored.
type queueSlot struct {
	store   string // name in the storage of the browser
	number  int    // of the page slot; -1 for a page without one
	own     bool   // it belongs to the page that sent the request
	entries []queueEntry
	marks   map[string]string // by the id of a finished entry; see markText
}

// queueEntry is a message or a draft that a browser has stored. The browser wrote it, so no field can be trusted.
type queueEntry struct {
	id    string
	Place string   `json:"place"` // room-ID or with-ID
	Body  string   `json:"body"`
	Key   string   `json:"key"`
	Base  string   `json:"base"` // of a draft: the text of the server's draft, as the page knows it
	Name  string   `json:"name"` // of the conversation
	Files []web.ID `json:"files"`
	All   string   `json:"all"` // yes if @channel and @here may notify many people
}

func (e queueEntry) isMessage() bool { return strings.HasPrefix(e.id, messagePrefix) }

func (e queueEntry) isDraft() bool { return strings.HasPrefix(e.id, draftPrefix) }

// markText returns the content of the entry's mark. For a draft it is the text, because the draft's page may have
// changed it since. For a message it is empty.
func (e queueEntry) markText() string {
	if e.isDraft() {
		return e.Body
	}
	return ""
}

// conversation returns the conversation of the entry, or the zero ConversationRef if Place is not valid.
func (e queueEntry) conversation() (ref chat.ConversationRef) {
	switch kind, id, _ := strings.Cut(e.Place, "-"); kind {
	case "room":
		ref.Room = web.ParseID(id)
	case "with":
		ref.With = web.ParseID(id)
	}
	return ref
}

// message returns the message to post. Without a key, it gets the id of the entry as its key, which is unique.
func (e queueEntry) message() chat.NewMessage {
	in := postRequest{Body: e.Body, Key: cmp.Or(e.Key, e.id), File: e.Files[:min(len(e.Files), maxEntryFiles)]}
	m := in.message()
	m.Conversation, m.Rekey = e.conversation(), true
	return m
}

func (e queueEntry) draft() chat.DraftUpdate {
	return chat.DraftUpdate{
		Conversation: e.conversation(), Body: e.Body, Base: e.Base, Key: e.Key, KeepUnseen: true, Rekey: true,
	}
}

// decodeQueue decodes what the pages of a user have stored: a JSON object whose values are the contents of the slots,
// as strings. Each content is a JSON object of entries by id. The order of the entries is kept. Slots of other users,
// and everything that cannot be decoded, are left out.
func decodeQueue(stored string, user int64) (slots []queueSlot, err error) {
	count := 0
	err = web.EachMember([]byte(stored), func(name string, value json.RawMessage) {
		number, ok := views.SlotNumber(user, name)
		var content string
		if !ok || json.Unmarshal(value, &content) != nil ||
			slices.ContainsFunc(slots, func(s queueSlot) bool { return s.store == name }) {
			return
		}
		slot := queueSlot{store: name, number: number, marks: map[string]string{}}
		_ = web.EachMember([]byte(content), func(id string, value json.RawMessage) {
			if strings.HasPrefix(id, markPrefix) {
				slot.addMark(strings.TrimPrefix(id, markPrefix), value)
			} else if count++; count <= maxEntries && len(id) <= maxEntryID {
				slot.addEntry(id, value)
			}
		})
		slots = append(slots, slot)
	})
	return slots, err
}

// addMark adds the mark of a finished entry. The number of marks is not limited, because without its mark a canceled
// message would be sent.
func (s *queueSlot) addMark(id string, value json.RawMessage) {
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value)
	}
	s.marks[id] = text
}

// addEntry adds an entry. An entry that cannot be decoded gets an invalid text, so that it is refused.
func (s *queueSlot) addEntry(id string, value json.RawMessage) {
	e := queueEntry{id: id}
	if json.Unmarshal(value, &e) != nil || web.HasLoneSurrogate(value) {
		e = queueEntry{id: id, Place: e.Place, Name: e.Name, Body: "\x00"}
	}
	s.entries = append(s.entries, e)
}
