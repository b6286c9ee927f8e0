package chat

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"charla/markdown"
)

// MessageReader reads messages. The methods with a user return messages only from rooms that the user is a member of.
type MessageReader interface {
	// Message returns one message.
	Message(ctx context.Context, user, id int64) (Message, error)
	// MessagesBefore lists at most limit messages of a room with seq < before: the newest of them, in ascending order.
	MessagesBefore(ctx context.Context, user, room, before int64, limit int) ([]Message, error)
	// MessagesAfter lists at most limit messages of a room with seq > after: the oldest of them, in ascending order.
	MessagesAfter(ctx context.Context, user, room, after int64, limit int) ([]Message, error)
	// MessagesChangedSince lists at most limit messages of a room with changed_seq > after, lowest changed_seq first.
	MessagesChangedSince(ctx context.Context, user, room, after int64, limit int) ([]Message, error)
	// Changes reads, in one snapshot, what changed in a room after the cursor. The result is TooFarBehind if more than
	// limit messages changed or somebody deleted their account.
	Changes(ctx context.Context, room, cursor int64, limit int) (Changes, error)
	// MessagesByAuthor lists the messages of an author in a room with after < seq <= upTo that are not deleted, oldest
	// first.
	MessagesByAuthor(ctx context.Context, author, room, after, upTo int64, limit int) ([]Message, error)
}

// MessageWriter stores messages.
type MessageWriter interface {
	// MessageByKey returns the message that an author posted with this idempotency key, as it is now, and the
	// ContentDigest of what was sent.
	MessageByKey(ctx context.Context, author int64, key string) (m Message, sent string, err error)
	// ReservePost locks the room of a conversation until the transaction ends, and assigns a seq and a time to a
	// message that author is going to post. The time is at, or that of the previous message if that is later by no more
	// than maxSkew. It returns ErrNotFound if there is no room yet, as before the first message of two users. It does
	// not check that the author is a member; InsertMessage does.
	ReservePost(ctx context.Context, author int64, ref ConversationRef, at, maxSkew Timestamp) (PostSlot, error)
	// InsertMessage adds a message, with the ContentDigest of what was sent, and returns its id. It returns ErrNotFound
	// if the author has used the message's key before, in any room, or is not a member of the room. It stores only the
	// number of files; AttachFiles stores the files.
	InsertMessage(ctx context.Context, m Message, sent string) (int64, error)
	// UpdateMessage stores the text, HTML, number of files, edit and deletion time and ChangedSeq of a message.
	UpdateMessage(ctx context.Context, m Message) error
}

// Message is a message as of its last change. Every change of a room has a number, its seq. Seq is the number of the
// message's posting and never changes; ChangedSeq is that of its last change and equals Seq at first. A deleted message
// has no text.
type Message struct {
	ID          int64     `db:"id"`
	Room        int64     `db:"room_id"`
	Seq         int64     `db:"seq"`
	ChangedSeq  int64     `db:"changed_seq"`
	AuthorID    int64     `db:"author_id"`
	AuthorName  string    `db:"author_name"`
	AuthorBot   bool      `db:"author_is_bot"`
	Key         string    `db:"key"`
	Body        string    `db:"body"`
	HTML        string    `db:"html"`
	PostedAt    Timestamp `db:"posted_at"`
	EditedAt    Timestamp `db:"edited_at"`
	DeletedAt   Timestamp `db:"deleted_at"`
	StartsGroup bool      `db:"starts_group"` // first of a group of messages by one author
	StartsDay   bool      `db:"starts_day"`   // first of a day in the zone of the Service

	Reactions Reactions `db:"-"`
	Files     []File    `db:"-"` // in the order of the message

	AuthorAvatar int64 `db:"author_avatar"` // id of the picture's file; zero for none
}

// NewMessage is a message to post.
type NewMessage struct {
	Conversation ConversationRef
	Body         string  // may be empty if there are files
	Key          string  // idempotency key; if it is empty, a retry posts the message twice
	Files        []int64 // pending files of the author
}

// PostResult is a stored message and its conversation. Created is false if the message had been posted before with the
// same key.
type PostResult struct {
	Message      Message
	Conversation Conversation
	Created      bool
}

// errAlreadyPosted means that a message with the same key has been posted before. It rolls back the transaction.
type errAlreadyPosted struct {
	Message
	sent string // ContentDigest of the message as it was sent
}

