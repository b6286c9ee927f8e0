package handlers

import (
	"context"
	"slices"

	"charla/chat"
	"charla/live"
)

// onlineUsers returns at most live.MaxListedOnline users who are online and whom a user sees, and how many there are in
// all.
func (s *Server) onlineUsers(ctx context.Context, user chat.User) (online []chat.UserSummary, count int, err error) {
	if !user.IsGuest() {
		online, count = s.hub.OnlineUsers()
		return online, count, nil
	}
	online, err = s.chat.VisibleUsers(ctx, user, s.hub.EveryoneOnline())
	return online[:min(len(online), live.MaxListedOnline)], len(online), err
}

// sees reports whether a user still sees the other user of a conversation that is open on a page. A guest may have lost
// sight of somebody with whom they have exchanged no message.
func (s *Server) sees(ctx context.Context, user chat.User, conv chat.Conversation) (bool, error) {
	if !user.IsGuest() || conv.Peer == 0 {
		return true, nil
	}
	_, err := s.chat.Conversation(ctx, user, conv.Ref())
	if chat.CodeOf(err) == chat.NotFound {
		return false, nil
	}
	return true, err
}

// withGuestPresence adds to the state of a guest's stream which of the people whom the guest sees are online. It
// returns the state of any other user's stream unchanged, because those streams get what the hub sends to everybody.
func (s *Server) withGuestPresence(user chat.User, enc live.Encoder, state live.StateFunc) live.StateFunc {
	if !user.IsGuest() {
		return state
	}
	var before []chat.UserSummary // nil before the first call
	return func(ctx context.Context) ([]byte, error) {
		now, err := s.chat.VisibleUsers(ctx, user, s.hub.EveryoneOnline())
		if err != nil {
			return nil, err
		}
		own, err := state(ctx)
		if err != nil {
			return nil, err
		}
		presence, changed := live.PresenceSince(before, now)
		if !changed {
			return own, nil
		}
		before = now
		return slices.Concat(enc.Presence(presence), own), nil
	}
}
