// Package chaos tests Charla's promises under faults: writers, readers, and users who join and leave use the real
// binary while nodes, PostgreSQL, NATS and S3 are killed and the network between them stalls and breaks. Everything
// they did and saw is recorded as a history, and the checks compare it with what the database holds in the end.
//
// The checks are pure functions over a history and a database state, and are tested themselves: each must find the
// violation that it is for. The code that runs the nodes and the users is in the test files.
package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// history is the record of a run: all requests, everything that readers saw, and all faults.
type history struct {
	Ops     []op
	Readers []readerLog
	Faults  []faultRecord
}

// opKind is the kind of a request, in words for excerpts.
type opKind string

const (
	doPost        opKind = "post"
	doEdit        opKind = "edit"
	doDelete      opKind = "delete"
	doReact       opKind = "react" // adds the reaction, or removes it if it is there
	doPin         opKind = "pin"
	doUnpin       opKind = "unpin"
	doRead        opKind = "read"
	doJoin        opKind = "join"  // a user joins, or is added by the owner
	doLeave       opKind = "leave" // a user leaves, or is removed by the owner
	doLogOut      opKind = "log out"
	doPassword    opKind = "change the password"
	doDisable     opKind = "disable"
	doEnable      opKind = "enable"
	doUpload      opKind = "upload"
	doFetch       opKind = "fetch a file"
	doRefresh     opKind = "refresh tokens"
	doMarkRead    opKind = "mark read"
	doCountUnread opKind = "count unread"
)

// outcome says whether a request succeeded, according to its response. It is unknown without a response and after a
// response with status 5xx: the request may have taken effect, or may do so later.
type outcome string

const (
	succeeded outcome = "ok"
	refused   outcome = "refused"
	unknown   outcome = "unknown"
)

// op is one request of a user, with its response. If a user repeats a request, that is another op.
type op struct {
	Start, End      time.Time
	Kind            opKind
	By              int64 // the user who sends the request
	Target          int64 // the user who joins or leaves, or is disabled
	Session         string
	Node            string
	Room            int64
	Key             string // the key of a post, or the refresh token that is used
	Body            string // the text of a message, the emoji of a reaction, or the new refresh token
	Outcome         outcome
	Reason          string         // the status of the response, or the error
	Seq             int64          // the seq of the posted or changed message
	ID              int64          // the id of the posted or changed message, or of a file
	Files           string         // ids of the files that a post sends
	Size            int64          // of an uploaded or downloaded file, in bytes
	Hash            string         // SHA-256 of that file, in hex
	Message         shownMessage   // the message in the response to a post or a change
	PreviousVersion int64          // the seq of the change that this one replaced, according to the response; or 0
	Messages        []shownMessage // what a read showed, oldest first
	Complete        bool           // whether a read showed everything, with nothing older left
	States          []conversationState
	EndedSessions   []string // the sessions that this request ends
}

// maxLateEffect is how long after its start a request without a response may still take effect. It is longer than the
// 12 s after which Charla stops trying to write to the database.
const maxLateEffect = 30 * time.Second

// isChange reports whether the request changes an existing message.
func (o op) isChange() bool {
	return slices.Contains([]opKind{doEdit, doDelete, doReact, doPin, doUnpin}, o.Kind)
}

// assignedSeq returns the seq (number in the room) of the change that an acknowledged request made, or 0 if the request
// changed nothing.
func (o op) assignedSeq() int64 {
	if o.Outcome != succeeded || o.Message.Version == o.PreviousVersion {
		return 0
	}
	return o.Message.Version
}

// shownMessage is a message as a page, a stream or a response shows it.
type shownMessage struct {
	Seq             int64
	Version         int64 // the seq of its last change, or 0 if it never changed
	Body            string
	Edited, Deleted bool
	Reactions       string // with user ids, in the order shown, such as "🎉:12 🎉:15 👍:12"
	Files           string // ids, in the order shown
	Pinned          bool
}

// conversationState is what Charla shows a user about a conversation: its last seq (number of a change), the seq up to
// which the user has read, and the number of unread messages, at most chat.UnreadCap.
type conversationState struct{ Room, Seq, Read, Unread int64 }

// lastSeq returns the seq of the last change of the message, or the seq of the message itself if it never changed.
func (m shownMessage) lastSeq() int64 { return max(m.Seq, m.Version) }

// readerLog records what one reader, a page or an API client, saw of one room.
type readerLog struct {
	Reader       string
	User, Room   int64
	Session      string
	Program      bool // whether it is an API client, which reads JSON
	Stayed       bool // whether it was a member all the time and had time to catch up in the end
	Observations []observation
}

type observationKind string

const (
	sawPage    observationKind = "page"    // the page was loaded
	sawOpened  observationKind = "opened"  // the headers of the stream arrived
	sawNew     observationKind = "new"     // a new message arrived
	sawChanged observationKind = "changed" // a message on the page was replaced
	sawCursor  observationKind = "cursor"  // an event with an id and no message
	sawState   observationKind = "state"   // the state of a conversation arrived
	sawEnd     observationKind = "end"     // the stream ended; Reason says why
)

// observation is one thing that a reader saw: a page, an event, or the start or end of a stream.
type observation struct {
	At          time.Time
	RequestedAt time.Time // when an opened stream was requested
	Kind        observationKind
	Node        string
	Cursor      int64 // the cursor of a page, or the id of an event; 0 if there is none
	Message     shownMessage
	Messages    []shownMessage // of a page
	State       conversationState
	Reason      string
}

