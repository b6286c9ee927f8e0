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
)

// MessageReader reads messages. A method with the parameter user returns messages only from rooms that this user is a
// member of.
type MessageReader interface {
	// Message returns the message with this id.
	Message(ctx context.Context, user, id int64) (Message, error)
	// MessagesBefore lists at most limit messages of a room with seq < before: the newest of them, in ascending order.
	MessagesBefore(ctx context.Context, user, room, before int64, limit int) ([]Message, error)
	// MessagesAfter lists at most limit messages of a room with seq > after: the oldest of them, in ascending order.
	MessagesAfter(ctx context.Context, user, room, after int64, limit int) ([]Message, error)
	// MessagesChangedSince lists at most limit messages of a room with changed_seq > after, lowest changed_seq first.
	MessagesChangedSince(ctx context.Context, user, room, after int64, limit int) ([]Message, error)
	// Changes reads what changed in a room after the cursor, all as of one moment. TooFarBehind is set in the result if
	// more than limit messages changed or somebody deleted their account.
	Changes(ctx context.Context, room, cursor int64, limit int) (Changes, error)
	// MessagesByAuthor lists an author's messages in a room with after < seq <= upTo, oldest first, without deleted
	// ones.
	MessagesByAuthor(ctx context.Context, author, room, after, upTo int64, limit int) ([]Message, error)
}

// MessageWriter stores messages.
type MessageWriter interface {
	// MessageByKey returns the message that an author posted with this idempotency key, in its current version, and the
	// ContentDigest of what the author sent at first.
	MessageByKey(ctx context.Context, author int64, key string) (m Message, sent string, err error)
	// ReservePost locks the room of a conversation until the transaction ends, and takes a seq and a time for a message
	// that the author is going to post. The time is the one given as "at". If the previous message is later than that
	// by at most maxSkew, it is the time of the previous message. ReservePost returns ErrNotFound if the conversation
	// has no room yet, as before the first message of two users. It does not check that the author is a member;
	// InsertMessage does.
	ReservePost(ctx context.Context, author int64, ref ConversationRef, at, maxSkew Timestamp) (PostSlot, error)
	// InsertMessage adds a message and returns its id. The argument sent is the ContentDigest of what the author sent.
	// It returns ErrNotFound if the author has used the message's key before, in any room, or is not a member of the
	// room. It stores only the number of files; AttachFiles stores the files.
	InsertMessage(ctx context.Context, m Message, sent string) (int64, error)
	// UpdateMessage stores the fields of a message that can change: text, HTML, number of files, times of editing and
	// deletion, and ChangedSeq.
	UpdateMessage(ctx context.Context, m Message) error
}

// Message is a message as of its last change. Every change of a room has a number, its seq. Seq is the number with
// which the message was posted and never changes. ChangedSeq is the number of the message's last change; before the
// first change it equals Seq. A deleted message has no text.
type Message struct {
	ID           int64     `db:"id"`
	Room         int64     `db:"room_id"`
	Seq          int64     `db:"seq"`
	ChangedSeq   int64     `db:"changed_seq"`
	AuthorID     int64     `db:"author_id"`
	AuthorName   string    `db:"author_name"`
	AuthorBot    bool      `db:"author_is_bot"`
	AuthorHandle string    `db:"author_handle"`
	Key          string    `db:"key"`
	Body         string    `db:"body"`
	HTML         string    `db:"html"`
	PostedAt     Timestamp `db:"posted_at"`
	EditedAt     Timestamp `db:"edited_at"`
	DeletedAt    Timestamp `db:"deleted_at"`
	StartsGroup  bool      `db:"starts_group"` // first of a group of messages by one author
	StartsDay    bool      `db:"starts_day"`   // first of a day in the zone of the Service

	Reactions Reactions `db:"-"`
	Files     []File    `db:"-"` // in the order of the message

	Mentions []Mention `db:"-"`            // users who are mentioned by their handles, by id
	Audience Audience  `db:"mention_all"`  // whom the message mentions at once
	Notified bool      `db:"notifies_all"` // whether its audience is notified

	Pin Pin `db:"-"` // zero if the message is not pinned

	AuthorAvatar int64 `db:"author_avatar"` // id of the picture's file; zero for none
}

