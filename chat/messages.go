package chat

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The size of a page of history, in messages.
const (
	PageSize    = 50
	MaxPageSize = 200
)

// ReplayLimit is how many changed messages a reader may be behind before it is told to fetch its page again.
const ReplayLimit = 500

// NewMessage is what a person sends. Key may be empty: then the message can be sent twice by mistake.
type NewMessage struct {
	Place Place
	Body  string
	Key   string
	Files []int64 // that wait, of its author; with files the text may be empty
}

// errKnown rolls back a transaction that found its message posted before.
type errKnown struct {
	Message
	sent string // the digest of its text as it was sent
}

func (errKnown) Error() string { return "posted before" }

var errTwoPlaces = invalidf("with", "Name a person or a room, not both.")

// errKeyTaken is the answer to a key that names another message.
var errKeyTaken = &Error{Code: Conflict, Field: "key", Format: "Another message was sent from here before. Your text is kept: send it again."}

// Posted is a stored message and where it stands. Created is false when the same key brought the same message before.
type Posted struct {
	Message      Message
	Conversation Conversation
	Created      bool
}

// PostMessage stores a message by its author and announces it. It answers Invalid for bad text or key, for too many files
// and for one that does not wait for by to send it, NotFound for a place that is not by's, Forbidden where the other person
// deleted their account, and Conflict when the key belongs to another message.
func (s *Service) PostMessage(ctx context.Context, by User, in NewMessage) (Posted, error) {
	in, err := s.checkNew(in)
	if err != nil {
		return Posted{}, err
	}
	m := Message{AuthorID: by.ID, AuthorName: by.Name, AuthorAvatar: by.Avatar, AuthorBot: by.IsBot(), Key: in.Key, Body: in.Body, HTML: renderHTML(in.Body)}
	var c Conversation
	drafted := false
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		m.PostedAt = s.micros()
		if c, err = s.insert(ctx, tx, in, &m); err == nil {
			drafted, err = tx.DeleteDraft(ctx, by.ID, c.Place(), m.Key)
		}
		return err
	})
	if known, ok := errors.AsType[errKnown](err); ok {
		return s.known(ctx, by, in, known)
	}
	if err != nil {
		return Posted{}, err
	}
	s.events.Publish(MessagePosted{Topic: c.Topic(), Message: m})
	if drafted {
		s.events.Publish(DraftChanged{User: by.ID})
	}
	return Posted{Message: m, Conversation: c, Created: true}, nil
}

