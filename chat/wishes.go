package chat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"slices"
)

// Reach says which roads to people who are away the operator has opened.
type Reach struct{ Mail, Push bool }

// Open opens roads. It is for the start, before anybody asks.
func (s *Service) Open(r Reach) { s.reach = r }

// Reach returns the roads that are open.
func (s *Service) Reach() Reach { return s.reach }

// Wishes are how a person wants to be reached when they are away, and what is needed for it.
type Wishes struct {
	Mail        string `db:"mail"`       // one of mailWishes
	PushTopic   string `db:"push_topic"` // empty: no pushes
	PushRooms   bool   `db:"push_rooms"` // rooms too, not only people
	PushText    bool   `db:"push_text"`  // with what was written
	Spoken      string `db:"spoken"`     // the language of their browser, for where they chose none
	ConfirmedAt Micros `db:"confirmed_at"`
}

// mailWishes are when unread messages are told by mail: never, after five minutes, after an hour, or each morning.
var mailWishes = []string{"off", "soon", "hour", "day"}

var topics = regexp.MustCompile(`^[-_A-Za-z0-9]{0,64}$`) // those of ntfy

// Wishes returns how by wants to be reached.
func (s *Service) Wishes(ctx context.Context, by User) (Wishes, error) {
	return s.store.Wishes(ctx, by.ID)
}

// SaveMailWish keeps when by is told by mail of what is unread, in the language of lang. It answers Invalid for what is none of
// mailWishes, and Forbidden to a bot.
func (s *Service) SaveMailWish(ctx context.Context, by User, wish, lang string) error {
	if by.IsBot() {
		return errOnlyPeople
	}
	if !slices.Contains(mailWishes, wish) {
		return invalidf("mail", "There is no such choice.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetMailWish(ctx, by.ID, wish, lang) })
}

// SavePushWishes keeps where pushes to by go; an empty topic ends them. It answers Invalid for what is no topic, and
// Forbidden to a bot: pushes would go on to whoever had its token, and its owner sees no page that tells where.
func (s *Service) SavePushWishes(ctx context.Context, by User, w Wishes) error {
	if by.IsBot() {
		return errOnlyPeople
	}
	if !topics.MatchString(w.PushTopic) {
		return invalidf("topic", "A topic has up to 64 letters without accents, digits, - and _.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetPushWishes(ctx, by.ID, w) })
}

// TestPush sends a push to by. It answers Invalid without a topic.
func (s *Service) TestPush(ctx context.Context, by User) error {
	w, err := s.store.Wishes(ctx, by.ID)
	if err != nil {
		return err
	}
	if w.PushTopic == "" {
		return invalidf("topic", "Save a topic first.")
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.tell(ctx, tx, Notice{Road: ByPush, Kind: NoticeTest, User: by.ID})
	})
}

// unsubscribing names the secret that signs the links in letters that end them.
const unsubscribing = "unsubscribe"

// unsubscribeToken is what the link in a letter says that ends such letters. It never expires, as the letter does not.
func (s *Service) unsubscribeToken(ctx context.Context, user int64) (string, error) {
	secret, err := s.Secret(ctx, unsubscribing)
	if err != nil {
		return "", err
	}
	id := binary.BigEndian.AppendUint64(nil, uint64(user))
	mac := hmac.New(sha256.New, secret)
	mac.Write(id)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(id)), nil
}

// Unsubscriber tells whose token it is, or ErrNotFound.
func (s *Service) Unsubscriber(ctx context.Context, token string) (User, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 8+sha256.Size {
		return User{}, ErrNotFound
	}
	id := int64(binary.BigEndian.Uint64(raw))
	good, err := s.unsubscribeToken(ctx, id)
	if err != nil {
		return User{}, err
	}
	if !hmac.Equal([]byte(good), []byte(token)) {
		return User{}, ErrNotFound
	}
	return s.store.User(ctx, id)
}

// Unsubscribe ends the letters to the person of a token about what is unread.
func (s *Service) Unsubscribe(ctx context.Context, token string) error {
	user, err := s.Unsubscriber(ctx, token)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetMailWish(ctx, user.ID, "off", "") })
}
