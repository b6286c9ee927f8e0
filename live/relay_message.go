package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"reflect"
	"strings"

	"charla/chat"
)

// relayVersion grows when older nodes must not read what newer ones tell. Unknown fields and kinds need no new version.
const relayVersion = 1

// relayMessage is one thing that a node tells the others, as JSON. A change carries its place and number beside the event, so
// that a node to which the event means nothing still learns that there is something to read.
type relayMessage struct {
	Version     int                   `json:"v"`
	Node        string                `json:"node"`
	Kind        string                `json:"kind"`            // the name of an event's type, or one of those below
	Fingerprint uint32                `json:"shape,omitempty"` // of that type, where the hint was made
	Event       json.RawMessage       `json:"event,omitempty"`
	Key         *chat.StreamKey       `json:"at,omitempty"`
	Room        int64                 `json:"room,omitempty"`
	Seq         int64                 `json:"seq,omitempty"`
	Presence    *presenceAnnouncement `json:"about,omitempty"`
	To          string                `json:"to,omitempty"`
}

// The kinds of hints about nodes.
const (
	kindPresence        = "about" // who is on a node
	kindPresenceRequest = "ask"   // To, or everybody, is to tell all its people
	kindShutdown        = "bye"   // a node stops
)

// eventType is a type of events that travel between nodes.
type eventType struct {
	goType      reflect.Type
	fingerprint uint32
}

var eventTypes = eventTypesOf(chat.MessagePosted{}, chat.MessageChanged{}, chat.MemberJoined{}, chat.MemberLeft{}, chat.SessionEnded{},
	chat.UserTyping{}, chat.UploadProgress{}, chat.AttachmentChanged{}, chat.DraftChanged{}, chat.UserChanged{})

func eventTypesOf(events ...chat.Event) map[string]eventType {
	kinds := map[string]eventType{}
	for _, e := range events {
		of := reflect.TypeOf(e)
		kinds[of.Name()] = eventType{of, crc32.ChecksumIEEE([]byte(describeType(of)))}
	}
	return kinds
}

// describeType describes a type by its fields. Nodes of two versions whose messages differ in a field have different shapes and
// do not believe each other's messages, only their numbers: half a message must not be shown for a whole one.
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

// newRelayMessage returns the hint of an event, and false for one that does not travel.
func newRelayMessage(e chat.Event) (relayMessage, bool) {
	name := reflect.TypeOf(e).Name()
	k, travels := eventTypes[name]
	if !travels {
		return relayMessage{}, false
	}
	in := relayMessage{Kind: name, Fingerprint: k.fingerprint, Event: marshalJSON(e)}
	if c, ok := e.(chat.RoomChange); ok {
		at, seq := c.Position()
		in.Key, in.Room, in.Seq = &at, roomIDOf(c), seq
	}
	return in, true
}

// decodeEvent returns what happened, and false where this version cannot tell.
func (in relayMessage) decodeEvent() (chat.Event, bool) {
	k, known := eventTypes[in.Kind]
	if !known || k.fingerprint != in.Fingerprint {
		return nil, false
	}
	v := reflect.New(k.goType)
	if json.Unmarshal(in.Event, v.Interface()) != nil {
		return nil, false
	}
	return v.Elem().Interface().(chat.Event), true
}

// subject is where a hint is told. Every node listens to all of them; they differ so that nodes of a larger community
// can choose.
func (in relayMessage) subject() string {
	switch {
	case in.Key == nil:
		return "node"
	case in.Key.Room != 0:
		return fmt.Sprintf("room.%d", in.Key.Room)
	default:
		return fmt.Sprintf("pair.%d.%d", in.Key.Low, in.Key.High)
	}
}

// marshalJSON leaves HTML as it is: escaped it would be twice as long.
func marshalJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // events and hints are plain values
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
