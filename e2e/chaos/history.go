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
	"strconv"
	"time"
)

// history is all that was done and seen.
type history struct {
	Ops      []op
	Readings []reading
	Faults   []fault
}

// kind is what somebody does.
type kind string

const (
	doPost     kind = "post"
	doEdit     kind = "edit"
	doDelete   kind = "delete"
	doReact    kind = "react" // or take it back: the same again
	doRead     kind = "read"
	doAdmit    kind = "admit"  // somebody joins, or is let in
	doDepart   kind = "depart" // somebody leaves, or is taken out
	doLogOut   kind = "log out"
	doPassword kind = "change the password"
	doDisable  kind = "disable"
	doEnable   kind = "enable"
	doUpload   kind = "upload"
	doFetch    kind = "fetch a file"
	doRenew    kind = "renew tokens"
	doMark     kind = "mark read"
	doCount    kind = "count unread"
)

// outcome is what the answer to an op says. Unknown: there was none, or one that promises nothing; it may have taken
// effect or still do so.
type outcome string

const (
	ok      outcome = "ok"
	refused outcome = "refused"
	unknown outcome = "unknown"
)

// op is one request of a person. A repeated one is another op.
type op struct {
	Start, End time.Time
	Kind       kind
	Who, Whom  int64 // Whom: who comes or goes, or is shut out
	Session    string
	Node       string
	Room       int64
	Key, Body  string // of a change: the new text, or the emoji; of tokens: the one that is used up, and its successor
	Outcome    outcome
	Why        string // the status, or the error
	Seq, ID    int64  // of the message: as answered to a post; that a change is about. Of a file: its ID
	Files      string // that a post sends along, by their ids
	Size       int64  // of a file, as it was sent or came
	Sum        string // likewise: SHA-256, hex
	Line       line   // how the answer to a post or a change shows the message
	After      int64  // what a change replaces, by the answer: the number of the change before it, or 0
	Lines      []line // what a read showed, oldest first
	Whole      bool   // a read showed everything: there is nothing older
	Standing   []standing
	Ends       []string // the sessions that are over after it
}

// isChange tells whether this is about a message that is there.
func (o op) isChange() bool { return o.Kind == doEdit || o.Kind == doDelete || o.Kind == doReact }

// took is the number that an acknowledged change took: none where it found nothing to change.
func (o op) took() int64 {
	if o.Outcome != ok || o.Line.Version == o.After {
		return 0
	}
	return o.Line.Version
}

// line is a message as it is shown.
type line struct {
	Seq, Version    int64 // Version is the number of its last change, 0 when it never changed
	Body            string
	Edited, Deleted bool
	Reactions       string // in their order, like "🎉:12 🎉:15 👍:12"
	Files           string // their ids, in their order
}

// standing is where a conversation stands for somebody: its last number, the one up to which they have read, and what is
// unread, as far as that is counted.
type standing struct{ Room, Seq, Read, Unread int64 }

// number is that of the last thing that happened to a line.
func (l line) number() int64 { return max(l.Seq, l.Version) }

// reading is what one reader was shown of one room.
type reading struct {
	Reader    string
	Who, Room int64
	Session   string
	Program   bool // it reads JSON
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
	sawState   sightKind = "state"   // where a conversation stands
	sawEnd     sightKind = "end"     // the stream ended: Why says how
)

// sight is one thing that a reader was shown.
type sight struct {
	At     time.Time
	Asked  time.Time // of an opened stream: when it was asked for
	Kind   sightKind
	Node   string
	Cursor int64 // a page's, or the id of the event; 0 for none
	Line   line
	Lines  []line // of a page
	State  standing
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
	Files      []storedFile
	Contents   []storedContent
	Objects    []string // in the vault, after it was swept
}

// storedFile is somebody's file. Message is 0 while it waits, or the id of the message that it was sent with.
type storedFile struct{ ID, Content, Message int64 }

// storedContent is what the files with the same bytes share.
type storedContent struct {
	ID, Size     int64
	Object, Hash string
}