func (errAlreadyPosted) Error() string { return "posted before" }

// errKeyConflict is returned if a key belongs to a message with other content.
var errKeyConflict = &Error{
	Code: Conflict, Field: "key",
	Format: "Another message was already sent with this key. Your text is still here: send it again.",
}

var errFileUnavailable = invalidf("file", "A file no longer exists or was already sent. Choose it again.")

// PostMessage stores a message of the acting user and announces it. It returns Invalid for a bad text or key, for too
// many files and for a file that is not a pending file of the user. It returns ErrNotFound if the user has no such
// conversation, Forbidden if the other user deleted their account, and Conflict if the key belongs to a message with
// other content.
func (s *Service) PostMessage(ctx context.Context, by User, in NewMessage) (PostResult, error) {
	in, err := s.checkNewMessage(in)
	if err != nil {
		return PostResult{}, err
	}
	m := Message{
		AuthorID: by.ID, AuthorName: by.Name, AuthorAvatar: by.Avatar, AuthorBot: by.IsBot(),
		Key: in.Key, Body: in.Body, HTML: markdown.Render(in.Body),
	}
	var c Conversation
	var draftDeleted bool
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		m.PostedAt = s.now()
		if c, err = s.insertMessage(ctx, tx, in, &m); err != nil {
			return err
		}
		draftDeleted, err = tx.DeleteDraft(ctx, by.ID, c.Ref(), m.Key)
		return err
	})
	if posted, ok := errors.AsType[errAlreadyPosted](err); ok {
		return s.replayPosted(ctx, by, in, posted)
	}
	if err != nil {
		return PostResult{}, err
	}
	s.events.Publish(MessagePosted{StreamKey: c.StreamKey(), Message: m})
	if draftDeleted {
		s.events.Publish(DraftChanged{User: by.ID})
	}
	return PostResult{Message: m, Conversation: c, Created: true}, nil
}

// checkNewMessage checks a message and returns it as it will be stored. A message without a key gets one.
func (s *Service) checkNewMessage(in NewMessage) (NewMessage, error) {
	clean := cleanBody
	if len(in.Files) > 0 {
		clean = cleanOptionalBody
	}
	var err error
	if in.Body, err = clean(in.Body); err != nil {
		return in, err
	}
	if in.Key == "" {
		in.Key = rand.Text()
	} else if err = checkKey(in.Key); err != nil {
		return in, err
	}
	if in.Conversation.Room != 0 && in.Conversation.With != 0 {
		return in, errAmbiguousTarget
	}
	if len(in.Files) > s.fileLimits.FilesPerMessage {
		return in, invalidf("file", "A message can have at most %d files.", s.fileLimits.FilesPerMessage)
	}
	return in, nil
}

// maxClockSkew is how far a node's clock may be behind the time of the previous message. Within this limit the new
// message gets the time of the previous one, so that times do not go back. A larger difference means that the time of
// the previous message was wrong.
const maxClockSkew = Timestamp(15 * time.Minute / time.Microsecond)

// insertMessage stores a message with its files and returns its conversation. It locks the room first, so that nothing
// that it reads afterwards can change before the commit.
func (s *Service) insertMessage(ctx context.Context, tx Tx, in NewMessage, m *Message) (Conversation, error) {
	slot, err := tx.ReservePost(ctx, m.AuthorID, in.Conversation, m.PostedAt, maxClockSkew)
	if errors.Is(err, ErrNotFound) && in.Conversation.Room == 0 {
		slot, err = startDirectRoom(ctx, tx, in.Conversation.With, m)
	}
	if err != nil {
		return Conversation{}, err
	}
	if slot.PeerDeleted() {
		return Conversation{}, classifyDeletedPeer(ctx, tx, m)
	}
	m.assignSlot(slot, s.zone)
	if len(in.Files) > 0 {
		if m.Files, err = tx.PendingFilesByID(ctx, m.AuthorID, in.Files); err != nil {
			return Conversation{}, err
		}
	}
	m.ID, err = tx.InsertMessage(ctx, *m, in.digest())
	if errors.Is(err, ErrNotFound) {
		err = classifyInsertConflict(ctx, tx, m)
	}
	if err != nil {
		return Conversation{}, err
	}
	return slot.Conversation, attachFiles(ctx, tx, in.Files, *m)
}

