package chat

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
)

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
