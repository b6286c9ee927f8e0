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

// hintVersion grows when older nodes must not read what newer ones tell. Unknown fields and kinds need no new version.
const hintVersion = 1

// hint is one thing that a node tells the others, as JSON. A change carries its place and number beside the event, so
// that a node to which the event means nothing still learns that there is something to read.
type hint struct {
	Version int             `json:"v"`
	Node    string          `json:"node"`
	Kind    string          `json:"kind"`            // the name of an event's type, or one of those below
	Shape   uint32          `json:"shape,omitempty"` // of that type, where the hint was made
	Event   json.RawMessage `json:"event,omitempty"`
	At      *chat.Topic     `json:"at,omitempty"`
	Room    int64           `json:"room,omitempty"`
	Seq     int64           `json:"seq,omitempty"`
	About   *bulletin       `json:"about,omitempty"`
	To      string          `json:"to,omitempty"`
}

// The kinds of hints about nodes.
const (
	kindAbout = "about" // who is on a node
	kindAsk   = "ask"   // To, or everybody, is to tell all its people
	kindBye   = "bye"   // a node stops
)

// kind is a type of events that travel between nodes.
type kind struct {
	of    reflect.Type
	shape uint32
}

var kinds = kindsOf(chat.MessagePosted{}, chat.MessageChanged{}, chat.MemberJoined{}, chat.MemberLeft{}, chat.SessionEnded{},
	chat.Typed{}, chat.Uploading{}, chat.BoxChanged{}, chat.DraftChanged{}, chat.PersonChanged{})

func kindsOf(events ...chat.Event) map[string]kind {
	kinds := map[string]kind{}
	for _, e := range events {
		of := reflect.TypeOf(e)
		kinds[of.Name()] = kind{of, crc32.ChecksumIEEE([]byte(shape(of)))}
	}
	return kinds
}

// shape describes a type by its fields. Nodes of two versions whose messages differ in a field have different shapes and
// do not believe each other's messages, only their numbers: half a message must not be shown for a whole one.
func shape(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		var b strings.Builder
		for f := range t.NumField() {
			fmt.Fprintf(&b, "%s %s;", t.Field(f).Name, shape(t.Field(f).Type))
		}
		return "{" + b.String() + "}"
	case reflect.Slice, reflect.Array, reflect.Pointer:
		return t.Kind().String() + " " + shape(t.Elem())
	default:
		return t.Kind().String()
	}
}

// hintOf returns the hint of an event, and false for one that does not travel.
func hintOf(e chat.Event) (hint, bool) {
	name := reflect.TypeOf(e).Name()
	k, travels := kinds[name]
	if !travels {
		return hint{}, false
	}
	in := hint{Kind: name, Shape: k.shape, Event: marshal(e)}
	if c, ok := e.(chat.Change); ok {
		at, seq := c.At()
		in.At, in.Room, in.Seq = &at, roomOf(c), seq
	}
	return in, true
}

// event returns what happened, and false where this version cannot tell.
func (in hint) event() (chat.Event, bool) {
	k, known := kinds[in.Kind]
	if !known || k.shape != in.Shape {
		return nil, false
	}
	v := reflect.New(k.of)
	if json.Unmarshal(in.Event, v.Interface()) != nil {
		return nil, false
	}
	return v.Elem().Interface().(chat.Event), true
}

// subject is where a hint is told. Every node listens to all of them; they differ so that nodes of a larger community
// can choose.
func (in hint) subject() string {
	switch {
	case in.At == nil:
		return "node"
	case in.At.Room != 0:
		return fmt.Sprintf("room.%d", in.At.Room)
	default:
		return fmt.Sprintf("pair.%d.%d", in.At.Low, in.At.High)
	}
}

// marshal leaves HTML as it is: escaped it would be twice as long.
func marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // events and hints are plain values
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
