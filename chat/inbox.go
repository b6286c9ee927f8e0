package chat

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// InboxReader reads inboxes. It leaves out items about rooms that their user is not in, which come back when the user
// does.
type InboxReader interface {
	// InboxItems lists at most limit items of a user with an id less than before, the highest first. An empty kind
	// means all kinds.
	InboxItems(ctx context.Context, user int64, kind InboxKind, before int64, limit int) ([]InboxItem, error)
	// UnseenCounts returns how many items each of the given users has not seen. It leaves out users with none.
	UnseenCounts(ctx context.Context, users []int64) (map[int64]int, error)
	// UnseenMention returns the conversation of a message, with only this message, of whose text it returns the first
	// chars characters. It returns ErrNotFound unless the user has an unseen item about a mention in the message, about
	// which the rule notifies.
	UnseenMention(
		ctx context.Context, user, message int64, chars int, rule NotificationRule,
	) (UnreadConversation, error)
}

// InboxWriter changes inboxes. Methods that change items of several users return the ids of these users.
type InboxWriter interface {
	// InsertInboxItems adds items about a message. Whoever has an item of the same kind about it keeps that.
	InsertInboxItems(ctx context.Context, m Message, to []InboxRecipient, at Timestamp) ([]int64, error)
	// InsertAudienceItems adds a mention to the inboxes of those whom a message notifies: with @channel all members of
	// the room except the author, with @here those of them whose ids are in online.
	InsertAudienceItems(ctx context.Context, m Message, online []int64, at Timestamp) error
	// InsertInvitationItem adds an item about a room to which somebody was added, and deletes an earlier one.
	InsertInvitationItem(ctx context.Context, room, user, by int64, at Timestamp) error
	// WithdrawInboxItems deletes the mentions and replies about a message, except for those in keep. If the message
	// notifies its audience, it deletes no mentions.
	WithdrawInboxItems(ctx context.Context, m Message, keep []InboxRecipient) ([]int64, error)
	// EnqueueMentionPushes adds pushes about a mention that an edit added, for those of the given users who want
	// pushes. It leaves out users who have not read the message if the next scan for new messages finds it.
	EnqueueMentionPushes(ctx context.Context, m Message, users []int64, now Timestamp) error
	// DeleteInboxItems deletes the items of one kind about a message. An empty kind means all kinds.
	DeleteInboxItems(ctx context.Context, message int64, kind InboxKind) ([]int64, error)
	// SeeInboxItem marks an item of a user as seen. It returns ErrNotFound if the user does not see the item.
	SeeInboxItem(ctx context.Context, user, id int64, at Timestamp) error
	// SeeInboxItems marks all items of a user as seen whose id is at most upTo.
	SeeInboxItems(ctx context.Context, user, upTo int64, at Timestamp) error
	// SeeInboxRoom marks the items of a user about a room as seen: those about messages with from <= seq <= upTo. An
	// invitation has the seq 0.
	SeeInboxRoom(ctx context.Context, user, room, from, upTo int64, at Timestamp) error
}

// InboxKind is the reason for which an item is in an inbox.
type InboxKind string

// The kinds of items in an inbox.
const (
	InboxMention    InboxKind = "mention"    // somebody mentioned the user
	InboxReaction   InboxKind = "reaction"   // others reacted to a message of the user
	InboxInvitation InboxKind = "invitation" // somebody added the user to a room
)

// InboxKinds are all kinds for which an inbox can be filtered. So far nothing has the last two.
var InboxKinds = []InboxKind{InboxMention, InboxReaction, InboxInvitation, "reply", "moderation"}

// InboxRecipient is a user who gets an item about a message, and the kind of the item.
type InboxRecipient struct {
	User int64
	Kind InboxKind
}

// InboxItem is an entry of a user's inbox.
type InboxItem struct {
	ID        int64     `db:"id"`
	Kind      InboxKind `db:"kind"`
	Room      int64     `db:"room_id"`
	RoomKind  RoomKind  `db:"room_kind"`
	RoomName  string    `db:"room_name"` // of the channel, or of the other user
	MessageID int64     `db:"message_id"`
	CreatedAt Timestamp `db:"created_at"`
	SeenAt    Timestamp `db:"seen_at"` // zero if the user has not seen it

	Message *Message      `db:"-"` // as it is now; nil for an invitation
	People  []UserSummary `db:"-"` // who mentioned or added the user, or all who reacted, first come first
}

