package chat

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
)

// Draft is a text that a person has begun to write in a conversation. Key names the message that it will be.
type Draft struct {
	Key       string `db:"key"`
	Body      string `db:"body"`
	UpdatedAt Micros `db:"updated_at"`
}

// Writing is what stands in somebody's box. Base is the draft that the box began with, or that was kept from it last.
// Key may be empty.
type Writing struct {
	Place           Place
	Body, Base, Key string
}

// Draft returns what c.Me has begun to write in a conversation; the zero Draft is nothing.
func (s *Service) Draft(ctx context.Context, c Conversation) (Draft, error) {
	d, err := s.store.Draft(ctx, c.Me, c.Place())
	if errors.Is(err, ErrNotFound) {
		return Draft{}, nil
	}
	return d, err
}

// PlacesOf lists where by is talking or has begun to write.
func (s *Service) PlacesOf(ctx context.Context, by User) ([]Place, error) {
	places, err := s.store.DraftPlaces(ctx, by.ID, MaxConversations)
	if err != nil {
		return nil, err
	}
	conversations, err := s.Conversations(ctx, by)
	for _, c := range conversations {
		places = append(places, c.Place())
	}
	return places, err
}

// Write keeps the text in a box as a draft, none for an empty box, and tells the others that by is writing. It hands back
// what another box of the same person had kept and this one has replaced unseen. What comes after its message was posted
// changes nothing. It answers Invalid for what could not be a message, NotFound for a place that is not by's,
// Forbidden where the other person deleted their account, and Conflict when the key belongs to another message.
func (s *Service) Write(ctx context.Context, by User, in Writing) (replaced string, err error) {
	in.Body, in.Base = lines(in.Body), lines(in.Base)
	if err := checkSize(in.Body); err != nil {
		return "", err
	}
	if in.Key == "" {
		in.Key = rand.Text()
	} else if err := checkKey(in.Key); err != nil {
		return "", err
	}
	c, err := s.Conversation(ctx, by, in.Place)
	if err != nil {
		return "", err
	}
	if c.IsDeserted() {
		return "", errDeserted
	}
	var old Draft
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		old, err = s.keepDraft(ctx, tx, c, in)
		return err
	})
	if _, posted := errors.AsType[errKnown](err); posted {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if in.isText() {
		s.events.Publish(Typed{Topic: c.Topic(), Person: by.Person()})
	}
	if in.isText() != (old.Body != "") {
		s.events.Publish(DraftChanged{User: by.ID})
	}
	return in.replaces(old), nil
}

// lateTyping is how long after a message what led to it may still come. A text with a shortcode need not be the beginning of
// what was stored: there it became an emoji.
const lateTyping = Micros(10 * time.Second / time.Microsecond)

// keepDraft returns the draft before. An empty box takes away only what it knew. Once the message is posted, what led to
// it comes too late, and anything else needs another key.
func (s *Service) keepDraft(ctx context.Context, tx Tx, c Conversation, in Writing) (old Draft, err error) {
	if posted, sent, err := tx.MessageByKey(ctx, c.Me, in.Key); err == nil {
		body, _ := cleanBody(in.Body)
		perhaps := strings.Contains(body, ":") && s.micros()-posted.PostedAt < lateTyping
		if perhaps || strings.HasPrefix(posted.Body, body) {
			return old, errKnown{posted, sent}
		}
		return old, errKeyTaken
	} else if !errors.Is(err, ErrNotFound) {
		return old, err
	}
	if old, err = tx.Draft(ctx, c.Me, c.Place()); err != nil && !errors.Is(err, ErrNotFound) {
		return old, err
	}
	if in.isText() {
		return old, tx.SaveDraft(ctx, c.Me, c.Place(), Draft{Key: in.Key, Body: in.Body, UpdatedAt: s.micros()})
	}
	if old.Body == in.Base {
		_, err = tx.DeleteDraft(ctx, c.Me, c.Place(), old.Key)
		return old, err
	}
	return Draft{}, nil // nothing changed
}

func (in Writing) isText() bool { return strings.TrimSpace(in.Body) != "" }

// replaces is the text of a draft that is lost by writing this one, or nothing where it lives on in it.
func (in Writing) replaces(old Draft) string {
	if !in.isText() || old.Body == in.Base || strings.HasPrefix(in.Body, old.Body) {
		return ""
	}
	return old.Body
}
