package chat

import "context"

// UnreadReader reads the unread messages that a notification is about: those about which the rule notifies. If the
// parameter room is zero, the methods read all rooms of the user, otherwise only this room.
type UnreadReader interface {
	// UnreadConversations lists the conversations of a user with unread messages: direct ones first, then by time of
	// the last message. If room is zero, messages that an earlier digest e-mail included do not count as unread.
	UnreadConversations(
		ctx context.Context, user, room int64, limit int, rule NotificationRule,
	) ([]UnreadConversation, error)
	// UnreadPreviews lists the beginnings of unread messages in the conversations that UnreadConversations lists,
	// latest first in each: at least the last ones, and where only mentions notify all of them.
	UnreadPreviews(
		ctx context.Context, user, room int64, limits PreviewLimits, rule NotificationRule,
	) ([]MessagePreview, error)
}

// UnreadConversation is a conversation with unread messages that no e-mail has covered yet.
type UnreadConversation struct {
	Room     int64            `db:"room"`
	Kind     RoomKind         `db:"kind"`
	Name     string           `db:"name"`
	Peer     int64            `db:"peer"`
	LastSeq  int64            `db:"last_seq"` // of the last unread message
	Unread   int              `db:"unread"`   // counted up to UnreadCap
	Previews []MessagePreview // of the newest unread messages, oldest first
}

// Ref returns the ConversationRef for links to the conversation: its room, or the other user of a direct conversation.
func (c UnreadConversation) Ref() ConversationRef {
	if c.Kind == Channel {
		return ConversationRef{Room: c.Room}
	}
	return ConversationRef{With: c.Peer}
}

// PreviewLimits limits what UnreadPreviews reads.
type PreviewLimits struct {
	PerRoom int // messages of one conversation
	Total   int // messages of all conversations
	Chars   int // characters of the text of one message
}

// MessagePreview is the beginning of a message's text, with what is shown beside it.
type MessagePreview struct {
	Room      int64     `db:"room_id"`
	Seq       int64     `db:"seq"`
	Author    string    `db:"author"`
	Body      string    `db:"body"`       // the first characters
	FileCount int       `db:"file_count"` // attached to the message
	PostedAt  Timestamp `db:"posted_at"`
}

// NotificationContent is a queued notification with all data that its text contains.
type NotificationContent struct {
	Notification
	To            string // e-mail address or ntfy topic
	RecipientName string
	Language      string // empty if unknown
	Token         string // for the link, if there is one
	Unread        []UnreadConversation
	IncludeText   bool // a push quotes the message
}

// Presence tells who is online.
type Presence interface {
	// Online returns which of the given users have an event stream open.
	Online(ids ...int64) map[int64]bool
}
