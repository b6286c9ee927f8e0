package chat

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// ConversationReader reads the rooms of a user, both channels and direct conversations.
type ConversationReader interface {
	// Conversations lists the rooms of a user: unread ones first, then by time of the last message. If they do not fit
	// into limit, direct conversations are left out before channels. With after, the list continues behind that room.
	Conversations(ctx context.Context, user, after int64, limit int) ([]Conversation, error)
	// AllConversations lists the rooms of a user, by id.
	AllConversations(ctx context.Context, user int64) ([]Conversation, error)
	// ConversationIn returns a room that a user is a member of.
	ConversationIn(ctx context.Context, user, room int64) (Conversation, error)
	// ConversationWith returns the direct conversation of two users. It returns ErrNotFound before the first message.
	ConversationWith(ctx context.Context, user, peer int64) (Conversation, error)
}

// Conversation finds a conversation of by. A direct one that has not begun has Room 0. It answers NotFound for what is
// not by's and for people who do not exist.
func (s *Service) Conversation(ctx context.Context, by User, p ConversationRef) (Conversation, error) {
	if p.Room != 0 && p.With != 0 {
		return Conversation{}, errAmbiguousTarget
	}
	if p.Room != 0 {
		return s.store.ConversationIn(ctx, by.ID, p.Room)
	}
	c, err := s.store.ConversationWith(ctx, by.ID, p.With)
	if !errors.Is(err, ErrNotFound) {
		return c, err
	}
	peer, err := s.store.User(ctx, p.With)
	if err != nil || peer.Deleted() {
		return Conversation{}, cmp.Or(err, error(ErrNotFound))
	}
	return Conversation{Kind: Direct, Name: peer.Name, Viewer: by.ID, Peer: peer.ID, PeerAvatar: peer.Avatar, PeerIsBot: peer.IsBot()}, nil
}

// MaxConversations bounds the list at the side: the unread come first, then the latest.
const MaxConversations = 100

// Conversations lists the conversations of by, unread first, then the latest; at most MaxConversations.
func (s *Service) Conversations(ctx context.Context, by User) ([]Conversation, error) {
	return s.store.Conversations(ctx, by.ID, 0, MaxConversations)
}

// AllConversations lists the conversations of by, by the ids of their rooms.
func (s *Service) AllConversations(ctx context.Context, by User) ([]Conversation, error) {
	return s.store.AllConversations(ctx, by.ID)
}

// ConversationsAfter is Conversations that goes on behind the room after, unless that is 0. All rooms stand before all direct
// conversations where they do not fit together. Next is the room to go on from, 0 at the end. It answers NotFound where by left the
// room after: an empty list would look like the end of it.
func (s *Service) ConversationsAfter(ctx context.Context, by User, after int64) (list []Conversation, next int64, err error) {
	list, err = s.store.Conversations(ctx, by.ID, after, MaxConversations+1)
	if err == nil && len(list) == 0 && after != 0 {
		_, err = s.store.ConversationIn(ctx, by.ID, after)
	}
	if err != nil || len(list) <= MaxConversations {
		return list, 0, err
	}
	last := lastInOrder(list)
	list = slices.Delete(list, last, last+1)
	return list, list[lastInOrder(list)].Room, nil
}

// lastInOrder finds the conversation that a limit would leave out first.
func lastInOrder(list []Conversation) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Kind == Direct {
			return i
		}
	}
	return len(list) - 1
}

// PeerDeleted tells whether the other person of a direct conversation deleted their account: it can be read, and nothing be
// added to it.
func (c Conversation) PeerDeleted() bool { return c.Kind == Direct && c.Name == "" }

var errPeerDeleted = Errorf(Forbidden, "This person deleted their account. Nobody would read it.")

// RoomKind tells a direct conversation of two people from a channel of many.
type RoomKind string

// StreamKey is what a stream listens to. A channel is known by its room; a direct conversation by its pair of people, low id
// first, because its room exists only after the first message. The zero Topic is no conversation at all.
type StreamKey struct{ Room, Low, High int64 }

// Conversation is how a request names a conversation: by the person at the other end, or by the room. Exactly one is set.
type ConversationRef struct{ With, Room int64 }

// Conversation is a room as one of its members sees it. Room is zero where a direct conversation has no message yet.
type Conversation struct {
	Room       int64    `db:"room"`
	Kind       RoomKind `db:"kind"`
	Name       string   `db:"name"` // a channel's own name, a direct conversation's other person
	LastSeq    int64    `db:"last_seq"`
	ReadSeq    int64    `db:"read_seq"`
	Access     Access   `db:"access"`
	Role       Role     `db:"role"`   // of Me in the room
	Unread     int      `db:"unread"` // counted up to UnreadCap
	Viewer     int64    `db:"me"`
	Peer       int64    `db:"peer"`   // the other person; Me in one's own notes; zero in a channel
	HasDraft   bool     `db:"draft"`  // Me has begun to write here
	PeerAvatar int64    `db:"avatar"` // the picture of Peer, or 0
	PeerIsBot  bool     `db:"bot"`    // Peer is one
}

// UnreadCap bounds the counting of unread messages; a page shows one less with a plus.
const UnreadCap = 100

// StreamKey returns what streams of this conversation listen to.
func (c Conversation) StreamKey() StreamKey {
	if c.Kind == Channel {
		return StreamKey{Room: c.Room}
	}
	return StreamKey{Low: min(c.Viewer, c.Peer), High: max(c.Viewer, c.Peer)}
}

// Conversation returns the name of the conversation in links.
func (c Conversation) Ref() ConversationRef {
	if c.Kind == Channel {
		return ConversationRef{Room: c.Room}
	}
	return ConversationRef{With: c.Peer}
}
