package chat

// Event is something that happened and was committed. An event is only a hint: a reader that misses it finds the same
// change in the database.
type Event interface{ event() }

// RoomChange is an event about a numbered change of a room. The changes of a room have the numbers 1, 2, 3 and so on
// without gaps. The number of a change is its seq.
type RoomChange interface {
	Event
	// Position returns the stream key of the room and the seq of the change.
	Position() (StreamKey, int64)
}

// MessagePosted announces a new message.
type MessagePosted struct {
	StreamKey StreamKey
	Message   Message
}

// MessageChangeKind is the way in which a message changed.
type MessageChangeKind string

// The ways in which a message changes. Reacted covers adding and removing a reaction, Pinned pinning and unpinning.
const (
	Edited  MessageChangeKind = "edited"
	Deleted MessageChangeKind = "deleted"
	Reacted MessageChangeKind = "reaction"
	Pinned  MessageChangeKind = "pinned"
)

// MessageChanged announces that a message was edited, deleted, reacted to, pinned or unpinned. Message is the message
// after this change; its ChangedSeq is the seq of the change. Kind says what changed. It is empty if the message was
// read from the database, because the message may then have changed several times.
type MessageChanged struct {
	StreamKey StreamKey
	Kind      MessageChangeKind
	Message   Message
}

// MemberJoined announces that a user joined a channel.
type MemberJoined struct {
	StreamKey StreamKey
	User      UserSummary
	Seq       int64
}

// MemberLeft announces that a user left a room or was removed from it. The user may not see changes with a later seq.
// If AccountDeleted is set, the user deleted their account, and all their messages in the room lose their author's
// name.
type MemberLeft struct {
	StreamKey      StreamKey
	User           int64
	Seq            int64
	AccountDeleted bool
}

// MemberRoleChanged announces that a member of a channel has another role there.
type MemberRoleChanged struct {
	StreamKey StreamKey
	User      int64
	Seq       int64
}

// UserChanged announces that a user has a new name or avatar. The name is empty if the user deleted their account.
type UserChanged struct{ User UserSummary }

// RoleChanged announces that a user has another role in the community.
type RoleChanged struct {
	User int64 `db:"id"`
	Role Role  `db:"role"`
}

// ReadMarkerMoved announces that a user has read further in a room.
type ReadMarkerMoved struct{ User, Room int64 }

// NotificationLevelChanged announces, only to the user, that they have changed the notification level or the mute of a
// conversation.
type NotificationLevelChanged struct{ User int64 }

// UserTyping announces that a user is typing in a conversation.
type UserTyping struct {
	StreamKey StreamKey
	User      UserSummary
}

// UploadProgress announces, only to the uploading user, how much of an upload has arrived. UploadID is the id that the
// user's page chose for its uploads, and FileName is the file that is arriving.
type UploadProgress struct {
	User               int64
	StreamKey          StreamKey
	UploadID, FileName string
	Received, Total    int64 // bytes of all files of the request; Total is zero if unknown
}

// AttachmentAction is what happened to a pending file in the composer of a conversation.
type AttachmentAction string

// The actions: a pending file was added, got an alternative text, or was removed. MessagePosted announces that it was
// sent.
const (
	AttachmentAdded     AttachmentAction = "came"
	AttachmentDescribed AttachmentAction = "described"
	AttachmentRemoved   AttachmentAction = "taken out"
)

// AttachmentChanged announces, only to the uploading user, that a pending file of a conversation changed. For a removed
// file, only the ID of File is set.
type AttachmentChanged struct {
	User      int64
	StreamKey StreamKey
	Action    AttachmentAction
	File      File
}

// DraftChanged announces that a user started a draft, or that a draft was deleted or sent.
type DraftChanged struct{ User int64 }

// InboxChanged announces that items of the inboxes of some users were added, withdrawn or seen. MessagePosted and the
// events about members announce it for themselves.
type InboxChanged struct{ Users []int64 }

// SessionEnded announces that a session has ended. Its event streams must be closed.
type SessionEnded struct{ Session int64 }

func (MessagePosted) event()     {}
func (MessageChanged) event()    {}
func (MemberJoined) event()      {}
func (MemberLeft) event()        {}
func (MemberRoleChanged) event() {}
func (RoleChanged) event()       {}
func (ReadMarkerMoved) event()   {}

func (NotificationLevelChanged) event() {}

func (UserTyping) event()        {}
func (UploadProgress) event()    {}
func (AttachmentChanged) event() {}
func (DraftChanged) event()      {}
func (InboxChanged) event()      {}
func (SessionEnded) event()      {}
func (UserChanged) event()       {}

// Position returns the stream key and seq of the message.
func (e MessagePosted) Position() (StreamKey, int64) { return e.StreamKey, e.Message.Seq }

// Position returns the stream key of the room and the seq of the change.
func (e MessageChanged) Position() (StreamKey, int64) { return e.StreamKey, e.Message.ChangedSeq }

// Position returns the stream key of the room and the seq of joining.
func (e MemberJoined) Position() (StreamKey, int64) { return e.StreamKey, e.Seq }

// Position returns the stream key of the room and the seq of leaving.
func (e MemberLeft) Position() (StreamKey, int64) { return e.StreamKey, e.Seq }

// Position returns the stream key of the room and the seq of the change.
func (e MemberRoleChanged) Position() (StreamKey, int64) { return e.StreamKey, e.Seq }

// Publisher announces events after their transaction has committed. Publish never blocks and cannot fail.
type Publisher interface{ Publish(Event) }
