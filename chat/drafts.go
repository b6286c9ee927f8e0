package chat

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
)

// DraftReader reads drafts.
type DraftReader interface {
	// Draft returns the draft of a user in a conversation.
	Draft(ctx context.Context, user int64, ref ConversationRef) (Draft, error)
	// DraftedConversations lists the conversations in which a user has a draft.
	DraftedConversations(ctx context.Context, user int64, limit int) ([]ConversationRef, error)
}

// DraftWriter stores drafts.
type DraftWriter interface {
	// SaveDraft stores a draft and replaces the previous one in the same conversation.
	SaveDraft(ctx context.Context, user int64, ref ConversationRef, d Draft) error
	// DeleteDraft deletes the draft with this message key. It returns false if there is none.
	DeleteDraft(ctx context.Context, user int64, ref ConversationRef, key string) (bool, error)
}

// HasDraft is a text that a person has begun to write in a conversation. Key names the message that it will be.
type Draft struct {
	Key       string    `db:"key"`
	Body      string    `db:"body"`
	UpdatedAt Timestamp `db:"updated_at"`
}

// DraftUpdate is what stands in somebody's box. Base is the draft that the box began with, or that was kept from it last.
// Key may be empty.
type DraftUpdate struct {
	Conversation    ConversationRef
	Body, Base, Key string
}

// HasDraft returns what c.Me has begun to write in a conversation; the zero Draft is nothing.
func (s *Service) Draft(ctx context.Context, c Conversation) (Draft, error) {
	d, err := s.store.Draft(ctx, c.Viewer, c.Ref())
	if errors.Is(err, ErrNotFound) {
		return Draft{}, nil
	}
	return d, err
}

// DraftedConversations lists where by is talking or has begun to write.
func (s *Service) DraftedConversations(ctx context.Context, by User) ([]ConversationRef, error) {
	places, err := s.store.DraftedConversations(ctx, by.ID, MaxConversations)
	if err != nil {
		return nil, err
	}
	conversations, err := s.Conversations(ctx, by)
	for _, c := range conversations {
		places = append(places, c.Ref())
	}
	return places, err
}

// SaveDraft keeps the text in a box as a draft, none for an empty box, and tells the others that by is writing. It hands back
// what another box of the same person had kept and this one has replaced unseen. What comes after its message was posted
// changes nothing. It answers Invalid for what could not be a message, NotFound for a place that is not by's,
// Forbidden where the other person deleted their account, and Conflict when the key belongs to another message.
func (s *Service) SaveDraft(ctx context.Context, by User, in DraftUpdate) (replaced string, err error) {
	in.Body, in.Base = normalizeNewlines(in.Body), normalizeNewlines(in.Base)
	if err := checkBody(in.Body); err != nil {
		return "", err
	}
	if in.Key == "" {
		in.Key = rand.Text()
	} else if err := checkKey(in.Key); err != nil {
		return "", err
	}
	c, err := s.Conversation(ctx, by, in.Conversation)
	if err != nil {
		return "", err
	}
	if c.PeerDeleted() {
		return "", errPeerDeleted
	}
	var old Draft
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		old, err = s.saveDraftTx(ctx, tx, c, in)
		return err
	})
	if _, posted := errors.AsType[errAlreadyPosted](err); posted {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if in.hasText() {
		s.events.Publish(UserTyping{StreamKey: c.StreamKey(), User: by.Summary()})
	}
	if in.hasText() != (old.Body != "") {
		s.events.Publish(DraftChanged{User: by.ID})
	}
	return in.replacedText(old), nil
}

// draftGrace is how long after a message what led to it may still come. A text with a shortcode need not be the beginning of
// what was stored: there it became an emoji.
const draftGrace = Timestamp(10 * time.Second / time.Microsecond)

// saveDraftTx returns the draft before. An empty box takes away only what it knew. Once the message is posted, what led to
// it comes too late, and anything else needs another key.
func (s *Service) saveDraftTx(ctx context.Context, tx Tx, c Conversation, in DraftUpdate) (old Draft, err error) {
	if posted, sent, err := tx.MessageByKey(ctx, c.Viewer, in.Key); err == nil {
		body, _ := cleanBody(in.Body)
		perhaps := strings.Contains(body, ":") && s.now()-posted.PostedAt < draftGrace
		if perhaps || strings.HasPrefix(posted.Body, body) {
			return old, errAlreadyPosted{posted, sent}
		}
		return old, errKeyConflict
	} else if !errors.Is(err, ErrNotFound) {
		return old, err
	}
	if old, err = tx.Draft(ctx, c.Viewer, c.Ref()); err != nil && !errors.Is(err, ErrNotFound) {
		return old, err
	}
	if in.hasText() {
		return old, tx.SaveDraft(ctx, c.Viewer, c.Ref(), Draft{Key: in.Key, Body: in.Body, UpdatedAt: s.now()})
	}
	if old.Body == in.Base {
		_, err = tx.DeleteDraft(ctx, c.Viewer, c.Ref(), old.Key)
		return old, err
	}
	return Draft{}, nil // nothing changed
}

func (in DraftUpdate) hasText() bool { return strings.TrimSpace(in.Body) != "" }

// replacedText is the text of a draft that is lost by writing this one, or nothing where it lives on in it.
func (in DraftUpdate) replacedText(old Draft) string {
	if !in.hasText() || old.Body == in.Base || strings.HasPrefix(in.Body, old.Body) {
		return ""
	}
	return old.Body
}