// InboxPage is a page of an inbox, newest items first.
type InboxPage struct {
	Items  []InboxItem
	Unseen int   // number of items in the whole inbox that the user has not seen
	Next   int64 // the cursor of the next page; 0 after the last one
}

// maxInboxItems is the most items that Inbox returns.
const maxInboxItems = 50

// Inbox returns a page of the acting user's inbox: items of one kind, or of all kinds if the kind is empty, that come
// after the cursor. The cursor of the first page is 0. It returns Invalid for an unknown kind.
func (s *Service) Inbox(ctx context.Context, by User, kind InboxKind, cursor int64) (page InboxPage, err error) {
	if kind != "" && !slices.Contains(InboxKinds, kind) {
		return InboxPage{}, invalidf("kind", "The value must be mention, reply, reaction, invitation or moderation.")
	}
	if cursor <= 0 {
		cursor = math.MaxInt64
	}
	items, err := s.inboxItems(ctx, by, kind, cursor, maxInboxItems+1)
	if err != nil {
		return InboxPage{}, err
	}
	items, more := trimToLimit(items, maxInboxItems)
	if more {
		page.Next = items[len(items)-1].ID
	}
	page.Items = slices.DeleteFunc(items, InboxItem.isGone)
	unseen, err := s.store.UnseenCounts(ctx, []int64{by.ID})
	page.Unseen = unseen[by.ID]
	return page, err
}

// inboxItems reads items with their messages.
func (s *Service) inboxItems(
	ctx context.Context, by User, kind InboxKind, before int64, limit int,
) ([]InboxItem, error) {
	items, err := s.store.InboxItems(ctx, by.ID, kind, before, limit)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, item := range items {
		if item.MessageID != 0 {
			ids = append(ids, item.MessageID)
		}
	}
	found, err := s.store.SearchMessages(ctx, by.ID, ids)
	messages := make(map[int64]*Message, len(found))
	for i := range found {
		messages[found[i].ID] = &found[i]
	}
	for i := range items {
		items[i].setMessage(messages[items[i].MessageID])
	}
	return items, err
}

// isGone reports whether the message of an item was deleted, or the user removed from its room, while it was read.
func (i InboxItem) isGone() bool { return i.MessageID != 0 && i.Message == nil }

// setMessage sets the message of an item, if it has one, and the people that follow from it.
func (i *InboxItem) setMessage(m *Message) {
	switch i.Message = m; {
	case m == nil:
	case i.Kind == InboxReaction:
		for _, r := range m.reactionsOfOthers() {
			if !slices.ContainsFunc(i.People, func(p UserSummary) bool { return p.ID == r.User.ID }) {
				i.People = append(i.People, r.User)
			}
		}
	default:
		i.People = []UserSummary{{
			ID: m.AuthorID, Name: m.AuthorName, Avatar: m.AuthorAvatar, IsBot: m.AuthorBot, Handle: m.AuthorHandle,
		}}
	}
}

// reactionsOfOthers returns the reactions to a message by people other than its author.
func (m Message) reactionsOfOthers() Reactions {
	return slices.DeleteFunc(slices.Clone(m.Reactions), func(r Reaction) bool { return r.User.ID == m.AuthorID })
}

// SeeInboxItem marks an item of the acting user's inbox as seen. It returns ErrNotFound if there is no such item.
func (s *Service) SeeInboxItem(ctx context.Context, by User, id int64) error {
	return s.seeInbox(ctx, by, func(tx Tx) error { return tx.SeeInboxItem(ctx, by.ID, id, s.now()) })
}

// SeeInboxItems marks all items of the acting user's inbox up to an id as seen.
func (s *Service) SeeInboxItems(ctx context.Context, by User, upTo int64) error {
	return s.seeInbox(ctx, by, func(tx Tx) error { return tx.SeeInboxItems(ctx, by.ID, upTo, s.now()) })
}

// SeeMessage marks what the inbox of the viewer of c has about one message of c as seen. It needs no query if the
// viewer has seen everything about c.
func (s *Service) SeeMessage(ctx context.Context, by User, c Conversation, seq int64) error {
	if c.Unseen == 0 {
		return nil
	}
	return s.seeInbox(ctx, by, func(tx Tx) error { return tx.SeeInboxRoom(ctx, by.ID, c.Room, seq, seq, s.now()) })
}

