package chat

// Event is something that happened and was committed. Events are hints: whoever misses one finds it in the database.
type Event interface{ event() }

// Change is an event that took a number in its room. Seq counts the changes of a room from 1 without a gap.
type Change interface {
	Event
	At() (Topic, int64)
}

// MessagePosted tells of a new message, whole, as of its seq.
type MessagePosted struct {
	Topic   Topic
	Message Message
}

// Alteration is what was done to a message.
type Alteration string

// The alterations. Reacted is also a reaction that was taken back.
const (
	Edited  Alteration = "edited"
	Deleted Alteration = "deleted"
	Reacted Alteration = "reaction"
)

// MessageChanged tells of a message that was edited, deleted or reacted to, whole, as of its changed_seq. What is empty
// where the message was read as it stands, after any number of changes.
type MessageChanged struct {
	Topic   Topic
	What    Alteration
	Message Message
}

// MemberJoined tells that a person joined a channel.
type MemberJoined struct {
	Topic  Topic
	Person Person
	Seq    int64
}

// MemberLeft tells that a person left a room or was removed from it: nothing with a later seq is theirs to see. ForGood
// means that they deleted their account: every line of theirs shows no name any more.
type MemberLeft struct {
	Topic   Topic
	User    int64
	Seq     int64
	ForGood bool
}

// PersonChanged tells how a person is called now; without a name they deleted their account.
type PersonChanged struct{ Person Person }

// ReadMarked tells that a person has read a room up to some message.
type ReadMarked struct{ User, Room int64 }

// Typed tells that a person is writing in a conversation now.
type Typed struct {
	Topic  Topic
	Person Person
}

// Uploading tells a person's own pages of a conversation how much of a file has come. ID is the name that the page gave the
// upload. Total is 0 where it is not known. Over means that no more will come, whatever became of it.
type Uploading struct {
	User            int64
	Topic           Topic
	ID, Name        string
	Received, Total int64 // bytes
	Over            bool
}

// Boxing is what happened to a file in the box for a conversation.
type Boxing string

// The boxings. A file that is sent leaves with its message, and nothing else tells of it.
const (
	Came      Boxing = "came"
	Described Boxing = "described"
	TakenOut  Boxing = "taken out"
)

// BoxChanged tells a person's own pages of a conversation of a file that waits there. Of one that was taken out only the id is told. Upload
// is the name that the page gave it from which a file came.
type BoxChanged struct {
	User   int64
	Topic  Topic
	What   Boxing
	Upload string
	File   File
}

// DraftChanged tells that a person began a draft somewhere, or that one is gone.
type DraftChanged struct{ User int64 }

// SessionEnded tells that a session is over and its streams must close.
type SessionEnded struct{ Session int64 }

func (MessagePosted) event()  {}
func (MessageChanged) event() {}
func (MemberJoined) event()   {}
func (MemberLeft) event()     {}
func (ReadMarked) event()     {}
func (Typed) event()          {}
func (Uploading) event()      {}
func (BoxChanged) event()     {}
func (DraftChanged) event()   {}
func (SessionEnded) event()   {}
func (PersonChanged) event()  {}

// At returns the place of the change in its room.
func (e MessagePosted) At() (Topic, int64) { return e.Topic, e.Message.Seq }

// At returns the place of the change in its room.
func (e MessageChanged) At() (Topic, int64) { return e.Topic, e.Message.ChangedSeq }

// At returns the place of the change in its room.
func (e MemberJoined) At() (Topic, int64) { return e.Topic, e.Seq }

// At returns the place of the change in its room.
func (e MemberLeft) At() (Topic, int64) { return e.Topic, e.Seq }

// Publisher announces committed events. It never blocks and cannot fail the one who acts.
type Publisher interface{ Publish(Event) }
