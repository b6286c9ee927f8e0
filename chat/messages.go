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
	// MessagesBefore lists the newest limit messages of a room with seq < before, oldest first.
	MessagesBefore(ctx context.Context, user, room, before int64, limit int) ([]Message, error)
	// MessagesAfter lists the oldest limit messages of a room with seq > after, oldest first.
	MessagesAfter(ctx context.Context, user, room, after int64, limit int) ([]Message, error)
	// MessagesChangedSince lists the limit messages of a room that changed first after the seq after, ordered by
	// changed_seq.
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
	// ReservePost takes the next seq of a conversation for a message that author posts at a time, which locks the room.
	// It returns ErrNotFound if there is no room yet, as before the first message of two users. It does not check that
	// the author is a member; InsertMessage does.
	ReservePost(ctx context.Context, author int64, ref ConversationRef, at Timestamp) (PostSlot, error)
	// InsertMessage adds a message, with the ContentDigest of what was sent, and returns its id. It returns ErrNotFound
	// if the author has used the message's key before, in any room, or is not a member of the room. It stores only the
	// number of files; AttachFiles stores the files.
	InsertMessage(ctx context.Context, m Message, sent string) (int64, error)
	// UpdateMessage stores the text, HTML, number of files, edit and deletion time and ChangedSeq of a message.
	UpdateMessage(ctx context.Context, m Message) error
}

// NewMessage is what a person sends. Key may be empty: then the message can be sent twice by mistake.
type NewMessage struct {
	Conversation ConversationRef
	Body         string
	Key          string
	Files        []int64 // that wait, of its author; with files the text may be empty
}

// errAlreadyPosted rolls back a transaction that found its message posted before.
type errAlreadyPosted struct {
	Message
	sent string // the digest of its text as it was sent
}

func (errAlreadyPosted) Error() string { return "posted before" }

// errKeyConflict is the answer to a key that names another message.
var errKeyConflict = &Error{Code: Conflict, Field: "key", Format: "Another message was sent from here before. Your text is kept: send it again."}

// PostResult is a stored message and where it stands. Created is false when the same key brought the same message before.
type PostResult struct {
	Message      Message
	Conversation Conversation
	Created      bool
}

// PostMessage stores a message by its author and announces it. It answers Invalid for bad text or key, for too many files
// and for one that does not wait for by to send it, NotFound for a place that is not by's, Forbidden where the other person
// deleted their account, and Conflict when the key belongs to another message.
func (s *Service) PostMessage(ctx context.Context, by User, in NewMessage) (PostResult, error) {
	in, err := s.checkNewMessage(in)
	if err != nil {
		return PostResult{}, err
	}
	m := Message{AuthorID: by.ID, AuthorName: by.Name, AuthorAvatar: by.Avatar, AuthorBot: by.IsBot(), Key: in.Key, Body: in.Body, HTML: markdown.Render(in.Body)}
	var c Conversation
	drafted := false
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		m.PostedAt = s.now()
		if c, err = s.insertMessage(ctx, tx, in, &m); err == nil {
			drafted, err = tx.DeleteDraft(ctx, by.ID, c.Ref(), m.Key)
		}
		return err
	})
	if known, ok := errors.AsType[errAlreadyPosted](err); ok {
		return s.replayPosted(ctx, by, in, known)
	}
	if err != nil {
		return PostResult{}, err
	}
	s.events.Publish(MessagePosted{StreamKey: c.StreamKey(), Message: m})
	if drafted {
		s.events.Publish(DraftChanged{User: by.ID})
	}
	return PostResult{Message: m, Conversation: c, Created: true}, nil
}

// checkNewMessage returns a message as it will be stored, with a key.
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
		return in, invalidf("file", "A message takes at most %d files.", s.fileLimits.FilesPerMessage)
	}
	return in, nil
}

// insertMessage takes the room's next number, which locks the room, before anything is looked at: whatever it finds then cannot
// change until the commit.
func (s *Service) insertMessage(ctx context.Context, tx Tx, in NewMessage, m *Message) (Conversation, error) {
	turn, err := tx.ReservePost(ctx, m.AuthorID, in.Conversation, m.PostedAt)
	if errors.Is(err, ErrNotFound) && in.Conversation.Room == 0 {
		turn, err = startDirectRoom(ctx, tx, in.Conversation.With, m)
	}
	if err != nil {
		return Conversation{}, err
	}
	if turn.PeerDeleted() {
		return Conversation{}, classifyDeletedPeer(ctx, tx, m)
	}
	m.assignSlot(turn, s.zone)
	if len(in.Files) > 0 {
		if m.Files, err = tx.PendingFilesByID(ctx, m.AuthorID, in.Files); err != nil {
			return Conversation{}, err
		}
	}
	m.ID, err = tx.InsertMessage(ctx, *m, in.digest())
	if errors.Is(err, ErrNotFound) {
		err = classifyInsertConflict(ctx, tx, m)
	}
	if err == nil && len(in.Files) > 0 {
		err = attachFiles(ctx, tx, in.Files, *m)
	}
	return turn.Conversation, err
}

var errFileUnavailable = invalidf("file", "A file is gone or was sent already. Choose it again.")

