package live

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"reflect"
	"strings"

	"charla/chat"
)

// relayVersion is the version of the format of relay messages. Raise it if nodes with an older version must ignore the
// messages of newer nodes. New fields and kinds need no new version, because older nodes ignore them anyway.
const relayVersion = 1

// relayMessage is what a node sends to the other nodes, as JSON. A message about a change contains the event and,
// beside it, the room and the seq (number of the change). A node that runs another version and cannot decode the event
// still learns that there is a change to read from the database.
type relayMessage struct {
	Version     int                   `json:"v"`
	Node        string                `json:"node"`            // the sender
	Kind        string                `json:"kind"`            // the name of an event type, or one of the kinds below
	Fingerprint uint32                `json:"shape,omitempty"` // of the event type on the sender
	Event       json.RawMessage       `json:"event,omitempty"`
	Key         *chat.StreamKey       `json:"at,omitempty"`
	Room        int64                 `json:"room,omitempty"`
	Seq         int64                 `json:"seq,omitempty"`
	Presence    *presenceAnnouncement `json:"about,omitempty"`
	To          string                `json:"to,omitempty"`
}

// The kinds of relay messages that are not events.
const (
	kindPresence        = "about" // announces who is online on a node
	kindPresenceRequest = "ask"   // asks the node To, or every node, to announce all its users
	kindShutdown        = "bye"   // says that a node shuts down
)

// eventType is a type of event that nodes send to each other, with a fingerprint of its fields.
type eventType struct {
	goType      reflect.Type
	fingerprint uint32 // changes with the fields of the type
}

// eventTypes contains each type of event that nodes send to each other, by its name. Read markers are missing, because
// presence announcements contain them.
var eventTypes = eventTypesOf(
	chat.MessagePosted{}, chat.MessageChanged{}, chat.MemberJoined{}, chat.MemberLeft{}, chat.MemberRoleChanged{},
	chat.SessionEnded{}, chat.UserTyping{}, chat.UploadProgress{}, chat.AttachmentChanged{}, chat.DraftChanged{},
	chat.UserChanged{}, chat.RoleChanged{}, chat.InboxChanged{}, chat.NotificationLevelChanged{})

func eventTypesOf(events ...chat.Event) map[string]eventType {
	types := map[string]eventType{}
	for _, e := range events {
		t := reflect.TypeOf(e)
		types[t.Name()] = eventType{t, crc32.ChecksumIEEE([]byte(describeType(t)))}
	}
	return types
}

// describeType returns a text with the names and types of all fields of a type. The fingerprint of the type is computed
// from this text. If two versions of Charla differ in a field of an event, the fingerprints differ, and a node reads
// the change from the database instead of using an incomplete event.
func describeType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		var b strings.Builder
		for f := range t.NumField() {
			fmt.Fprintf(&b, "%s %s;", t.Field(f).Name, describeType(t.Field(f).Type))
		}
		return "{" + b.String() + "}"
	case reflect.Slice, reflect.Array, reflect.Pointer:
		return t.Kind().String() + " " + describeType(t.Elem())
	default:
		return t.Kind().String()
	}
}

// newRelayMessage returns the message for an event. It returns false if events of that type are not sent to other
// nodes.
func newRelayMessage(e chat.Event) (relayMessage, bool) {
	name := reflect.TypeOf(e).Name()
	t, ok := eventTypes[name]
	if !ok {
		return relayMessage{}, false
	}
	m := relayMessage{Kind: name, Fingerprint: t.fingerprint, Event: MarshalJSON(e)}
	if change, ok := e.(chat.RoomChange); ok {
		key, seq := change.Position()
		m.Key, m.Room, m.Seq = &key, roomIDOf(change), seq
	}
	return m, true
}

// decodeEvent returns the event of a message. It returns false if this version of Charla defines the event type
// differently or cannot decode the event.
func (m relayMessage) decodeEvent() (chat.Event, bool) {
	t, ok := eventTypes[m.Kind]
	if !ok || t.fingerprint != m.Fingerprint {
		return nil, false
	}
	v := reflect.New(t.goType)
	if json.Unmarshal(m.Event, v.Interface()) != nil {
		return nil, false
	}
	return v.Elem().Interface().(chat.Event), true
}

// subject returns the NATS subject of a message, without the prefix of the community. Every node subscribes to all
// subjects today. There are several so that the nodes of a larger community could subscribe to only some of them.
func (m relayMessage) subject() string {
	switch {
	case m.Key == nil:
		return "node"
	case m.Key.Room != 0:
		return fmt.Sprintf("room.%d", m.Key.Room)
	default:
		return fmt.Sprintf("pair.%d.%d", m.Key.Low, m.Key.High)
	}
}
