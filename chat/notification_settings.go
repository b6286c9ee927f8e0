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

// NotificationSettingsReader reads notification settings.
type NotificationSettingsReader interface {
	// NotificationSettings returns the notification settings of a user.
	NotificationSettings(ctx context.Context, user int64) (NotificationSettings, error)
}

// NotificationSettingsWriter stores notification settings.
type NotificationSettingsWriter interface {
	// SetDigestSetting stores when a user gets e-mails about unread messages. It stores the language of the user's
	// browser too, unless that is empty.
	SetDigestSetting(ctx context.Context, user int64, digest, browserLocale string) error
	// SetPushSettings stores the ntfy topic of a user and what is pushed to it.
	SetPushSettings(ctx context.Context, user int64, settings NotificationSettings) error
}

// Media says which roads to people who are away the operator has opened.
type Media struct{ Email, Push bool }

// Media returns the roads that are open.
func (s *Service) Media() Media { return s.media }

// NotificationSettings are how a person wants to be reached when they are away, and what is needed for it.
type NotificationSettings struct {
	EmailDigest      string    `db:"mail"`       // one of digestChoices
	NtfyTopic        string    `db:"push_topic"` // empty: no pushes
	PushRooms        bool      `db:"push_rooms"` // rooms too, not only people
	IncludeText      bool      `db:"push_text"`  // with what was written
	BrowserLocale    string    `db:"spoken"`     // the language of their browser, for where they chose none
	EmailConfirmedAt Timestamp `db:"confirmed_at"`
}

// digestChoices are when unread messages are told by mail: never, after five minutes, after an hour, or each morning.
var digestChoices = []string{"off", "soon", "hour", "day"}

var ntfyTopic = regexp.MustCompile(`^[-_A-Za-z0-9]{0,64}$`) // those of ntfy

// NotificationSettings returns how by wants to be reached.
func (s *Service) NotificationSettings(ctx context.Context, by User) (NotificationSettings, error) {
	return s.store.NotificationSettings(ctx, by.ID)
}

// SaveDigestSetting keeps when by is told by mail of what is unread, in the language of lang. It answers Invalid for what is none of
// digestChoices, and Forbidden to a bot.
func (s *Service) SaveDigestSetting(ctx context.Context, by User, wish, lang string) error {
	if by.IsBot() {
		return errNotForBots
	}
	if !slices.Contains(digestChoices, wish) {
		return invalidf("mail", "There is no such choice.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetDigestSetting(ctx, by.ID, wish, lang) })
}

// SavePushSettings keeps where pushes to by go; an empty topic ends them. It answers Invalid for what is no topic, and
// Forbidden to a bot: pushes would go on to whoever had its token, and its owner sees no page that tells where.
func (s *Service) SavePushSettings(ctx context.Context, by User, w NotificationSettings) error {
	if by.IsBot() {
		return errNotForBots
	}
	if !ntfyTopic.MatchString(w.NtfyTopic) {
		return invalidf("topic", "A topic has up to 64 letters without accents, digits, - and _.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetPushSettings(ctx, by.ID, w) })
}

// SendTestPush sends a push to by. It answers Invalid without a topic.
func (s *Service) SendTestPush(ctx context.Context, by User) error {
	w, err := s.store.NotificationSettings(ctx, by.ID)
	if err != nil {
		return err
	}
	if w.NtfyTopic == "" {
		return invalidf("topic", "Save a topic first.")
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.enqueue(ctx, tx, Notification{Medium: MediumPush, Kind: NotifyTestPush, User: by.ID})
	})
}

// unsubscribeSecret names the secret that signs the links in letters that end them.
const unsubscribeSecret = "unsubscribe"

// UnsubscribeToken returns the token of the link in a digest that switches digests off. It never expires, because the
// e-mail does not either.
func (s *Service) UnsubscribeToken(ctx context.Context, user int64) (string, error) {
	secret, err := s.Secret(ctx, unsubscribeSecret)
	if err != nil {
		return "", err
	}
	id := binary.BigEndian.AppendUint64(nil, uint64(user))
	mac := hmac.New(sha256.New, secret)
	mac.Write(id)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(id)), nil
}

// UserByUnsubscribeToken tells whose token it is, or ErrNotFound.
func (s *Service) UserByUnsubscribeToken(ctx context.Context, token string) (User, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 8+sha256.Size {
		return User{}, ErrNotFound
	}
	id := int64(binary.BigEndian.Uint64(raw))
	good, err := s.UnsubscribeToken(ctx, id)
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
	user, err := s.UserByUnsubscribeToken(ctx, token)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetDigestSetting(ctx, user.ID, "off", "") })
}