// attachFiles gives a message its files, all or none: what waited a moment ago may be in another message by now.
func attachFiles(ctx context.Context, tx Tx, files []int64, m Message) error {
	taken, err := tx.AttachFiles(ctx, m.AuthorID, files, m.ID)
	if err == nil && (taken != len(files) || m.Files.Count() != len(files)) {
		err = errFileUnavailable
	}
	return err
}

// acquire makes the room of two people for their first message.
func startDirectRoom(ctx context.Context, tx Tx, peer int64, m *Message) (PostSlot, error) {
	if who, err := tx.User(ctx, peer); err != nil || who.Deleted() {
		return PostSlot{}, cmp.Or(err, error(ErrNotFound))
	}
	if _, err := tx.EnsureDirectRoom(ctx, min(m.AuthorID, peer), max(m.AuthorID, peer), m.PostedAt); err != nil {
		return PostSlot{}, err
	}
	return tx.ReservePost(ctx, m.AuthorID, ConversationRef{With: peer}, m.PostedAt)
}

// classifyInsertConflict tells why a message was not inserted: it was before, or it is not its author's room.
func classifyInsertConflict(ctx context.Context, tx Tx, m *Message) error {
	known, sent, err := tx.MessageByKey(ctx, m.AuthorID, m.Key)
	if err != nil {
		return err
	}
	return errAlreadyPosted{known, sent}
}

// classifyDeletedPeer is classifyInsertConflict where nobody would read a message, unless it was posted while somebody did.
func classifyDeletedPeer(ctx context.Context, tx Tx, m *Message) error {
	if err := classifyInsertConflict(ctx, tx, m); !errors.Is(err, ErrNotFound) {
		return err
	}
	return errPeerDeleted
}

// replayPosted answers a message whose key was used before: with the stored one, as it is now, where the same text and files were
// sent to the same room, otherwise with Conflict.
func (s *Service) replayPosted(ctx context.Context, by User, in NewMessage, known errAlreadyPosted) (PostResult, error) {
	c, err := s.Conversation(ctx, by, in.Conversation)
	if err != nil {
		return PostResult{}, err
	}
	if known.Room != c.Room || known.sent != in.digest() {
		return PostResult{}, errKeyConflict
	}
	return PostResult{Message: known.Message, Conversation: c}, nil
}

// ContentDigest tells two texts, with their files, under one key apart, by 64 bits of SHA-256 in hex.
func ContentDigest(key, body string, files ...int64) string {
	text := key + "\x00" + body
	for _, f := range files {
		text += "\x00" + strconv.FormatInt(f, 10)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func (in NewMessage) digest() string { return ContentDigest(in.Key, in.Body, in.Files...) }

// FilesPerMessage is one message as of its last change. It keeps the Seq it was posted with: its place in the room for ever.
// ChangedSeq is the seq of its last change and equals Seq at first. A deleted message is a tombstone without text.
type Message struct {
	ID          int64     `db:"id"`
	Room        int64     `db:"room_id"`
	Seq         int64     `db:"seq"`
	ChangedSeq  int64     `db:"changed_seq"`
	AuthorID    int64     `db:"author_id"`
	AuthorName  string    `db:"author_name"`
	AuthorBot   bool      `db:"author_bot"`
	Key         string    `db:"key"`
	Body        string    `db:"body"`
	HTML        string    `db:"html"`
	PostedAt    Timestamp `db:"posted_at"`
	EditedAt    Timestamp `db:"edited_at"`
	DeletedAt   Timestamp `db:"deleted_at"`
	StartsGroup bool      `db:"leads"`     // the first of a group of lines by one author
	StartsDay   bool      `db:"opens_day"` // the first of a day in the community's zone

	Reactions Reactions `db:"reactions"`
	Files     Files     `db:"files"`

	AuthorAvatar int64 `db:"author_avatar"` // the file that is their picture; 0 for none
}

// PostSlot is what a message is given by its room: its number, the LastSeq of a Conversation in which nothing is counted; when
// it counts as posted, before the one that it follows only if a clock was set back by more than a quarter of an hour; and whom it
// follows, zero for the first of a room.
type PostSlot struct {
	Conversation
	PostedAt       Timestamp `db:"last_at"`
	PreviousAuthor int64     `db:"previous_author"`
	PreviousAt     Timestamp `db:"previous_at"`
}

// maxGroupGap is how close the lines of one author stand together to form a group.
const maxGroupGap = Timestamp(5 * time.Minute / time.Microsecond)

// assignSlot puts m in its turn, and decides how it stands to the message before it: whether it opens a day, cut in zone, and
// whether it leads a group.
func (m *Message) assignSlot(t PostSlot, zone *time.Location) {
	m.Room, m.Seq, m.ChangedSeq, m.PostedAt = t.Room, t.LastSeq, t.LastSeq, t.PostedAt
	day := func(at Timestamp) int { d := at.Time().In(zone); return d.Year()*366 + d.YearDay() }
	m.StartsDay = t.PreviousAuthor == 0 || day(t.PreviousAt) != day(m.PostedAt)
	m.StartsGroup = m.StartsDay || t.PreviousAuthor != m.AuthorID || m.PostedAt-t.PreviousAt > maxGroupGap || m.PostedAt < t.PreviousAt
}
