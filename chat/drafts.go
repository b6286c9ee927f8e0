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
	// PostedKeys returns the keys of the messages that a user has posted in a room after a seq.
	PostedKeys(ctx context.Context, user, room, after int64) ([]string, error)
}

// DraftWriter stores drafts.
type DraftWriter interface {
	// SaveDraft stores a draft and replaces the previous one in the same conversation.
	SaveDraft(ctx context.Context, user int64, ref ConversationRef, d Draft) error
	// DeleteDraft deletes the draft in a conversation if it has this message key. It returns false if there is no such
	// draft.
	DeleteDraft(ctx context.Context, user int64, ref ConversationRef, key string) (bool, error)
}

// Draft is an unsent text of a user in a conversation. Key is the idempotency key with which the message will be
// posted.
type Draft struct {
	Key       string    `db:"key"`
	Body      string    `db:"body"`
	UpdatedAt Timestamp `db:"updated_at"`
}

// DraftUpdate is the current text of a composer. Base is the draft's text that the composer started from or saved last,
// so it shows which text the composer knows. Key is the idempotency key with which the message will be posted, and may
// be empty. With KeepUnseen, a stored draft whose text differs from Base is not overwritten. With Rekey, the draft gets
// another key if a different message was already posted with Key; see nextKey.
type DraftUpdate struct {
	Conversation      ConversationRef
	Body, Base, Key   string
	KeepUnseen, Rekey bool
}

// Draft returns the viewer's draft in a conversation. It returns the zero Draft if there is no draft.
func (s *Service) Draft(ctx context.Context, c Conversation) (Draft, error) {
	d, err := s.store.Draft(ctx, c.Viewer, c.Ref())
	if errors.Is(err, ErrNotFound) {
		return Draft{}, nil
	}
	return d, err
}

// PostedKeys returns the keys of the messages that the viewer has posted in a conversation after a seq. One of them may
// be the key of a draft that a page still shows, which was not connected when the message was posted. It returns none
// if more than ReplayLimit changes came after the seq, because such a page is loaded again.
func (s *Service) PostedKeys(ctx context.Context, c Conversation, after int64) ([]string, error) {
	if c.LastSeq-after > ReplayLimit {
		return nil, nil
	}
	return s.store.PostedKeys(ctx, c.Viewer, c.Room, after)
}

// SaveDraft stores the text of a composer as a draft and announces that the acting user is typing. If the text is
// empty, it deletes the draft. If it overwrites a draft that the same user saved in another composer, it returns the
// text of that draft, so that nothing is lost; with in.KeepUnseen it saves nothing then. A draft whose message has
// already been posted is ignored. It returns Invalid for a text that could not be posted, ErrNotFound if the user has
// no such conversation, Forbidden if the other user deleted their account, and Conflict if the key belongs to another
// message, unless in.Rekey is set.
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
	old, err := s.saveDraftOnce(ctx, c, in)
	for n := 0; in.Rekey && errors.Is(err, errKeyConflict) && n < maxRekeys; n++ {
		in.Key = nextKey(in.Key)
		old, err = s.saveDraftOnce(ctx, c, in)
	}
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

// saveDraftOnce saves a draft under its key and returns the previous draft.
func (s *Service) saveDraftOnce(ctx context.Context, c Conversation, in DraftUpdate) (old Draft, err error) {
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		old, err = s.saveDraftTx(ctx, tx, c, in)
		return err
	})
	return old, err
}

// draftGrace is how long SaveDraft ignores late drafts of a posted message without comparing texts, if the draft
// contains a colon. A shortcode such as :smile: became an emoji in the message, so the draft's text differs from the
// message's.
const draftGrace = Timestamp(10 * time.Second / time.Microsecond)

// saveDraftTx stores or deletes a draft and returns the previous draft. An empty text deletes a draft only if the
// composer knows its text (in.Base). If the message with this key has already been posted, saveDraftTx returns
// errAlreadyPosted if the text is an earlier version of the message's text, and Conflict for any other text.
func (s *Service) saveDraftTx(ctx context.Context, tx Tx, c Conversation, in DraftUpdate) (old Draft, err error) {
	posted, sent, err := tx.MessageByKey(ctx, c.Viewer, in.Key)
	if err == nil {
		body, _ := cleanOptionalBody(in.Body)
		mayBeShortcode := strings.Contains(body, ":") && s.now()-posted.PostedAt < draftGrace
		if mayBeShortcode || strings.HasPrefix(posted.Body, body) {
			return Draft{}, errAlreadyPosted{posted, sent}
		}
		return Draft{}, errKeyConflict
	}
	if !errors.Is(err, ErrNotFound) {
		return Draft{}, err
	}
	if old, err = tx.Draft(ctx, c.Viewer, c.Ref()); err != nil && !errors.Is(err, ErrNotFound) {
		return Draft{}, err
	}
	if in.KeepUnseen && in.replacedText(old) != "" {
		return old, nil
	}
	if in.hasText() {
		return old, tx.SaveDraft(ctx, c.Viewer, c.Ref(), Draft{Key: in.Key, Body: in.Body, UpdatedAt: s.now()})
	}
	if old.Body == in.Base {
		_, err = tx.DeleteDraft(ctx, c.Viewer, c.Ref(), old.Key)
		return old, err
	}
	return Draft{}, nil // keep the draft of the other composer
}

func (in DraftUpdate) hasText() bool { return strings.TrimSpace(in.Body) != "" }

// replacedText returns the text of the previous draft if the update overwrites a text that its composer has not seen.
// It returns an empty string if nothing is lost, because the new text starts with the previous one.
func (in DraftUpdate) replacedText(old Draft) string {
	if !in.hasText() || old.Body == in.Base || strings.HasPrefix(in.Body, old.Body) {
		return ""
	}
	return old.Body
}
