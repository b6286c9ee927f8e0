package chat

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
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
}

// errKnown rolls back a transaction that found its message posted before.
var errKnown = errors.New("posted before")

// errKeyTaken is the answer to a key that names another message.
var errKeyTaken = &Error{Code: Conflict, Field: "key", Format: "Another message was sent from here before. Your text is kept: send it again."}

// Posted is a stored message and where it stands. Created is false when the same key brought the same message before.
type Posted struct {
	Message      Message
	Conversation Conversation
	Created      bool
}

// PostMessage stores a message by its author and announces it. It answers Invalid for bad text or key, NotFound for a
// place that is not by's, and Conflict when the key belongs to another message.
func (s *Service) PostMessage(ctx context.Context, by User, in NewMessage) (Posted, error) {
	body, err := cleanBody(in.Body)
	if err != nil {
		return Posted{}, err
	}
	if in.Key == "" {
		in.Key = rand.Text()
	} else if err := checkKey(in.Key); err != nil {
		return Posted{}, err
	}
	c, err := s.Conversation(ctx, by, in.Place)
	if err != nil {
		return Posted{}, err
	}
	m := Message{AuthorID: by.ID, AuthorName: by.Name, Key: in.Key, Body: body, HTML: renderHTML(body), PostedAt: s.micros()}
	drafted := false
	post := func(tx Tx) (err error) {
		if err = s.insert(ctx, tx, c, &m); err == nil {
			drafted, err = tx.DeleteDraft(ctx, by.ID, c.Place(), m.Key)
		}
		return err
	}
	if err = s.store.InTx(ctx, post); errors.Is(err, ErrDuplicate) {
		err = s.store.InTx(ctx, post) // the key was just used in another room: now it is found
	}
	if errors.Is(err, errKnown) {
		return s.known(ctx, by, in.Place, m, body)
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

// insert takes the room's next number, which locks the room, before it looks at the key and at the message before:
// whatever it finds then cannot change until the commit.
func (s *Service) insert(ctx context.Context, tx Tx, c Conversation, m *Message) (err error) {
	m.Room = c.Room
	if c.Kind == Direct && m.Room == 0 {
		if m.Room, err = tx.EnsureDirect(ctx, min(c.Me, c.Peer), max(c.Me, c.Peer), m.PostedAt); err != nil {
			return err
		}
	}
	if m.Seq, err = tx.NextSeq(ctx, m.Room); err != nil {
		return err
	}
	if known, err := tx.MessageByKey(ctx, m.AuthorID, m.Key); err == nil {
		*m = known
		return errKnown
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	if _, err = tx.ConversationIn(ctx, m.AuthorID, m.Room); err != nil {
		return err
	}
	previous, err := tx.MessagesBefore(ctx, m.AuthorID, m.Room, m.Seq, 1)
	if err != nil {
		return err
	}
	if len(previous) == 0 {
		previous = []Message{{}}
	}
	m.PostedAt = max(m.PostedAt, previous[0].PostedAt) // who waited for the lock longer is not earlier
	m.place(previous[0], s.zone)
	m.ChangedSeq = m.Seq
	m.ID, err = tx.InsertMessage(ctx, *m)
	return err
}

// known answers a message whose key was used before: with the stored one where it is the same text in the same room,
// which may have begun since the sender's conversation was looked up, otherwise with Conflict.
func (s *Service) known(ctx context.Context, by User, p Place, m Message, body string) (Posted, error) {
	c, err := s.Conversation(ctx, by, p)
	if err != nil {
		return Posted{}, err
	}
	if m.Body != body || m.Room != c.Room {
		return Posted{}, errKeyTaken
	}
	return Posted{Message: m, Conversation: c}, nil
}

// Conversation finds a conversation of by. A direct one that has not begun has Room 0. It answers NotFound for what is
// not by's and for people who do not exist.
func (s *Service) Conversation(ctx context.Context, by User, p Place) (Conversation, error) {
	if p.Room != 0 && p.With != 0 {
		return Conversation{}, invalidf("with", "Name a person or a room, not both.")
	}
	if p.Room != 0 {
		return s.store.ConversationIn(ctx, by.ID, p.Room)
	}
	c, err := s.store.ConversationWith(ctx, by.ID, p.With)
	if !errors.Is(err, ErrNotFound) {
		return c, err
	}
	peer, err := s.store.User(ctx, p.With)
	if err != nil {
		return Conversation{}, err
	}
	return Conversation{Kind: Direct, Name: peer.Name, Me: by.ID, Peer: peer.ID}, nil
}

// maxConversations bounds the list at the side: the unread come first, then the latest.
const maxConversations = 100

// Conversations lists the conversations of by, unread first, then the latest; at most 100.
func (s *Service) Conversations(ctx context.Context, by User) ([]Conversation, error) {
	return s.store.Conversations(ctx, by.ID, maxConversations)
}

// FindPeople lists people whose name contains query, whatever its case and accents, by name.
func (s *Service) FindPeople(ctx context.Context, query string, limit int) ([]Person, error) {
	if err := checkQuery(query); err != nil {
		return nil, err
	}
	return s.store.FindPeople(ctx, NameKey(query), limit)
}

// History returns up to limit messages of c before a seq, or the newest where before is 0. Limit is brought to
// 1…MaxPageSize; 0 means PageSize.
func (s *Service) History(ctx context.Context, c Conversation, before int64, limit int) (History, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	if limit == 0 {
		limit = PageSize
	}
	limit = max(1, min(limit, MaxPageSize))
	messages, err := s.store.MessagesBefore(ctx, c.Me, c.Room, before, limit+1)
	if err != nil || len(messages) <= limit {
		return History{Messages: messages}, err
	}
	return History{Messages: messages[1:], Older: true}, nil
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
// more than ReplayLimit messages behind: then only fetching the page again helps. That c.Me is in the room is looked at
// after the reading, so that whatever was read is theirs; otherwise the answer is NotFound.
func (s *Service) Changes(ctx context.Context, c Conversation, cursor int64) (Changes, error) {
	if c.Room == 0 {
		return Changes{Partial: cursor > 0}, nil
	}
	changes, err := s.store.Changes(ctx, c.Room, cursor, ReplayLimit)
	changes.Partial = changes.Partial || cursor > changes.LastSeq
	if err == nil && c.Kind == Channel {
		_, err = s.store.ConversationIn(ctx, c.Me, c.Room)
	}
	if err != nil {
		return Changes{}, err
	}
	return changes, nil
}

// clip cuts s to at most n bytes of valid text.
func clip(s string, n int) string {
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}
