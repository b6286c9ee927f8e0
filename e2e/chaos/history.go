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
	Ops     []op
	Readers []readerLog
	Faults  []faultRecord
}

// opKind is what somebody does.
type opKind string

const (
	doPost     opKind = "post"
	doEdit     opKind = "edit"
	doDelete   opKind = "delete"
	doReact    opKind = "react" // or take it back: the same again
	doRead     opKind = "read"
	doAdmit    opKind = "admit"  // somebody joins, or is let in
	doDepart   opKind = "depart" // somebody leaves, or is taken out
	doLogOut   opKind = "log out"
	doPassword opKind = "change the password"
	doDisable  opKind = "disable"
	doEnable   opKind = "enable"
	doUpload   opKind = "upload"
	doFetch    opKind = "fetch a file"
	doRenew    opKind = "renew tokens"
	doMark     opKind = "mark read"
	doCount    opKind = "count unread"
)

// outcome is what the answer to an op says. Unknown: there was none, or one that promises nothing; it may have taken
// effect or still do so.
type outcome string

const (
	succeeded outcome = "ok"
	refused   outcome = "refused"
	unknown   outcome = "unknown"
)

// op is one request of a person. A repeated one is another op.
type op struct {
	Start, End      time.Time
	Kind            opKind
	By, Target      int64 // Whom: who comes or goes, or is shut out
	Session         string
	Node            string
	Room            int64
	Key, Body       string // of a change: the new text, or the emoji; of tokens: the one that is used up, and its successor
	Outcome         outcome
	Reason          string         // the status, or the error
	Seq, ID         int64          // of the message: as answered to a post; that a change is about. Of a file: its ID
	Files           string         // that a post sends along, by their ids
	Size            int64          // of a file, as it was sent or came
	Hash            string         // likewise: SHA-256, hex
	Message         shownMessage   // how the answer to a post or a change shows the message
	PreviousVersion int64          // what a change replaces, by the answer: the number of the change before it, or 0
	Messages        []shownMessage // what a read showed, oldest first
	Complete        bool           // a read showed everything: there is nothing older
	States          []conversationState
	EndedSessions   []string // the sessions that are over after it
}

// isChange tells whether this is about a message that is there.
func (o op) isChange() bool { return o.Kind == doEdit || o.Kind == doDelete || o.Kind == doReact }

// assignedSeq is the number that an acknowledged change took: none where it found nothing to change.
func (o op) assignedSeq() int64 {
	if o.Outcome != succeeded || o.Message.Version == o.PreviousVersion {
		return 0
	}
	return o.Message.Version
}

// shownMessage is a message as it is shown.
type shownMessage struct {
	Seq, Version    int64 // Version is the number of its last change, 0 when it never changed
	Body            string
	Edited, Deleted bool
	Reactions       string // in their order, like "🎉:12 🎉:15 👍:12"
	Files           string // their ids, in their order
}

// conversationState is where a conversation stands for somebody: its last number, the one up to which they have read, and what is
// unread, as far as that is counted.
type conversationState struct{ Room, Seq, Read, Unread int64 }

// roomSeq is that of the last thing that happened to a line.
func (l shownMessage) lastSeq() int64 { return max(l.Seq, l.Version) }

// log is what one reader was shown of one room.
type readerLog struct {
	Reader       string
	User, Room   int64
	Session      string
	Program      bool // it reads JSON
	Stayed       bool // a member all the time, and given the time to catch up in the end
	Observations []observation
}

type observationKind string

const (
	sawPage    observationKind = "page"    // fetched, or fetched again
	sawOpened  observationKind = "opened"  // the stream's headers came
	sawNew     observationKind = "new"     // a line to be put in its place
	sawChanged observationKind = "changed" // a line to be replaced where it stands
	sawCursor  observationKind = "cursor"  // an id without a line
	sawState   observationKind = "state"   // where a conversation stands
	sawEnd     observationKind = "end"     // the stream ended: Why says how
)

// observation is one thing that a reader was shown.
type observation struct {
	At          time.Time
	RequestedAt time.Time // of an opened stream: when it was asked for
	Kind        observationKind
	Node        string
	Cursor      int64 // a page's, or the id of the event; 0 for none
	Message     shownMessage
	Messages    []shownMessage // of a page
	State       conversationState
	Reason      string
}

// faultRecord is something that the nemesis did.
type faultRecord struct {
	Name       string
	Start, End time.Time
}

// databaseState is what the database holds in the end.
type databaseState struct {
	LastSeq    map[int64]int64 // by room
	Messages   []storedMessage // by room and seq
	Members    []membership
	Departures []departure // by room and seq
	Files      []storedFile
	Blobs      []storedBlob
	Objects    []string // in the vault, after it was swept
}