// faultRecord records a fault that the test injected, such as a killed node.
type faultRecord struct {
	Name       string
	Start, End time.Time
}

// databaseState is what the database and the file storage hold at the end of a run.
type databaseState struct {
	LastSeq    map[int64]int64 // by room
	Messages   []storedMessage // by room and seq
	Members    []membership
	Departures []departure // by room and seq
	Files      []storedFile
	Blobs      []storedBlob
	Objects    []string // names of the stored objects, after garbage collection
}

// storedFile is a row of the table files. Message is the id of the message with which the file was sent, or 0 if it was
// not sent.
type storedFile struct{ ID, Blob, Message int64 }

// storedBlob is the stored content of a file. All files with the same bytes share one.
type storedBlob struct {
	ID, Size     int64
	Object, Hash string
}

// storedMessage is a message with the values that the database holds.
type storedMessage struct {
	Room, Seq, ChangedSeq, ID, Author int64
	Key, Body                         string
	Edited, Deleted                   bool
	Reactions, Files                  string // as in shownMessage
	Pinned                            bool
}

// shown returns the message as a page must show it.
func (m storedMessage) shown() shownMessage {
	s := shownMessage{
		Seq: m.Seq, Body: m.Body, Edited: m.Edited && !m.Deleted, Deleted: m.Deleted,
		Reactions: m.Reactions, Files: m.Files, Pinned: m.Pinned,
	}
	if m.ChangedSeq != m.Seq {
		s.Version = m.ChangedSeq
	}
	return s
}

// membership is a row of the table members.
type membership struct{ Room, User, JoinedSeq, ReadSeq int64 }

// departure is a row of the table departures. It says when a user left a room, or was removed from it.
type departure struct {
	Room, User, Seq int64
	At              time.Time
}

// messagesBetween returns the messages of a room whose seqs lie between from and to, both included.
func (db databaseState) messagesBetween(room, from, to int64) []storedMessage {
	compare := func(m storedMessage, seq int64) int {
		return cmp.Or(cmp.Compare(m.Room, room), cmp.Compare(m.Seq, seq))
	}
	return between(db.Messages,
		func(m storedMessage) int { return compare(m, from) },
		func(m storedMessage) int { return compare(m, to+1) })
}

// parseInt64 parses a decimal number. It returns 0 for anything else.
func parseInt64(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// clockFormat is the time format of excerpts and logs.
const clockFormat = "15:04:05.000"

func (o op) String() string {
	text := fmt.Sprintf("%s…%s %s by %d at %s",
		o.Start.Format(clockFormat), o.End.Format(clockFormat), o.Kind, o.By, o.Node)
	if o.Target != 0 {
		text += fmt.Sprint(" of ", o.Target)
	}
	switch o.Kind {
	case doRead:
		return text + fmt.Sprintf(" in room %d: %s %s, %d messages", o.Room, o.Outcome, o.Reason, len(o.Messages))
	case doUpload, doFetch:
		return text + fmt.Sprintf(": %s %s file %d, %d bytes %.8s", o.Outcome, o.Reason, o.ID, o.Size, o.Hash)
	case doRefresh:
		return text + fmt.Sprintf(": %s %s of %.8s, new token %.8s", o.Outcome, o.Reason, o.Key, o.Body)
	case doCountUnread:
		return text + fmt.Sprintf(": %s %s %v", o.Outcome, o.Reason, o.States)
	}
	return text + fmt.Sprintf(" in room %d %s: %s %s seq %d id %d, version %d replaced by %d",
		o.Room, o.Body, o.Outcome, o.Reason, o.Seq, o.ID, o.PreviousVersion, o.Message.Version)
}

func (m shownMessage) String() string {
	text := fmt.Sprintf("%d as of %d %s", m.Seq, m.lastSeq(), m.Body)
	if m.Edited {
		text += " (edited)"
	}
	if m.Deleted {
		text += " (deleted)"
	}
	if m.Pinned {
		text += " (pinned)"
	}
	return text + " " + m.Reactions + " files " + m.Files
}

func (s conversationState) String() string {
	return fmt.Sprintf("room %d has last seq %d, is read up to %d, and has %d unread", s.Room, s.Seq, s.Read, s.Unread)
}

func (s observation) String() string {
	if s.Kind == sawState {
		return fmt.Sprintf("%s %s at %s: %v", s.At.Format(clockFormat), s.Kind, s.Node, s.State)
	}
	return fmt.Sprintf("%s %s at %s: message %v, %d messages, cursor %d %s",
		s.At.Format(clockFormat), s.Kind, s.Node, s.Message, len(s.Messages), s.Cursor, s.Reason)
}

func (f faultRecord) String() string {
	return fmt.Sprintf("%s…%s fault: %s", f.Start.Format(clockFormat), f.End.Format(clockFormat), f.Name)
}

func (m storedMessage) String() string {
	return fmt.Sprintf("stored: room %d id %d by %d %v", m.Room, m.ID, m.Author, m.shown())
}

func (f storedFile) String() string {
	return fmt.Sprintf("stored: file %d of blob %d in message %d", f.ID, f.Blob, f.Message)
}

func (b storedBlob) String() string {
	return fmt.Sprintf("stored: blob %d, %d bytes %.8s in object %s", b.ID, b.Size, b.Hash, b.Object)
}

func (d departure) String() string {
	return fmt.Sprintf("stored: %s departure of %d from room %d seq %d",
		d.At.Format(clockFormat), d.User, d.Room, d.Seq)
}
