package notify

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"charla/chat"
)

// contentReader is what the content of notifications is built from.
type contentReader interface {
	User(ctx context.Context, id int64) (chat.User, error)
	// UserByEmail finds the account of a normalised e-mail address, with its password hash.
	UserByEmail(ctx context.Context, emailKey string) (chat.Credentials, error)
	NotificationSettings(ctx context.Context, user int64) (chat.NotificationSettings, error)
	LastSeen(ctx context.Context, user int64) (chat.Timestamp, error)
	PendingRegistration(ctx context.Context, id int64) (chat.PendingRegistration, error)
	// UnreadConversations lists the unread conversations of a user, or only room unless that is 0.
	UnreadConversations(ctx context.Context, user, room int64, limit int) ([]chat.UnreadConversation, error)
	// UnreadPreviews lists the newest unread messages of those conversations, newest first.
	UnreadPreviews(ctx context.Context, user, room int64, limits chat.PreviewLimits) ([]chat.MessagePreview, error)
}

// Limits of one digest.
const (
	maxDigestConversations = 10
	maxPreviews            = 3 // per conversation
)

// previewLimits allow more characters than any medium shows, because the text is shortened at a word.
var previewLimits = chat.PreviewLimits{PerRoom: maxPreviews, Total: 1000, Chars: 600}

// buildContent reads what a notification says as things are now. It returns ErrNotFound if the notification has
// become pointless, for instance because its recipient has read the messages.
func (w *Worker) buildContent(ctx context.Context, n chat.Notification) (chat.NotificationContent, error) {
	switch n.Kind {
	case chat.NotifyConfirmSignup:
		return w.buildSignupConfirmation(ctx, n)
	case chat.NotifyPasswordReset:
		return w.buildPasswordReset(ctx, n)
	case chat.NotifyConfirmEmail:
		return w.buildEmailChange(ctx, n)
	case chat.NotifyPasswordChanged, chat.NotifyEmailChanged:
		return w.contentForUser(ctx, n)
	case chat.NotifyUnreadDigest:
		return w.buildUnreadDigest(ctx, n)
	case chat.NotifyUnreadPush, chat.NotifyTestPush:
		return w.buildPush(ctx, n)
	}
	return chat.NotificationContent{}, chat.ErrNotFound
}

// contentForUser addresses a notification to its user, in their language. It returns ErrNotFound if the user is
// disabled.
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

// addressOwner returns the user with an e-mail address, or a zero User if nobody has it.
func (w *Worker) addressOwner(ctx context.Context, emailKey string) (chat.User, error) {
	owner, err := w.Store.UserByEmail(ctx, emailKey)
	if errors.Is(err, chat.ErrNotFound) {
		return chat.User{}, nil
	}
	return owner.User, err
}

// buildAddressInUse tells the owner of an address that somebody tried to use it. Whoever tried does not learn that
// the address has an owner.
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

// buildUnreadDigest collects unread conversations. It returns ErrNotFound if the user is online, was online since the
// digest was scheduled, or no longer wants digests.
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
	if content.Unread, err = w.unreadConversations(ctx, n.User, 0); err != nil {
		return chat.NotificationContent{}, err
	}
	content.Token, err = w.Service.UnsubscribeToken(ctx, n.User)
	return content, err
}

// buildPush describes one unread conversation. It returns ErrNotFound if the user has read it, is online, or has no
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
	content.Unread, err = w.unreadConversations(ctx, n.User, n.SubjectID)
	return content, err
}

func (w *Worker) isOnline(user int64) bool { return w.Presence.Online(user)[user] }

// unreadConversations lists the unread conversations of a user, or only room unless that is 0, with their newest
// messages, oldest first. It returns ErrNotFound if nothing is unread.
func (w *Worker) unreadConversations(ctx context.Context, user, room int64) ([]chat.UnreadConversation, error) {
	list, err := w.Store.UnreadConversations(ctx, user, room, maxDigestConversations)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, chat.ErrNotFound
	}
	previews, err := w.Store.UnreadPreviews(ctx, user, room, previewLimits)
	if err != nil {
		return nil, err
	}
	for i := range list {
		for _, p := range slices.Backward(previews) {
			if p.Room == list[i].Room {
				list[i].Previews = append(list[i].Previews, p)
			}
		}
	}
	return list, nil
}