// NewMessage is a message to post.
type NewMessage struct {
	Conversation ConversationRef
	Body         string         // may be empty if there are files
	Key          string         // idempotency key; if it is empty, a retry posts the message twice
	Files        []int64        // pending files of the author
	Audience     AudienceChoice // whether @channel and @here notify people
	Online       func() []int64 // returns the users who are online, for @here; may be nil
	Rekey        bool           // if another message has the key, post this one under nextKey
}

// PostResult is a stored message and its conversation. Created is false if the message had been posted before with the
// same key.
type PostResult struct {
	Message      Message
	Conversation Conversation
	Created      bool
	Outside      []UserSummary // people who are mentioned in the text and are not in the conversation
}

// errAlreadyPosted means that a message with the same key has already been posted. Returning it rolls back the
// transaction.
type errAlreadyPosted struct {
	Message
	sent string // ContentDigest of the message as it was sent
}

func (errAlreadyPosted) Error() string { return "posted before" }

// errKeyConflict is returned if a message with other content has already been posted with the same key.
var errKeyConflict = &Error{
	Code: Conflict, Field: "key",
	Format: "Your message wasn't sent. Your text is still here: send it again.",
}

var errFileUnavailable = invalidf("file", "One of the files no longer exists or was already sent. Choose it again.")

// PostMessage stores a message of the acting user and announces it. It returns Invalid for a bad text or key, for too
// many files and for a file that is not a pending file of the user. It returns ErrNotFound if the user has no such
// conversation, Forbidden if the other user deleted their account, and Conflict if a message with other content was
// already posted with the same key, unless in.Rekey is set.
func (s *Service) PostMessage(ctx context.Context, by User, in NewMessage) (PostResult, error) {
	posted, err := s.postOnce(ctx, by, in)
	for n := 0; in.Rekey && errors.Is(err, errKeyConflict) && n < maxRekeys; n++ {
		in.Key = nextKey(in.Key)
		posted, err = s.postOnce(ctx, by, in)
	}
	return posted, err
}

// postOnce posts a message under its key.
func (s *Service) postOnce(ctx context.Context, by User, in NewMessage) (PostResult, error) {
	in, err := s.checkNewMessage(in)
	if err != nil {
		return PostResult{}, err
	}
	found, err := s.findMentions(ctx, by, in.Conversation, in.Body, nil)
	if err != nil {
		return PostResult{}, err
	}
	notified, err := s.notifiesAudience(ctx, by, in, found.audience)
	if err != nil {
		return PostResult{}, err
	}
	m := Message{
		AuthorID: by.ID, AuthorName: by.Name, AuthorAvatar: by.Avatar, AuthorBot: by.IsBot(),
		AuthorHandle: by.Handle,
		Key:          in.Key, Body: in.Body, HTML: found.html,
		Mentions: found.users, Audience: found.audience, Notified: notified,
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
	return PostResult{Message: m, Conversation: c, Created: true, Outside: found.outside}, nil
}

// checkNewMessage checks a message and returns it in the form in which it will be stored. It adds a key if the message
// has none.
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

// maxClockSkew is how far a node's clock may be behind the time of the previous message. Up to this limit, a new
// message gets the time of the previous one, so that times do not go back. Beyond it, the time of the previous message
// was probably wrong and is ignored.
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
	if len(m.Mentions) > 0 {
		if err := tx.SetMentions(ctx, m.ID, m.Mentions); err != nil {
			return Conversation{}, err
		}
	}
	var online []int64
	if m.Notified && m.Audience == AudienceHere && in.Online != nil {
		online = in.Online()
	}
	if err := addToInboxes(ctx, tx, *m, online); err != nil {
		return Conversation{}, err
	}
	return slot.Conversation, attachFiles(ctx, tx, in.Files, *m)
}

