package chat

// Event is something that happened and was committed. Events are hints: whoever misses one finds it in the database.
type Event interface{ event() }

// RoomChange is an event that took a number in its room. Seq counts the changes of a room from 1 without a gap.
type RoomChange interface {
	Event
	Position() (StreamKey, int64)
}

// MessagePosted tells of a new message, whole, as of its seq.
type MessagePosted struct {
	StreamKey StreamKey
	Message   Message
}

// MessageChangeKind is what was done to a message.
type MessageChangeKind string

// The alterations. Reacted is also a reaction that was taken back.
const (
	Edited  MessageChangeKind = "edited"
	Deleted MessageChangeKind = "deleted"
	Reacted MessageChangeKind = "reaction"
)

// MessageChanged tells of a message that was edited, deleted or reacted to, whole, as of its changed_seq. What is empty
// where the message was read as it stands, after any number of changes.
type MessageChanged struct {
	StreamKey StreamKey
	Kind      MessageChangeKind
	Message   Message
}

// MemberJoined tells that a person joined a channel.
type MemberJoined struct {
	StreamKey StreamKey
	User      UserSummary
	Seq       int64
}

// MemberLeft tells that a person left a room or was removed from it: nothing with a later seq is theirs to see. AccountDeleted
// means that they deleted their account: every line of theirs shows no name any more.
type MemberLeft struct {
	StreamKey      StreamKey
	User           int64
	Seq            int64
	AccountDeleted bool
}

// UserChanged tells how a person is called now; without a name they deleted their account.
type UserChanged struct{ User UserSummary }

// ReadMarkerMoved tells that a person has read a room up to some message.
type ReadMarkerMoved struct{ User, Room int64 }

// UserTyping tells that a person is writing in a conversation now.
type UserTyping struct {
	StreamKey StreamKey
	User      UserSummary
}

// UploadProgress tells a person's own pages of a conversation how much of a file has come. UploadID is the name that the page gave the
// upload. Total is 0 where it is not known. Over means that no more will come, whatever became of it.
type UploadProgress struct {
	User               int64
	StreamKey          StreamKey
	UploadID, FileName string
	Received, Total    int64 // bytes
	Done               bool
}

// AttachmentAction is what happened to a file in the box for a conversation.
type AttachmentAction string

// The boxings. A file that is sent leaves with its message, and nothing else tells of it.
const (
	AttachmentAdded     AttachmentAction = "came"
	AttachmentDescribed AttachmentAction = "described"
	AttachmentRemoved   AttachmentAction = "taken out"
)

// AttachmentChanged tells a person's own pages of a conversation of a file that waits there. Of one that was taken out only the id is told. Upload
// is the name that the page gave it from which a file came.
type AttachmentChanged struct {
	User      int64
	StreamKey StreamKey
	Action    AttachmentAction
	UploadID  string
	File      File
}

// DraftChanged tells that a person began a draft somewhere, or that one is gone.
type DraftChanged struct{ User int64 }

// SessionEnded tells that a session is over and its streams must close.
type SessionEnded struct{ Session int64 }

func (MessagePosted) event()     {}
func (MessageChanged) event()    {}
func (MemberJoined) event()      {}
func (MemberLeft) event()        {}
func (ReadMarkerMoved) event()   {}
func (UserTyping) event()        {}
func (UploadProgress) event()    {}
func (AttachmentChanged) event() {}
func (DraftChanged) event()      {}
func (SessionEnded) event()      {}
func (UserChanged) event()       {}

// Position returns the place of the change in its room.
func (e MessagePosted) Position() (StreamKey, int64) { return e.StreamKey, e.Message.Seq }

// Position returns the place of the change in its room.
func (e MessageChanged) Position() (StreamKey, int64) { return e.StreamKey, e.Message.ChangedSeq }

// Position returns the place of the change in its room.
func (e MemberJoined) Position() (StreamKey, int64) { return e.StreamKey, e.Seq }

// Position returns the place of the change in its room.
func (e MemberLeft) Position() (StreamKey, int64) { return e.StreamKey, e.Seq }

// Publisher announces committed events. It never blocks and cannot fail the one who acts.
type Publisher interface{ Publish(Event) }