type stored struct {
	Room, Seq, ChangedSeq, ID, Author int64
	Key, Body                         string
	Edited, Deleted                   bool
	Reactions, Files                  string // as of a line
}

// line is how a page must show it.
func (m stored) line() line {
	l := line{Seq: m.Seq, Body: m.Body, Edited: m.Edited && !m.Deleted, Deleted: m.Deleted, Reactions: m.Reactions, Files: m.Files}
	if m.ChangedSeq != m.Seq {
		l.Version = m.ChangedSeq
	}
	return l
}

type membership struct{ Room, User, Joined, Read int64 }

type departure struct {
	Room, User, Seq int64
	At              time.Time
}

// in are the messages of a room from one number up to another, both included.
func (c content) in(room, from, to int64) []stored {
	place := func(m stored, seq int64) int { return cmp.Or(cmp.Compare(m.Room, room), cmp.Compare(m.Seq, seq)) }
	return between(c.Messages, func(m stored) int { return place(m, from) }, func(m stored) int { return place(m, to+1) })
}

// integer reads a number; what is none is 0.
func integer(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// clock is how an excerpt tells times.
const clock = "15:04:05.000"

func (o op) String() string {
	text := fmt.Sprintf("%s…%s %s by %d at %s", o.Start.Format(clock), o.End.Format(clock), o.Kind, o.Who, o.Node)
	if o.Whom != 0 {
		text += fmt.Sprint(" of ", o.Whom)
	}
	switch o.Kind {
	case doRead:
		return text + fmt.Sprintf(" in room %d: %s %s, %d lines", o.Room, o.Outcome, o.Why, len(o.Lines))
	case doUpload, doFetch:
		return text + fmt.Sprintf(": %s %s file %d, %d bytes %.8s", o.Outcome, o.Why, o.ID, o.Size, o.Sum)
	case doRenew:
		return text + fmt.Sprintf(": %s %s of %.8s, which gives %.8s", o.Outcome, o.Why, o.Key, o.Body)
	case doCount:
		return text + fmt.Sprintf(": %s %s %v", o.Outcome, o.Why, o.Standing)
	}
	return text + fmt.Sprintf(" in room %d %s: %s %s seq %d id %d, after %d now %d", o.Room, o.Body, o.Outcome, o.Why, o.Seq, o.ID, o.After, o.Line.Version)
}

func (l line) String() string {
	text := fmt.Sprintf("%d as of %d %s", l.Seq, l.number(), l.Body)
	if l.Edited {
		text += " (edited)"
	}
	if l.Deleted {
		text += " (deleted)"
	}
	return text + " " + l.Reactions + " files " + l.Files
}

func (s standing) String() string {
	return fmt.Sprintf("room %d stands at %d, is read up to %d, %d unread", s.Room, s.Seq, s.Read, s.Unread)
}

func (s sight) String() string {
	if s.Kind == sawState {
		return fmt.Sprintf("%s %s at %s: %v", s.At.Format(clock), s.Kind, s.Node, s.State)
	}
	return fmt.Sprintf("%s %s at %s: line %v, %d lines, cursor %d %s", s.At.Format(clock), s.Kind, s.Node, s.Line, len(s.Lines), s.Cursor, s.Why)
}

func (f fault) String() string {
	return fmt.Sprintf("%s…%s fault: %s", f.Start.Format(clock), f.End.Format(clock), f.What)
}

func (m stored) String() string {
	return fmt.Sprintf("stored: room %d id %d by %d %v", m.Room, m.ID, m.Author, m.line())
}

func (f storedFile) String() string {
	return fmt.Sprintf("stored: file %d of content %d in message %d", f.ID, f.Content, f.Message)
}

func (c storedContent) String() string {
	return fmt.Sprintf("stored: content %d, %d bytes %.8s in object %s", c.ID, c.Size, c.Hash, c.Object)
}

func (d departure) String() string {
	return fmt.Sprintf("stored: %s departure of %d from room %d seq %d", d.At.Format(clock), d.User, d.Room, d.Seq)
}
