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
	// SetDigestSetting stores when a user gets e-mails about unread messages. It also stores the language of the user's
	// browser, unless that is empty.
	SetDigestSetting(ctx context.Context, user int64, digest, browserLocale string) error
	// SetPushSettings stores the ntfy topic of a user and what is pushed to it.
	SetPushSettings(ctx context.Context, user int64, settings NotificationSettings) error
}

// Media says whether this server can send e-mails and pushes.
type Media struct{ Email, Push bool }

// Media returns whether this server can send e-mails and pushes.
func (s *Service) Media() Media { return s.media }

// NotificationSettings are a user's choices of how they are notified while they are away.
type NotificationSettings struct {
	EmailDigest      string    `db:"email_digest"`       // when unread messages cause an e-mail: one of digestChoices
	NtfyTopic        string    `db:"ntfy_topic"`         // where pushes go; empty for no pushes
	PushRooms        bool      `db:"push_rooms"`         // push all messages of rooms for which no level was chosen
	IncludeText      bool      `db:"push_include_text"`  // pushes quote the message
	BrowserLocale    string    `db:"browser_locale"`     // the language of notifications if the user has not chosen one
	EmailConfirmedAt Timestamp `db:"email_confirmed_at"` // zero if the address is not confirmed
}

// digestChoices are the times at which a user can get an e-mail about unread messages: never, after five minutes, after
// an hour, or each morning.
var digestChoices = []string{"off", "soon", "hour", "day"}

var ntfyTopic = regexp.MustCompile(`^[-_A-Za-z0-9]{0,64}$`) // the topics that ntfy allows, or none

// NotificationSettings returns the notification settings of the acting user.
func (s *Service) NotificationSettings(ctx context.Context, by User) (NotificationSettings, error) {
	return s.store.NotificationSettings(ctx, by.ID)
}

// SaveDigestSetting stores when the acting user gets e-mails about unread messages, and the language of their browser.
// It returns Invalid for a value that is not one of digestChoices, and Forbidden for a bot.
func (s *Service) SaveDigestSetting(ctx context.Context, by User, digest, browserLocale string) error {
	if by.IsBot() {
		return errNotForBots
	}
	if !slices.Contains(digestChoices, digest) {
		return invalidf("mail", "The value must be off, soon, hour or day.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetDigestSetting(ctx, by.ID, digest, browserLocale) })
}

// SavePushSettings stores the push settings of the acting user. An empty topic turns pushes off. It returns Invalid for
// a topic that ntfy does not allow. It returns Forbidden for a bot: a person who knew the bot's token once would go on
// getting its pushes, and no page shows the topic to the bot's owner.
func (s *Service) SavePushSettings(ctx context.Context, by User, settings NotificationSettings) error {
	if by.IsBot() {
		return errNotForBots
	}
	if !ntfyTopic.MatchString(settings.NtfyTopic) {
		return invalidf("topic", "A topic can have up to 64 unaccented letters, digits, hyphens and underscores.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetPushSettings(ctx, by.ID, settings) })
}

// SendTestPush sends a push to the acting user, so that they can see whether their settings work. It returns Invalid if
// they have no topic.
func (s *Service) SendTestPush(ctx context.Context, by User) error {
	settings, err := s.store.NotificationSettings(ctx, by.ID)
	if err != nil {
		return err
	}
	if settings.NtfyTopic == "" {
		return invalidf("topic", "Save an ntfy topic first.")
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.enqueue(ctx, tx, Notification{Medium: MediumPush, Kind: NotifyTestPush, User: by.ID})
	})
}

// unsubscribeSecret is the name of the secret that signs the unsubscribe links in digests.
const unsubscribeSecret = "unsubscribe"

// UnsubscribeToken returns the token of the link in a digest that turns digests off. The token never expires, because
// people may open the e-mail at any time.
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

// UserByUnsubscribeToken returns the user to whom an unsubscribe token was sent, or ErrNotFound for an invalid token.
func (s *Service) UserByUnsubscribeToken(ctx context.Context, token string) (User, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 8+sha256.Size {
		return User{}, ErrNotFound
	}
	id := int64(binary.BigEndian.Uint64(raw))
	want, err := s.UnsubscribeToken(ctx, id)
	if err != nil {
		return User{}, err
	}
	if !hmac.Equal([]byte(want), []byte(token)) {
		return User{}, ErrNotFound
	}
	return s.store.User(ctx, id)
}

// Unsubscribe turns off the e-mail digests of the user to whom the unsubscribe token was sent. It returns ErrNotFound
// for an invalid token.
func (s *Service) Unsubscribe(ctx context.Context, token string) error {
	user, err := s.UserByUnsubscribeToken(ctx, token)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetDigestSetting(ctx, user.ID, "off", "") })
}
