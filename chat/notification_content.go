package chat

import (
	"context"
	"errors"
	"slices"
)

// Unread is a conversation with unread messages that no letter told of: where, how many, and how the last of them begin.
type UnreadConversation struct {
	Room     int64    `db:"room"`
	Kind     RoomKind `db:"kind"`
	Name     string   `db:"name"`
	Peer     int64    `db:"peer"`
	LastSeq  int64    `db:"last_seq"` // of the last unread message
	Unread   int      `db:"unread"`   // counted up to UnreadCap
	Previews []MessagePreview
}

// Conversation returns the name of the conversation in links.
func (w UnreadConversation) Ref() ConversationRef {
	if w.Kind == Channel {
		return ConversationRef{Room: w.Room}
	}
	return ConversationRef{With: w.Peer}
}

// MessagePreview is the beginning of a message.
type MessagePreview struct {
	Room      int64     `db:"room_id"`
	Author    string    `db:"author"`
	Body      string    `db:"body"`  // its first characters, 600 at most
	FileCount int       `db:"files"` // how many came with it
	PostedAt  Timestamp `db:"posted_at"`
}

// How much one letter tells.
const (
	maxDigestConversations = 10 // conversations
	maxPreviews            = 3  // of each
)

// NotificationContent is a notice with all that its words need.
type NotificationContent struct {
	Notification
	To, RecipientName string // the address or topic, and the person
	Language          string // empty where nobody knows
	Token             string // of the link
	Unread            []UnreadConversation
	IncludeText       bool // a push says what was written
}

// Presence tells who has a stream open now.
type Presence interface {
	Online(ids ...int64) map[int64]bool
}

// BuildNotificationContent looks up what a notice tells as things are now. ErrNotFound means that there is nothing to tell any more.
func (s *Service) BuildNotificationContent(ctx context.Context, n Notification, here Presence) (NotificationContent, error) {
	switch n.Kind {
	case NotifyConfirmSignup:
		return s.buildSignupConfirmation(ctx, n)
	case NotifyPasswordReset:
		return s.buildPasswordReset(ctx, n)
	case NotifyConfirmEmail:
		return s.buildEmailChange(ctx, n)
	case NotifyPasswordChanged, NotifyEmailChanged:
		return s.contentForUser(ctx, n)
	case NotifyUnreadDigest:
		return s.buildUnreadDigest(ctx, n, here)
	case NotifyUnreadPush, NotifyTestPush:
		return s.buildPush(ctx, n, here)
	}
	return NotificationContent{}, ErrNotFound
}

// contentForUser addresses a notice to its person, in their language.
func (s *Service) contentForUser(ctx context.Context, n Notification) (NotificationContent, error) {
	user, err := s.store.User(ctx, n.User)
	if err != nil {
		return NotificationContent{}, err
	}
	if user.Disabled() {
		return NotificationContent{}, ErrNotFound
	}
	wishes, err := s.store.NotificationSettings(ctx, n.User)
	p := NotificationContent{Notification: n, To: n.Address, RecipientName: user.Name, Language: user.Locale, IncludeText: wishes.IncludeText}
	if p.To == "" {
		p.To = user.Email
	}
	if p.Language == "" {
		p.Language = wishes.BrowserLocale
	}
	return p, err
}

// addressOwner finds whose address it is; zero for nobody's.
func (s *Service) addressOwner(ctx context.Context, key string) (User, error) {
	owner, _, err := s.store.UserByEmail(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return User{}, nil
	}
	return owner, err
}

// buildAddressInUse tells the owner of an address that somebody used it.
func (s *Service) buildAddressInUse(ctx context.Context, n Notification, owner User) (NotificationContent, error) {
	n.User, n.Kind, n.Address = owner.ID, NotifyAddressInUse, owner.Email
	return s.contentForUser(ctx, n)
}

func (s *Service) buildSignupConfirmation(ctx context.Context, n Notification) (NotificationContent, error) {
	found, err := s.store.PendingRegistration(ctx, n.SubjectID)
	if err != nil {
		return NotificationContent{}, err
	}
	owner, err := s.addressOwner(ctx, found.EmailKey)
	if err != nil {
		return NotificationContent{}, err
	}
	if owner.ID != 0 {
		return s.buildAddressInUse(ctx, n, owner)
	}
	expires := found.CreatedAt + confirmationLinkLifetime
	if expires <= s.now() {
		return NotificationContent{}, ErrNotFound
	}
	token, err := s.issueEmailToken(ctx, n, EmailToken{Kind: EmailTokenSignup, Registration: found.ID, Email: found.Email, ExpiresAt: expires})
	return NotificationContent{Notification: n, To: found.Email, Language: found.BrowserLocale, Token: token}, err
}

