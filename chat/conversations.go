package chat

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// ConversationReader reads the rooms of a user, both channels and direct conversations.
type ConversationReader interface {
	// Conversations lists at most limit rooms of a user: unread ones first, then by time of the last message. If the
	// user has more rooms, it prefers channels to direct conversations. For the first page, "after" is zero. For each
	// further page it is the id of the least preferred room of the previous page: its last direct conversation, or its
	// last channel if it has only channels.
	Conversations(ctx context.Context, user, after int64, limit int) ([]Conversation, error)
	// AllConversations lists the rooms of a user, ordered by id.
	AllConversations(ctx context.Context, user int64) ([]Conversation, error)
	// ConversationIn returns a room that a user is a member of.
	ConversationIn(ctx context.Context, user, room int64) (Conversation, error)
	// ConversationWith returns the direct conversation of two users. It returns ErrNotFound if they have not exchanged
	// a message yet.
	ConversationWith(ctx context.Context, user, peer int64) (Conversation, error)
}

// RoomKind is the kind of a room: a channel, or a direct conversation of two users.
type RoomKind string

// The kinds of rooms.
const (
	Direct  RoomKind = "direct"
	Channel RoomKind = "channel"
)

// StreamKey identifies a conversation in events, so that each event stream gets the events of its conversation. A
// channel is identified by its room. A direct conversation is identified by its two users, lower id first, because it
// has no room before the first message. The zero StreamKey identifies no conversation.
type StreamKey struct{ Room, Low, High int64 }

// ConversationRef identifies a conversation in requests. With is the id of the other user of a direct conversation,
// Room the id of a room. Exactly one of them is set.
type ConversationRef struct{ With, Room int64 }

// Conversation is a room as one of its members, the viewer, sees it. Room is zero if a direct conversation has no
// messages yet.
type Conversation struct {
	Room       int64    `db:"room"`
	Kind       RoomKind `db:"kind"`
	Name       string   `db:"name"` // of the channel, or of the other user
	LastSeq    int64    `db:"last_seq"`
	ReadSeq    int64    `db:"read_seq"`
	Access     Access   `db:"access"`
	Role       Role     `db:"role"`   // of the viewer in the room
	Unread     int      `db:"unread"` // number of unread messages, at most UnreadCap
	Viewer     int64    `db:"me"`
	Peer       int64    `db:"peer"`  // the other user; equals Viewer in notes to oneself; zero in a channel
	HasDraft   bool     `db:"draft"` // of the viewer
	PeerHandle string   `db:"peer_handle"`
	PeerAvatar int64    `db:"peer_avatar"` // id of the picture's file; zero for none
	PeerIsBot  bool     `db:"peer_is_bot"`

	UnreadMarks int64 `db:"unread_marks"` // how often the viewer has marked messages as unread

	Unseen    int `db:"unseen"`     // number of items about the room in the inbox of the viewer that are not seen
	AllUnseen int `db:"all_unseen"` // the same for all rooms of the viewer; only in Conversations

	Level      NotificationLevel `db:"level"`       // chosen by the viewer; see method NotificationLevel
	MutedUntil Timestamp         `db:"muted_until"` // zero if the viewer has not muted the conversation
	Muted      bool              `db:"-"`           // whether MutedUntil was in the future when this was read
	// those of Unread with a mention of the viewer, @channel or @here
	UnreadMentions int `db:"unread_mentions"`
}

// UnreadCap is the number at which counting of unread messages stops. Pages then show the number below it and a plus
// sign, as in 99+.
const UnreadCap = 100

// StreamKey returns the key that events of this conversation carry.
func (c Conversation) StreamKey() StreamKey {
	if c.Kind == Channel {
		return StreamKey{Room: c.Room}
	}
	return StreamKey{Low: min(c.Viewer, c.Peer), High: max(c.Viewer, c.Peer)}
}

// Ref returns the ConversationRef that the viewer's links and requests contain.
func (c Conversation) Ref() ConversationRef {
	if c.Kind == Channel {
		return ConversationRef{Room: c.Room}
	}
	return ConversationRef{With: c.Peer}
}

// PeerDeleted reports whether the other user of a direct conversation deleted their account. Such a conversation is
// read-only.
func (c Conversation) PeerDeleted() bool { return c.Kind == Direct && c.Name == "" }

var errPeerDeleted = Errorf(Forbidden, "This person deleted their account, so you can't send them messages.")

var errAmbiguousTarget = invalidf("with", "Choose a person or a room, not both.")

// Conversation returns a conversation of the acting user. A direct conversation without messages has a Room of zero. It
// returns ErrNotFound if the user is not a member or does not see the other user.
func (s *Service) Conversation(ctx context.Context, by User, ref ConversationRef) (Conversation, error) {
	if ref.Room != 0 && ref.With != 0 {
		return Conversation{}, errAmbiguousTarget
	}
	if ref.Room != 0 {
		c, err := s.store.ConversationIn(ctx, by.ID, ref.Room)
		return s.withMute(c), err
	}
	c, err := s.store.ConversationWith(ctx, by.ID, ref.With)
	if !errors.Is(err, ErrNotFound) {
		return s.withMute(c), err
	}
	peer, err := s.store.VisibleUser(ctx, by.ID, ref.With)
	if err != nil || peer.Deleted() {
		return Conversation{}, cmp.Or(err, error(ErrNotFound))
	}
	return Conversation{
		Kind: Direct, Viewer: by.ID,
		Name: peer.Name, Peer: peer.ID, PeerAvatar: peer.Avatar, PeerIsBot: peer.IsBot(),
		PeerHandle: peer.Handle,
	}, nil
}

// MaxConversations is the most conversations that Conversations or ConversationsAfter returns.
const MaxConversations = 100

// Conversations lists the conversations of the acting user, unread ones first, then by time of the last message.
func (s *Service) Conversations(ctx context.Context, by User) ([]Conversation, error) {
	list, err := s.store.Conversations(ctx, by.ID, 0, MaxConversations)
	return s.withMutes(list), err
}

// AllConversations lists all conversations of the acting user, ordered by room id.
func (s *Service) AllConversations(ctx context.Context, by User) ([]Conversation, error) {
	list, err := s.store.AllConversations(ctx, by.ID)
	return s.withMutes(list), err
}

// ConversationsAfter returns a page of the acting user's conversations. For the first page, "after" is zero; for each
// further page it is the result "next" of the previous call, which is zero after the last page. If not all
// conversations fit on a page, channels are preferred to direct conversations. ConversationsAfter returns ErrNotFound
// if the acting user has left the room with the id "after", because an empty list would look like the end.
func (s *Service) ConversationsAfter(
	ctx context.Context, by User, after int64,
) (list []Conversation, next int64, err error) {
	list, err = s.store.Conversations(ctx, by.ID, after, MaxConversations+1)
	list = s.withMutes(list)
	if err == nil && len(list) == 0 && after != 0 {
		_, err = s.store.ConversationIn(ctx, by.ID, after)
	}
	if err != nil || len(list) <= MaxConversations {
		return list, 0, err
	}
	last := leftOutFirst(list)
	list = slices.Delete(list, last, last+1)
	return list, list[leftOutFirst(list)].Room, nil
}

// leftOutFirst returns the index of the least preferred conversation in a list: the last direct one, or the last one if
// there are only channels.
func leftOutFirst(list []Conversation) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Kind == Direct {
			return i
		}
	}
	return len(list) - 1
}
