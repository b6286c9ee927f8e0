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
	// followed by the id of a file; the value is the id of the message that contains it
	attachmentPrefix = "attachment-"
)

const (
	maxEntryID    = 200    // bytes
	maxEntries    = 20_000 // of all slots together, without marks
	maxEntryFiles = 100
)

// invalidText makes a text invalid, so that it is refused.
const invalidText = "\x00"

// queueSlot is what one page has stored.
type queueSlot struct {
	store   string // name in the storage of the browser
	number  int    // of the page slot; -1 for a page without one
	own     bool   // it belongs to the page that sent the request
	entries []queueEntry
	marks   map[string]string // by the id of a finished entry; see markText
	files   map[string]string // by the id of the entry of a file: the id of the message that contains it
}

// queueEntry is a message or a draft that a browser has stored. The browser wrote it, so no field can be trusted.
type queueEntry struct {
	id    string
	Place string       `json:"place"` // room-ID or with-ID
	Body  string       `json:"body"`
	Key   string       `json:"key"`
	Base  string       `json:"base"` // of a draft: the text of the server's draft, as the page knows it
	Name  string       `json:"name"` // of the conversation
	Files []queuedFile `json:"files"`
	All   string       `json:"all"` // yes if @channel and @here may notify many people
}

// queuedFile is a file of a message. A page stores its id and its name. Before that, pages stored only the id.
type queuedFile struct {
	ID web.ID `json:"id"`
}

// UnmarshalJSON decodes an object with the id, or the id alone.
func (f *queuedFile) UnmarshalJSON(stored []byte) error {
	type object queuedFile
	if stored[0] == '{' {
		return json.Unmarshal(stored, (*object)(f))
	}
	return json.Unmarshal(stored, &f.ID)
}

func (e queueEntry) isMessage() bool { return strings.HasPrefix(e.id, messagePrefix) }

func (e queueEntry) isDraft() bool { return strings.HasPrefix(e.id, draftPrefix) }

// markText returns the content of the mark of a draft: its text, because its page may have changed it since.
func (e queueEntry) markText() string { return cmp.Or(e.Body, "1") }

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
	in := postRequest{Body: e.Body, Key: cmp.Or(e.Key, e.id)}
	for _, f := range e.Files[:min(len(e.Files), maxEntryFiles)] {
		in.File = append(in.File, f.ID)
	}
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
		slot := queueSlot{store: name, number: number, marks: map[string]string{}, files: map[string]string{}}
		_ = web.EachMember([]byte(content), func(id string, value json.RawMessage) {
			if finished, ok := strings.CutPrefix(id, markPrefix); ok {
				slot.marks[finished] = noteText(value)
			} else if count++; count <= maxEntries && len(id) <= maxEntryID {
				slot.addEntry(id, value)
			}
		})
		slots = append(slots, slot)
	})
	return slots, err
}

// noteText decodes the value of a mark or of a file. The number of marks is not limited, because without its mark a
// canceled message would be sent.
func noteText(value json.RawMessage) (text string) {
	if json.Unmarshal(value, &text) != nil {
		return string(value)
	}
	return text
}

// addEntry adds an entry. An entry that cannot be decoded gets an invalid text, so that it is refused.
func (s *queueSlot) addEntry(id string, value json.RawMessage) {
	if strings.HasPrefix(id, attachmentPrefix) {
		s.files[id] = noteText(value)
		return
	}
	e := queueEntry{id: id}
	if json.Unmarshal(value, &e) != nil || web.HasLoneSurrogate(value) {
		e = queueEntry{id: id, Place: e.Place, Name: e.Name, Body: e.Body + invalidText}
	}
	s.entries = append(s.entries, e)
}

// uselessNotes returns the ids of the slot's marks of entries that are not stored, and of its files whose messages are
// not stored. The argument stored has the ids of the entries of all slots.
func (s *queueSlot) uselessNotes(stored map[string]bool) (ids []string) {
	for id := range s.marks {
		if !stored[id] {
			ids = append(ids, markPrefix+id)
		}
	}
	for id, message := range s.files {
		if !stored[message] {
			ids = append(ids, id)
		}
	}
	return ids
}