// checkNew returns a message as it will be stored, with a key.
func (s *Service) checkNew(in NewMessage) (NewMessage, error) {
	clean := cleanBody
	if len(in.Files) > 0 {
		clean = cleanText
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
	if in.Place.Room != 0 && in.Place.With != 0 {
		return in, errTwoPlaces
	}
	if len(in.Files) > s.limits.Message {
		return in, invalidf("file", "A message takes at most %d files.", s.limits.Message)
	}
	return in, nil
}

// insert takes the room's next number, which locks the room, before anything is looked at: whatever it finds then cannot
// change until the commit.
func (s *Service) insert(ctx context.Context, tx Tx, in NewMessage, m *Message) (Conversation, error) {
	turn, err := tx.NextTurn(ctx, m.AuthorID, in.Place, m.PostedAt)
	if errors.Is(err, ErrNotFound) && in.Place.Room == 0 {
		turn, err = begin(ctx, tx, in.Place.With, m)
	}
	if err != nil {
		return Conversation{}, err
	}
	if turn.IsDeserted() {
		return Conversation{}, whyDeserted(ctx, tx, m)
	}
	m.take(turn, s.zone)
	if len(in.Files) > 0 {
		if m.Files, err = tx.FilesToSend(ctx, m.AuthorID, in.Files); err != nil {
			return Conversation{}, err
		}
	}
	m.ID, err = tx.InsertMessage(ctx, *m, in.digest())
	if errors.Is(err, ErrNotFound) {
		err = whyNot(ctx, tx, m)
	}
	if err == nil && len(in.Files) > 0 {
		err = takeFiles(ctx, tx, in.Files, *m)
	}
	return turn.Conversation, err
}

var errNoFile = invalidf("file", "A file is gone or was sent already. Choose it again.")

// takeFiles gives a message its files, all or none: what waited a moment ago may be in another message by now.
func takeFiles(ctx context.Context, tx Tx, files []int64, m Message) error {
	taken, err := tx.SendFiles(ctx, m.AuthorID, files, m.ID)
	if err == nil && (taken != len(files) || m.Files.Count() != len(files)) {
		err = errNoFile
	}
	return err
}

// begin makes the room of two people for their first message.
func begin(ctx context.Context, tx Tx, peer int64, m *Message) (Turn, error) {
	if who, err := tx.User(ctx, peer); err != nil || who.Deleted() {
		return Turn{}, cmp.Or(err, error(ErrNotFound))
	}
	if _, err := tx.EnsureDirect(ctx, min(m.AuthorID, peer), max(m.AuthorID, peer), m.PostedAt); err != nil {
		return Turn{}, err
	}
	return tx.NextTurn(ctx, m.AuthorID, Place{With: peer}, m.PostedAt)
}

// whyNot tells why a message was not inserted: it was before, or it is not its author's room.
func whyNot(ctx context.Context, tx Tx, m *Message) error {
	known, sent, err := tx.MessageByKey(ctx, m.AuthorID, m.Key)
	if err != nil {
		return err
	}
	return errKnown{known, sent}
}

// whyDeserted is whyNot where nobody would read a message, unless it was posted while somebody did.
func whyDeserted(ctx context.Context, tx Tx, m *Message) error {
	if err := whyNot(ctx, tx, m); !errors.Is(err, ErrNotFound) {
		return err
	}
	return errDeserted
}

// known answers a message whose key was used before: with the stored one, as it is now, where the same text and files were
// sent to the same room, otherwise with Conflict.
func (s *Service) known(ctx context.Context, by User, in NewMessage, known errKnown) (Posted, error) {
	c, err := s.Conversation(ctx, by, in.Place)
	if err != nil {
		return Posted{}, err
	}
	if known.Room != c.Room || known.sent != in.digest() {
		return Posted{}, errKeyTaken
	}
	return Posted{Message: known.Message, Conversation: c}, nil
}

// Digest tells two texts, with their files, under one key apart, by 64 bits of SHA-256 in hex.
func Digest(key, body string, files ...int64) string {
	text := key + "\x00" + body
	for _, f := range files {
		text += "\x00" + strconv.FormatInt(f, 10)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func (in NewMessage) digest() string { return Digest(in.Key, in.Body, in.Files...) }

// Conversation finds a conversation of by. A direct one that has not begun has Room 0. It answers NotFound for what is
// not by's and for people who do not exist.
func (s *Service) Conversation(ctx context.Context, by User, p Place) (Conversation, error) {
	if p.Room != 0 && p.With != 0 {
		return Conversation{}, errTwoPlaces
	}
	if p.Room != 0 {
		return s.store.ConversationIn(ctx, by.ID, p.Room)
	}
	c, err := s.store.ConversationWith(ctx, by.ID, p.With)
	if !errors.Is(err, ErrNotFound) {
		return c, err
	}
	peer, err := s.store.User(ctx, p.With)
	if err != nil || peer.Deleted() {
		return Conversation{}, cmp.Or(err, error(ErrNotFound))
	}
	return Conversation{Kind: Direct, Name: peer.Name, Me: by.ID, Peer: peer.ID, Avatar: peer.Avatar, Bot: peer.IsBot()}, nil
}

// MaxConversations bounds the list at the side: the unread come first, then the latest.
const MaxConversations = 100

// Conversations lists the conversations of by, unread first, then the latest; at most MaxConversations.
func (s *Service) Conversations(ctx context.Context, by User) ([]Conversation, error) {
	return s.store.Conversations(ctx, by.ID, 0, MaxConversations)
}

// AllConversations lists the conversations of by, by the ids of their rooms.
func (s *Service) AllConversations(ctx context.Context, by User) ([]Conversation, error) {
	return s.store.AllConversations(ctx, by.ID)
}

// ConversationsAfter is Conversations that goes on behind the room after, unless that is 0. All rooms stand before all direct
// conversations where they do not fit together. Next is the room to go on from, 0 at the end.
func (s *Service) ConversationsAfter(ctx context.Context, by User, after int64) (list []Conversation, next int64, err error) {
	list, err = s.store.Conversations(ctx, by.ID, after, MaxConversations+1)
	if err != nil || len(list) <= MaxConversations {
		return list, 0, err
	}
	last := lastInOrder(list)
	list = slices.Delete(list, last, last+1)
	return list, list[lastInOrder(list)].Room, nil
}

// lastInOrder finds the conversation that a limit would leave out first.
func lastInOrder(list []Conversation) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Kind == Direct {
			return i
		}
	}
	return len(list) - 1
}

// FindPeople lists people whose name contains query, whatever its case and accents, by name, after the person with the id
// after; more tells that others follow.
func (s *Service) FindPeople(ctx context.Context, query string, after int64, limit int) (people []Person, more bool, err error) {
	if err := checkQuery(query); err != nil {
		return nil, false, err
	}
	people, err = s.store.FindPeople(ctx, NameKey(query), after, limit+1)
	people, more = first(people, limit)
	return people, more, err
}

// History returns up to limit messages of c before a seq, or the newest where before is 0. Limit is brought to
// 1…MaxPageSize; 0 means PageSize. It answers NotFound where c.Me left the room since c was looked up: an empty page with
// the cursor of a full one would stay empty for whoever comes back in.
func (s *Service) History(ctx context.Context, c Conversation, before int64, limit int) (History, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	limit = pageSize(limit)
	messages, err := s.store.MessagesBefore(ctx, c.Me, c.Room, before, limit+1)
	if err == nil {
		err = s.stillIn(ctx, c, messages)
	}
	if err != nil || len(messages) <= limit {
		return History{Messages: messages}, err
	}
	return History{Messages: messages[1:], Older: true}, nil
}

// HistoryAfter returns up to limit messages of c after a seq, the oldest of them, as they are now. It answers like History.
func (s *Service) HistoryAfter(ctx context.Context, c Conversation, after int64, limit int) (History, error) {
	limit = pageSize(limit)
	messages, err := s.store.MessagesAfter(ctx, c.Me, c.Room, after, limit+1)
	if err == nil {
		err = s.stillIn(ctx, c, messages)
	}
	if err != nil || len(messages) <= limit {
		return History{Messages: messages}, err
	}
	return History{Messages: messages[:limit], Newer: true}, nil
}

var errBeginAgain = &Error{Code: Conflict, Field: "changed_after", Format: "This number is of no use any more. Begin again from 0."}

// HistoryChanged returns up to limit messages of c, new ones too, that changed after a number, in the order of their changes,
// as they are now. It answers like History, and Conflict where other lines show another name than at that number, because
// somebody deleted their account since, and where the room has not come so far. Whoever knows nothing, 0, is told no Conflict.
// Who goes on page by page names as asOf the room's last number at the first of them: nothing was known from before that.
func (s *Service) HistoryChanged(ctx context.Context, c Conversation, after, asOf int64, limit int) (History, error) {
	limit = pageSize(limit)
	messages, err := s.store.MessagesChanged(ctx, c.Me, c.Room, after, limit+1)
	if err == nil {
		err = s.stillIn(ctx, c, messages)
	}
	if known := max(after, asOf); err == nil && known > 0 {
		err = s.stillUseful(ctx, c, known)
	}
	if err != nil || len(messages) <= limit {
		return History{Messages: messages}, err
	}
	return History{Messages: messages[:limit], Newer: true}, nil
}

// stillUseful tells whether who knew c as of a number can be told what changed since.
func (s *Service) stillUseful(ctx context.Context, c Conversation, after int64) error {
	upset, err := s.store.DepartedForGood(ctx, c.Room, after)
	if err == nil && (upset || after > c.LastSeq) {
		err = errBeginAgain
	}
	return err
}

func pageSize(limit int) int {
	if limit == 0 {
		return PageSize
	}
	return max(1, min(limit, MaxPageSize))
}

// stillIn tells an empty room from one that c.Me has left.
func (s *Service) stillIn(ctx context.Context, c Conversation, messages []Message) (err error) {
	if len(messages) == 0 && c.Kind == Channel {
		_, err = s.store.ConversationIn(ctx, c.Me, c.Room)
	}
	return err
}

// Message returns one message of a conversation of by, or ErrNotFound.
func (s *Service) Message(ctx context.Context, by User, id int64) (Message, error) {
	return s.store.Message(ctx, by.ID, id)
}

// MarkRead records that by has seen the messages of a conversation up to seq. A mark never moves back and never goes
// beyond what exists.
func (s *Service) MarkRead(ctx context.Context, by User, p Place, seq int64) error {
	c, err := s.Conversation(ctx, by, p)
	if err != nil {
		return err
	}
	if seq = min(seq, c.LastSeq); seq <= c.ReadSeq {
		return nil
	}
	moved := false
	err = s.store.InTx(ctx, func(tx Tx) error {
		moved, err = tx.SetRead(ctx, c.Room, by.ID, seq)
		return err
	})
	if moved && err == nil {
		s.events.Publish(ReadMarked{User: by.ID, Room: c.Room})
	}
	return err
}

// Changes reads what happened in c after the cursor. It is Partial when the cursor is beyond the room's last number or
// more than ReplayLimit messages behind: then only fetching the page again helps. See StillTheirs.
func (s *Service) Changes(ctx context.Context, c Conversation, cursor int64) (Changes, error) {
	if c.Room == 0 {
		return Changes{Partial: cursor > 0}, nil
	}
	changes, err := s.store.Changes(ctx, c.Room, cursor, ReplayLimit)
	changes.Partial = changes.Partial || cursor > changes.LastSeq
	if err == nil {
		err = s.StillTheirs(ctx, c, cursor, changes)
	}
	return changes, err
}

// StillTheirs answers NotFound when c.Me, who was in the room when c was read, left it before the changes after the cursor
// were, and did not come back. Whoever left stands in the changes, unless the cursor is from after c.
func (s *Service) StillTheirs(ctx context.Context, c Conversation, cursor int64, changes Changes) error {
	left := func(d Departure) bool { return d.User == c.Me }
	if c.Kind == Direct || cursor <= c.LastSeq && !slices.ContainsFunc(changes.Left, left) {
		return nil
	}
	_, err := s.store.ConversationIn(ctx, c.Me, c.Room)
	return err
}

// clip cuts s to at most n bytes of valid text.
func clip(s string, n int) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), n)], ""), "\x00", "")
}