// attachFiles attaches all files to a message. It returns Invalid if one of the files is no longer a pending file.
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

// startDirectRoom creates the room of a direct conversation before its first message is stored. It returns ErrNotFound
// if the author does not see the other user.
func startDirectRoom(ctx context.Context, tx Tx, peer int64, m *Message) (PostSlot, error) {
	if user, err := tx.VisibleUser(ctx, m.AuthorID, peer); err != nil || user.Deleted() {
		return PostSlot{}, cmp.Or(err, error(ErrNotFound))
	}
	if _, err := tx.EnsureDirectRoom(ctx, min(m.AuthorID, peer), max(m.AuthorID, peer), m.PostedAt); err != nil {
		return PostSlot{}, err
	}
	return tx.ReservePost(ctx, m.AuthorID, ConversationRef{With: peer}, m.PostedAt, maxClockSkew)
}

// classifyInsertConflict returns the reason for which InsertMessage did not insert a message: errAlreadyPosted if the
// message's key was used before, or ErrNotFound if the author is not a member of the room.
func classifyInsertConflict(ctx context.Context, tx Tx, m *Message) error {
	posted, sent, err := tx.MessageByKey(ctx, m.AuthorID, m.Key)
	if err != nil {
		return err
	}
	return errAlreadyPosted{posted, sent}
}

// classifyDeletedPeer returns the error for a message to a user who deleted their account: Forbidden, or
// errAlreadyPosted if the same message was posted before the account was deleted.
func classifyDeletedPeer(ctx context.Context, tx Tx, m *Message) error {
	if err := classifyInsertConflict(ctx, tx, m); !errors.Is(err, ErrNotFound) {
		return err
	}
	return errPeerDeleted
}

// replayPosted returns the message that was posted before with the same key, in its current version. It returns
// Conflict if the room, the text or the files are different from those of the first request.
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

// ContentDigest returns the first 64 bits of a SHA-256 hash of a message's key, text and files, in hexadecimal. It
// shows whether two messages that were sent with the same key have the same content.
func ContentDigest(key, body string, files ...int64) string {
	text := key + "\x00" + body
	for _, f := range files {
		text += "\x00" + strconv.FormatInt(f, 10)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func (in NewMessage) digest() string { return ContentDigest(in.Key, in.Body, in.Files...) }

// PostSlot is the place of a new message in its room. Its seq is LastSeq of the Conversation, and its time is PostedAt.
// PostedAt is not before the time of the previous message unless a clock was set back by more than a quarter of an
// hour. PreviousAuthor is zero for the first message of a room. Unread and HasDraft are not filled in.
type PostSlot struct {
	Conversation
	PostedAt       Timestamp `db:"last_posted_at"`
	PreviousAuthor int64     `db:"previous_author_id"`
	PreviousAt     Timestamp `db:"previous_posted_at"`
}

// maxGroupGap is the longest time between two messages of one group. A group is a run of messages by one author that
// shows the author only once.
const maxGroupGap = Timestamp(5 * time.Minute / time.Microsecond)

// assignSlot gives m the room, seq and time of slot. It also decides whether m is the first message of a group, and of
// a day in the given time zone.
func (m *Message) assignSlot(slot PostSlot, zone *time.Location) {
	m.Room, m.Seq, m.ChangedSeq, m.PostedAt = slot.Room, slot.LastSeq, slot.LastSeq, slot.PostedAt
	day := func(ts Timestamp) int { d := ts.Time().In(zone); return d.Year()*366 + d.YearDay() }
	m.StartsDay = slot.PreviousAuthor == 0 || day(slot.PreviousAt) != day(m.PostedAt)
	gap := m.PostedAt - slot.PreviousAt
	m.StartsGroup = m.StartsDay || slot.PreviousAuthor != m.AuthorID || gap > maxGroupGap || gap < 0
}
