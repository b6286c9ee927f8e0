package chat

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// Conversation finds a conversation of by. A direct one that has not begun has Room 0. It answers NotFound for what is
// not by's and for people who do not exist.
func (s *Service) Conversation(ctx context.Context, by User, p Place) (Conversation, error) {
	if p.Room != 0 && p.With != 0 {
		return Conversation{}, errTwoPlaces
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
	return Conversation{Kind: Direct, Name: peer.Name, Me: by.ID, Peer: peer.ID, Avatar: peer.Avatar, Bot: peer.IsBot()}, nil
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

// MarkRead records that by has seen the messages of a conversation up to seq. A mark never moves back and never goes
// beyond what exists.
func (s *Service) MarkRead(ctx context.Context, by User, p Place, seq int64) error {
	c, err := s.Conversation(ctx, by, p)
	if err != nil {
		return err
	}
	if seq = min(seq, c.LastSeq); seq <= c.ReadSeq {
		return nil
	}
	moved := false
	err = s.store.InTx(ctx, func(tx Tx) error {
		moved, err = tx.SetRead(ctx, c.Room, by.ID, seq)
		return err
	})
	if moved && err == nil {
		s.events.Publish(ReadMarked{User: by.ID, Room: c.Room})
	}
	return err
}