func (s *Service) buildPasswordReset(ctx context.Context, n Notification) (NotificationContent, error) {
	_, key, _ := CleanEmail(n.Address)
	user, _, err := s.store.UserByEmail(ctx, key)
	if err != nil {
		return NotificationContent{}, err
	}
	n.User, n.Address = user.ID, user.Email
	p, err := s.contentForUser(ctx, n)
	if err != nil {
		return NotificationContent{}, err
	}
	if user.Locale == "" {
		p.Language = n.Locale
	}
	p.Token, err = s.issueEmailToken(ctx, n, EmailToken{Kind: EmailTokenReset, User: user.ID, Email: user.Email, ExpiresAt: s.now() + resetLinkLifetime})
	return p, err
}

func (s *Service) buildEmailChange(ctx context.Context, n Notification) (NotificationContent, error) {
	_, key, err := CleanEmail(n.Address)
	if err != nil {
		return NotificationContent{}, ErrNotFound
	}
	owner, err := s.addressOwner(ctx, key)
	if err != nil {
		return NotificationContent{}, err
	}
	if owner.ID != 0 && owner.ID != n.User {
		return s.buildAddressInUse(ctx, n, owner)
	}
	p, err := s.contentForUser(ctx, n)
	if err != nil {
		return NotificationContent{}, err
	}
	p.RecipientName = "" // nobody sends words of their own to any address
	p.Token, err = s.issueEmailToken(ctx, n, EmailToken{Kind: EmailTokenChange, User: n.User, Email: n.Address, ExpiresAt: s.now() + emailChangeLinkLifetime})
	return p, err
}

// buildUnreadDigest gathers what is unread, unless the person is here, was here meanwhile, or wants no such letters any more.
func (s *Service) buildUnreadDigest(ctx context.Context, n Notification, here Presence) (NotificationContent, error) {
	p, err := s.contentForUser(ctx, n)
	if err != nil {
		return NotificationContent{}, err
	}
	wishes, err := s.store.NotificationSettings(ctx, n.User)
	if err != nil {
		return NotificationContent{}, err
	}
	seen, err := s.store.LastSeen(ctx, n.User)
	if err != nil {
		return NotificationContent{}, err
	}
	if wishes.EmailDigest == "off" || wishes.EmailConfirmedAt == 0 || seen > n.AwaySince || here.Online(n.User)[n.User] {
		return NotificationContent{}, ErrNotFound
	}
	if p.Unread, err = s.unreadConversations(ctx, n.User, 0); err != nil {
		return NotificationContent{}, err
	}
	p.Token, err = s.unsubscribeToken(ctx, n.User)
	return p, err
}

// buildPush tells of one conversation, unless it was read meanwhile or the person is here.
func (s *Service) buildPush(ctx context.Context, n Notification, here Presence) (NotificationContent, error) {
	wishes, err := s.store.NotificationSettings(ctx, n.User)
	if err != nil {
		return NotificationContent{}, err
	}
	if n.Address = wishes.NtfyTopic; n.Address == "" {
		return NotificationContent{}, ErrNotFound
	}
	p, err := s.contentForUser(ctx, n)
	if err != nil || n.Kind == NotifyTestPush {
		return p, err
	}
	if here.Online(n.User)[n.User] {
		return NotificationContent{}, ErrNotFound
	}
	p.Unread, err = s.unreadConversations(ctx, n.User, n.SubjectID)
	return p, err
}

// unreadConversations lists the conversations of a person in which something is unread, or one of them; ErrNotFound for none.
func (s *Service) unreadConversations(ctx context.Context, user, room int64) ([]UnreadConversation, error) {
	list, err := s.store.UnreadConversations(ctx, user, room, maxDigestConversations)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	lines, err := s.store.UnreadPreviews(ctx, user, room, maxPreviews)
	for i, w := range list {
		for _, l := range lines {
			if l.Room == w.Room {
				list[i].Previews = append(list[i].Previews, l)
			}
		}
		slices.Reverse(list[i].Previews)
	}
	return list, err
}