// storedFile is somebody's file. Message is 0 while it waits, or the id of the message that it was sent with.
type storedFile struct{ ID, Blob, Message int64 }

// storedBlob is what the files with the same bytes share.
type storedBlob struct {
	ID, Size     int64
	Object, Hash string
}

type storedMessage struct {
	Room, Seq, ChangedSeq, ID, Author int64
	Key, Body                         string
	Edited, Deleted                   bool
	Reactions, Files                  string // as of a line
}

// shownMessage is how a page must show it.
func (m storedMessage) shown() shownMessage {
	l := shownMessage{Seq: m.Seq, Body: m.Body, Edited: m.Edited && !m.Deleted, Deleted: m.Deleted, Reactions: m.Reactions, Files: m.Files}
	if m.ChangedSeq != m.Seq {
		l.Version = m.ChangedSeq
	}
	return l
}

type membership struct{ Room, User, JoinedSeq, ReadSeq int64 }

type departure struct {
	Room, User, Seq int64
	At              time.Time
}

// messagesBetween are the messages of a room from one number up to another, both included.
func (c databaseState) messagesBetween(room, from, to int64) []storedMessage {
	place := func(m storedMessage, seq int64) int {
		return cmp.Or(cmp.Compare(m.Room, room), cmp.Compare(m.Seq, seq))
	}
	return between(c.Messages, func(m storedMessage) int { return place(m, from) }, func(m storedMessage) int { return place(m, to+1) })
}

// parseInt64 reads a number; what is none is 0.
func parseInt64(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// clockFormat is how an excerpt tells times.
const clockFormat = "15:04:05.000"

func (o op) String() string {
	text := fmt.Sprintf("%s…%s %s by %d at %s", o.Start.Format(clockFormat), o.End.Format(clockFormat), o.Kind, o.By, o.Node)
	if o.Target != 0 {
		text += fmt.Sprint(" of ", o.Target)
	}
	switch o.Kind {
	case doRead:
		return text + fmt.Sprintf(" in room %d: %s %s, %d lines", o.Room, o.Outcome, o.Reason, len(o.Messages))
	case doUpload, doFetch:
		return text + fmt.Sprintf(": %s %s file %d, %d bytes %.8s", o.Outcome, o.Reason, o.ID, o.Size, o.Hash)
	case doRenew:
		return text + fmt.Sprintf(": %s %s of %.8s, which gives %.8s", o.Outcome, o.Reason, o.Key, o.Body)
	case doCount:
		return text + fmt.Sprintf(": %s %s %v", o.Outcome, o.Reason, o.States)
	}
	return text + fmt.Sprintf(" in room %d %s: %s %s seq %d id %d, after %d now %d", o.Room, o.Body, o.Outcome, o.Reason, o.Seq, o.ID, o.PreviousVersion, o.Message.Version)
}

func (l shownMessage) String() string {
	text := fmt.Sprintf("%d as of %d %s", l.Seq, l.lastSeq(), l.Body)
	if l.Edited {
		text += " (edited)"
	}
	if l.Deleted {
		text += " (deleted)"
	}
	return text + " " + l.Reactions + " files " + l.Files
}

func (s conversationState) String() string {
	return fmt.Sprintf("room %d stands at %d, is read up to %d, %d unread", s.Room, s.Seq, s.Read, s.Unread)
}

func (s observation) String() string {
	if s.Kind == sawState {
		return fmt.Sprintf("%s %s at %s: %v", s.At.Format(clockFormat), s.Kind, s.Node, s.State)
	}
	return fmt.Sprintf("%s %s at %s: line %v, %d lines, cursor %d %s", s.At.Format(clockFormat), s.Kind, s.Node, s.Message, len(s.Messages), s.Cursor, s.Reason)
}

func (f faultRecord) String() string {
	return fmt.Sprintf("%s…%s fault: %s", f.Start.Format(clockFormat), f.End.Format(clockFormat), f.Name)
}

func (m storedMessage) String() string {
	return fmt.Sprintf("stored: room %d id %d by %d %v", m.Room, m.ID, m.Author, m.shown())
}

func (f storedFile) String() string {
	return fmt.Sprintf("stored: file %d of content %d in message %d", f.ID, f.Blob, f.Message)
}

func (c storedBlob) String() string {
	return fmt.Sprintf("stored: content %d, %d bytes %.8s in object %s", c.ID, c.Size, c.Hash, c.Object)
}

func (d departure) String() string {
	return fmt.Sprintf("stored: %s departure of %d from room %d seq %d", d.At.Format(clockFormat), d.User, d.Room, d.Seq)
}

// maxLateEffect is how long a request without an answer may still take effect: the store gives a write up after 12 seconds.
const maxLateEffect = 30 * time.Second
