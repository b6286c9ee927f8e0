// Package chaos proves Charla's promises under fire: writers, readers and people who come and go use the real program while
// nodes, PostgreSQL and NATS are killed and the network between them stalls and breaks. Everything they did and saw is a
// history; the checks compare it with what the database holds in the end.
//
// The checks are pure functions over a history and a content, and are themselves tested: each must find the fault that it
// looks for. What runs the world is in the tests.
package chaos

import (
	"cmp"
	"fmt"
	"time"
)

// history is all that was done and seen.
type history struct {
	Ops      []op
	Readings []reading
	Faults   []fault
}

// kind is what somebody does. One more kind of change (an edit, a deletion, a reaction) is one more kind here, an actor
// that does it, and a case in numbersOnce for the number that it takes.
type kind string

const (
	doPost   kind = "post"
	doRead   kind = "read"
	doAdmit  kind = "admit"  // somebody joins, or is let in
	doDepart kind = "depart" // somebody leaves, or is taken out
	doLogOut kind = "log out"
)

// outcome is what the answer to an op says. Unknown: there was none, or one that promises nothing; it may have taken
// effect or still do so.
type outcome string

const (
	ok      outcome = "ok"
	refused outcome = "refused"
	unknown outcome = "unknown"
)

// op is one request of a person, who has one session. A repeated one is another op.
type op struct {
	Start, End time.Time
	Kind       kind
	Who, Whom  int64 // Whom: who comes or goes
	Node       string
	Room       int64
	Key, Body  string
	Outcome    outcome
	Why        string // the status, or the error
	Seq, ID    int64  // of the message, as answered
	Lines      []line // what a read showed, oldest first
	Whole      bool   // a read showed everything: there is nothing older
}

// line is a message as it is shown.
type line struct {
	Seq  int64
	Body string
}

// reading is what one reader was shown of one room.
type reading struct {
	Reader    string
	Who, Room int64
	Stayed    bool // a member all the time, and given the time to catch up in the end
	Sights    []sight
}

type sightKind string

const (
	sawPage    sightKind = "page"    // fetched, or fetched again
	sawOpened  sightKind = "opened"  // the stream's headers came
	sawNew     sightKind = "new"     // a line to be put in its place
	sawChanged sightKind = "changed" // a line to be replaced where it stands
	sawCursor  sightKind = "cursor"  // an id without a line
	sawEnd     sightKind = "end"     // the stream ended: Why says how
)

// sight is one thing that a reader was shown.
type sight struct {
	At     time.Time
	Kind   sightKind
	Node   string
	Cursor int64 // a page's, or the id of the event; 0 for none
	Line   line
	Lines  []line // of a page
	Why    string
}

// fault is something that the nemesis did.
type fault struct {
	What       string
	Start, End time.Time
}

// content is what the database holds in the end.
type content struct {
	LastSeq    map[int64]int64 // by room
	Messages   []stored        // by room and seq
	Members    []membership
	Departures []departure // by room and seq
}

type stored struct {
	Room, Seq, ChangedSeq, ID, Author int64
	Key, Body                         string
}

type membership struct{ Room, User, Joined int64 }

type departure struct {
	Room, User, Seq int64
	At              time.Time
}

// in are the messages of a room from one number up to another, both included.
func (c content) in(room, from, to int64) []stored {
	place := func(m stored, seq int64) int { return cmp.Or(cmp.Compare(m.Room, room), cmp.Compare(m.Seq, seq)) }
	return between(c.Messages, func(m stored) int { return place(m, from) }, func(m stored) int { return place(m, to+1) })
}

// clock is how an excerpt tells times.
const clock = "15:04:05.000"

func (o op) String() string {
	text := fmt.Sprintf("%s…%s %s by %d at %s", o.Start.Format(clock), o.End.Format(clock), o.Kind, o.Who, o.Node)
	if o.Whom != 0 {
		text += fmt.Sprint(" of ", o.Whom)
	}
	if o.Kind == doRead {
		return text + fmt.Sprintf(" in room %d: %s %s, %d lines", o.Room, o.Outcome, o.Why, len(o.Lines))
	}
	return text + fmt.Sprintf(" in room %d %s: %s %s seq %d id %d", o.Room, o.Body, o.Outcome, o.Why, o.Seq, o.ID)
}

func (s sight) String() string {
	return fmt.Sprintf("%s %s at %s: line %d %s, %d lines, cursor %d %s", s.At.Format(clock), s.Kind, s.Node, s.Line.Seq, s.Line.Body, len(s.Lines), s.Cursor, s.Why)
}

func (f fault) String() string {
	return fmt.Sprintf("%s…%s fault: %s", f.Start.Format(clock), f.End.Format(clock), f.What)
}

func (m stored) String() string {
	return fmt.Sprintf("stored: room %d seq %d changed %d id %d by %d %s", m.Room, m.Seq, m.ChangedSeq, m.ID, m.Author, m.Body)
}

func (d departure) String() string {
	return fmt.Sprintf("stored: %s departure of %d from room %d seq %d", d.At.Format(clock), d.User, d.Room, d.Seq)
}
