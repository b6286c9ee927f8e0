package notify

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"charla/chat"
)

// contentReader is the part of the database from which the content of notifications is made.
type contentReader interface {
	User(ctx context.Context, id int64) (chat.User, error)
	// UserByEmail returns the account with an e-mail address, including its password hash. emailKey is the address as
	// normalized by chat.CleanEmail.
	UserByEmail(ctx context.Context, emailKey string) (chat.Credentials, error)
	NotificationSettings(ctx context.Context, user int64) (chat.NotificationSettings, error)
	LastSeen(ctx context.Context, user int64) (chat.Timestamp, error)
	PendingRegistration(ctx context.Context, id int64) (chat.PendingRegistration, error)
	UnseenMention(
		ctx context.Context, user, message int64, chars int, rule chat.NotificationRule,
	) (chat.UnreadConversation, error)
	chat.UnreadReader
}

// These limit what a digest, an e-mail about unread messages, contains.
const (
	maxDigestConversations = 10
	maxPreviews            = 3 // per conversation
)

// previewLimits limits the messages that are read from the database for one notification. It allows more characters
// than a notification shows, because the shown text must end at the end of a word.
var previewLimits = chat.PreviewLimits{PerRoom: maxPreviews, Total: 1000, Chars: 600}

// buildContent returns the content of a notification as it is at the moment. It returns ErrNotFound if the notification
// is not needed any more, for example because the user has read the messages.
func (w *Worker) buildContent(ctx context.Context, n chat.Notification) (chat.NotificationContent, error) {
	switch n.Kind {
	case chat.NotifyConfirmSignup:
		return w.buildSignupConfirmation(ctx, n)
	case chat.NotifyPasswordReset:
		return w.buildPasswordReset(ctx, n)
	case chat.NotifyConfirmEmail:
		return w.buildEmailChange(ctx, n)
	case chat.NotifyRejected:
		return chat.NotificationContent{Notification: n, To: n.Address, Language: n.Locale}, nil
	case chat.NotifyPasswordChanged, chat.NotifyEmailChanged, chat.NotifyApproved:
		return w.contentForUser(ctx, n)
	case chat.NotifyUnreadDigest:
		return w.buildUnreadDigest(ctx, n)
	case chat.NotifyUnreadPush, chat.NotifyMentionPush, chat.NotifyTestPush:
		return w.buildPush(ctx, n)
	}
	return chat.NotificationContent{}, chat.ErrNotFound
}

// contentForUser returns content without messages: to whom the notification is addressed, in which language, and
// whether it may contain the text of messages. It returns ErrNotFound if the user is deactivated.
func (w *Worker) contentForUser(ctx context.Context, n chat.Notification) (chat.NotificationContent, error) {
	user, err := w.Store.User(ctx, n.User)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	if user.Disabled() {
		return chat.NotificationContent{}, chat.ErrNotFound
	}
	settings, err := w.Store.NotificationSettings(ctx, n.User)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	return chat.NotificationContent{
		Notification:  n,
		To:            cmp.Or(n.Address, user.Email),
		RecipientName: user.Name,
		Language:      cmp.Or(user.Locale, settings.BrowserLocale),
		IncludeText:   settings.IncludeText,
	}, nil
}

// addressOwner returns the user who has the e-mail address with the given key, or the zero User if no account has it.
func (w *Worker) addressOwner(ctx context.Context, emailKey string) (chat.User, error) {
	owner, err := w.Store.UserByEmail(ctx, emailKey)
	if errors.Is(err, chat.ErrNotFound) {
		return chat.User{}, nil
	}
	return owner.User, err
}

// buildAddressInUse returns the content of an e-mail to the owner of an e-mail address. It says that somebody else
// tried to use the address for an account. The other person does not learn that the address has an account.
func (w *Worker) buildAddressInUse(
	ctx context.Context, n chat.Notification, owner chat.User,
) (chat.NotificationContent, error) {
	n.User, n.Kind, n.Address = owner.ID, chat.NotifyAddressInUse, owner.Email
	return w.contentForUser(ctx, n)
}

func (w *Worker) buildSignupConfirmation(ctx context.Context, n chat.Notification) (chat.NotificationContent, error) {
	pending, err := w.Store.PendingRegistration(ctx, n.SubjectID)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	owner, err := w.addressOwner(ctx, pending.EmailKey)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	if owner.ID != 0 {
		return w.buildAddressInUse(ctx, n, owner)
	}
	token, err := w.Service.IssueSignupToken(ctx, n, pending)
	return chat.NotificationContent{
		Notification: n, To: pending.Email, Language: pending.BrowserLocale, Token: token,
	}, err
}