// attachFiles attaches all files to a message, or returns Invalid if one of them is not a pending file any more.
func attachFiles(ctx context.Context, tx Tx, files []int64, m Message) error {
	if len(files) == 0 {
		return nil
	}
	attached, err := tx.AttachFiles(ctx, m.AuthorID, files, m.ID)
	if err != nil {
		return err
	}
	if attached != len(files) || len(m.Files) != len(files) {
		return errFileUnavailable
	}
	return nil
}

// startDirectRoom creates the room of two users for their first message.
func startDirectRoom(ctx context.Context, tx Tx, peer int64, m *Message) (PostSlot, error) {
	if user, err := tx.User(ctx, peer); err != nil || user.Deleted() {
		return PostSlot{}, cmp.Or(err, error(ErrNotFound))
	}
	if _, err := tx.EnsureDirectRoom(ctx, min(m.AuthorID, peer), max(m.AuthorID, peer), m.PostedAt); err != nil {
		return PostSlot{}, err
	}
	return tx.ReservePost(ctx, m.AuthorID, ConversationRef{With: peer}, m.PostedAt, maxClockSkew)
}

// classifyInsertConflict returns why InsertMessage did not insert a message: errAlreadyPosted if its key was used
// before, or ErrNotFound if the author is not a member of the room.
func classifyInsertConflict(ctx context.Context, tx Tx, m *Message) error {
	posted, sent, err := tx.MessageByKey(ctx, m.AuthorID, m.Key)
	if err != nil {
		return err
	}
	return errAlreadyPosted{posted, sent}
}

// classifyDeletedPeer returns why nobody can post to a user who deleted their account, or errAlreadyPosted if the
// message was posted before they did.
func classifyDeletedPeer(ctx context.Context, tx Tx, m *Message) error {
	if err := classifyInsertConflict(ctx, tx, m); !errors.Is(err, ErrNotFound) {
		return err
	}
	return errPeerDeleted
}

// replayPosted returns the message that was posted before with the same key, as it is now. It returns Conflict if the
// room, the text or the files were different.
func (s *Service) replayPosted(
	ctx context.Context, by User, in NewMessage, posted errAlreadyPosted,
) (PostResult, error) {
	c, err := s.Conversation(ctx, by, in.Conversation)
	if err != nil {
		return PostResult{}, err
	}
	if posted.Room != c.Room || posted.sent != in.digest() {
		return PostResult{}, errKeyConflict
	}
	return PostResult{Message: posted.Message, Conversation: c}, nil
}

// ContentDigest returns 64 bits of the SHA-256 of a message's key, text and files, in hexadecimal. It tells apart
// messages with different content that were sent with the same key.
func ContentDigest(key, body string, files ...int64) string {
	text := key + "\x00" + body
	for _, f := range files {
		text += "\x00" + strconv.FormatInt(f, 10)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func (in NewMessage) digest() string { return ContentDigest(in.Key, in.Body, in.Files...) }

// PostSlot is what a room assigns to a new message: its seq, which is LastSeq of the Conversation, and its time,
// PostedAt. PostedAt is not before the time of the previous message unless a clock was set back by more than a quarter
// of an hour. PreviousAuthor is zero for the first message of a room. Unread and HasDraft are not filled in.
type PostSlot struct {
	Conversation
	PostedAt       Timestamp `db:"last_posted_at"`
	PreviousAuthor int64     `db:"previous_author_id"`
	PreviousAt     Timestamp `db:"previous_posted_at"`
}

// maxGroupGap is the longest time between two messages of one group. A group is a run of messages by one author that
// shows the author only once.
const maxGroupGap = Timestamp(5 * time.Minute / time.Microsecond)

// assignSlot sets the room, seq and time of m to those of slot. It decides whether m is the first message of a day, in
// the given zone, and of a group.
func (m *Message) assignSlot(slot PostSlot, zone *time.Location) {
	m.Room, m.Seq, m.ChangedSeq, m.PostedAt = slot.Room, slot.LastSeq, slot.LastSeq, slot.PostedAt
	day := func(ts Timestamp) int { d := ts.Time().In(zone); return d.Year()*366 + d.YearDay() }
	m.StartsDay = slot.PreviousAuthor == 0 || day(slot.PreviousAt) != day(m.PostedAt)
	gap := m.PostedAt - slot.PreviousAt
	m.StartsGroup = m.StartsDay || slot.PreviousAuthor != m.AuthorID || gap > maxGroupGap || gap < 0
}