func (s *Service) seeInbox(ctx context.Context, by User, see func(tx Tx) error) error {
	if err := s.store.InTx(ctx, see); err != nil {
		return err
	}
	s.publishInboxChanged([]int64{by.ID})
	return nil
}

func (s *Service) publishInboxChanged(users []int64) {
	if len(users) > 0 {
		s.events.Publish(InboxChanged{users})
	}
}

// recipients returns who gets an item about a message: those whom it mentions.
func (m Message) recipients() (list []InboxRecipient) {
	for _, user := range m.Mentions {
		if user.ID != m.AuthorID {
			list = append(list, InboxRecipient{user.ID, InboxMention})
		}
	}
	return list
}

// addToInboxes adds a new message to the inboxes of those whom it mentions. It needs no query for a message that
// mentions nobody. online are the users who are online, if the message mentions them.
func addToInboxes(ctx context.Context, tx Tx, m Message, online []int64) error {
	if to := m.recipients(); len(to) > 0 {
		if _, err := tx.InsertInboxItems(ctx, m, to, m.PostedAt); err != nil {
			return err
		}
	}
	if !m.Notified {
		return nil
	}
	return tx.InsertAudienceItems(ctx, m, online, m.PostedAt)
}

// updateInboxes changes what inboxes have about a message after the message changed. It returns the users whose inboxes
// changed.
func updateInboxes(ctx context.Context, tx Tx, before, after Message, at Timestamp) ([]int64, error) {
	if after.DeletedAt > 0 {
		return tx.DeleteInboxItems(ctx, after.ID, "")
	}
	called, err := updateRecipients(ctx, tx, before, after, at)
	if err != nil {
		return nil, err
	}
	author, err := updateReactionItem(ctx, tx, before, after, at)
	return slices.Concat(called, author), err
}

// updateRecipients adds and withdraws mentions after the text of a message changed.
func updateRecipients(ctx context.Context, tx Tx, before, after Message, at Timestamp) ([]int64, error) {
	to := after.recipients()
	if slices.Equal(before.recipients(), to) && before.Notified == after.Notified {
		return nil, nil
	}
	withdrawn, err := tx.WithdrawInboxItems(ctx, after, to)
	if err != nil || len(to) == 0 {
		return withdrawn, err
	}
	added, err := tx.InsertInboxItems(ctx, after, to, at)
	return slices.Concat(withdrawn, added), err
}

// enqueueMentionPushes adds pushes for users whom an edit newly mentions. The scan for new messages does not find them.
func (s *Service) enqueueMentionPushes(ctx context.Context, tx Tx, before, after Message) error {
	var users []int64
	for _, r := range after.recipients() {
		if !slices.Contains(before.recipients(), r) {
			users = append(users, r.User)
		}
	}
	if len(users) == 0 || !s.media.Push {
		return nil
	}
	return tx.EnqueueMentionPushes(ctx, after, users, s.now())
}

// updateReactionItem changes the item about the reactions to a message in the inbox of its author. A new reaction moves
// it to the top of the inbox, unseen. Without reactions it is deleted.
func updateReactionItem(ctx context.Context, tx Tx, before, after Message, at Timestamp) ([]int64, error) {
	now := after.reactionsOfOthers()
	isNew := slices.ContainsFunc(now, func(r Reaction) bool { return !before.Reactions.By(r.User.ID, r.Emoji) })
	if !isNew && (len(now) > 0 || len(before.reactionsOfOthers()) == 0) {
		return nil, nil
	}
	author, err := tx.DeleteInboxItems(ctx, after.ID, InboxReaction)
	if err != nil || !isNew || after.AuthorName == "" {
		return author, err
	}
	return tx.InsertInboxItems(ctx, after, []InboxRecipient{{after.AuthorID, InboxReaction}}, at)
}

// ExportInbox iterates over the inbox of the acting user, newest items first.
func (s *Service) ExportInbox(ctx context.Context, by User) func(yield func(InboxItem, error) bool) {
	return paged(InboxItem{}, func(last InboxItem) ([]InboxItem, error) {
		return s.store.InboxItems(ctx, by.ID, "", cmp.Or(last.ID, math.MaxInt64), exportPageSize)
	})
}