func (w *Worker) buildPasswordReset(ctx context.Context, n chat.Notification) (chat.NotificationContent, error) {
	_, key, _ := chat.CleanEmail(n.Address)
	user, err := w.Store.UserByEmail(ctx, key)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	n.User, n.Address = user.ID, user.Email
	content, err := w.contentForUser(ctx, n)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	if user.Locale == "" {
		content.Language = n.Locale
	}
	content.Token, err = w.Service.IssueResetToken(ctx, n, user.User)
	return content, err
}

func (w *Worker) buildEmailChange(ctx context.Context, n chat.Notification) (chat.NotificationContent, error) {
	_, key, err := chat.CleanEmail(n.Address)
	if err != nil {
		return chat.NotificationContent{}, chat.ErrNotFound
	}
	owner, err := w.addressOwner(ctx, key)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	if owner.ID != 0 && owner.ID != n.User {
		return w.buildAddressInUse(ctx, n, owner)
	}
	content, err := w.contentForUser(ctx, n)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	content.RecipientName = "" // a user must not send text of their own choice to arbitrary addresses
	content.Token, err = w.Service.IssueEmailChangeToken(ctx, n)
	return content, err
}

// buildUnreadDigest returns the content of an e-mail about unread messages. It returns ErrNotFound if the user is
// online, has been online since the digest was scheduled, or does not want digests any more.
func (w *Worker) buildUnreadDigest(ctx context.Context, n chat.Notification) (chat.NotificationContent, error) {
	content, err := w.contentForUser(ctx, n)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	settings, err := w.Store.NotificationSettings(ctx, n.User)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	lastSeen, err := w.Store.LastSeen(ctx, n.User)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	unwanted := settings.EmailDigest == "off" || settings.EmailConfirmedAt == 0
	if unwanted || lastSeen > n.AwaySince || w.isOnline(n.User) {
		return chat.NotificationContent{}, chat.ErrNotFound
	}
	if content.Unread, err = w.unreadConversations(ctx, n, 0); err != nil {
		return chat.NotificationContent{}, err
	}
	content.Token, err = w.Service.UnsubscribeToken(ctx, n.User)
	return content, err
}

// buildPush returns the content of a push notification about one unread conversation, or about a mention that an edit
// added. It returns ErrNotFound if the user has read the conversation or seen the mention, is online, or has no ntfy
// topic.
func (w *Worker) buildPush(ctx context.Context, n chat.Notification) (chat.NotificationContent, error) {
	settings, err := w.Store.NotificationSettings(ctx, n.User)
	if err != nil {
		return chat.NotificationContent{}, err
	}
	if settings.NtfyTopic == "" {
		return chat.NotificationContent{}, chat.ErrNotFound
	}
	n.Address = settings.NtfyTopic
	content, err := w.contentForUser(ctx, n)
	if err != nil || n.Kind == chat.NotifyTestPush {
		return content, err
	}
	if w.isOnline(n.User) {
		return chat.NotificationContent{}, chat.ErrNotFound
	}
	if n.Kind == chat.NotifyMentionPush {
		rule := w.Service.NotificationRule(n.Medium)
		mention, err := w.Store.UnseenMention(ctx, n.User, n.SubjectID, previewLimits.Chars, rule)
		content.Unread = []chat.UnreadConversation{mention}
		return content, err
	}
	content.Unread, err = w.unreadConversations(ctx, n, n.SubjectID)
	return content, err
}

func (w *Worker) isOnline(user int64) bool { return w.Presence.Online(user)[user] }

// unreadConversations returns the conversations with unread messages about which the user is notified by the medium of
// n, each with the newest of these messages, oldest first. If room is not 0, it returns only the conversation with that
// id. It returns ErrNotFound if there are none.
func (w *Worker) unreadConversations(
	ctx context.Context, n chat.Notification, room int64,
) ([]chat.UnreadConversation, error) {
	rule := w.Service.NotificationRule(n.Medium)
	list, err := w.Store.UnreadConversations(ctx, n.User, room, maxDigestConversations, rule)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, chat.ErrNotFound
	}
	previews, err := w.Store.UnreadPreviews(ctx, n.User, room, previewLimits, rule)
	if err != nil {
		return nil, err
	}
	for i := range list {
		for _, p := range previews {
			if p.Room == list[i].Room && len(list[i].Previews) < maxPreviews {
				list[i].Previews = append(list[i].Previews, p)
			}
		}
		slices.Reverse(list[i].Previews)
	}
	return list, nil
}
