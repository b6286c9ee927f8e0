package live

import (
	"context"
	"log/slog"
	"slices"

	"charla/chat"
)

// pollInboxes has the state of a user's streams read again if the number of items that the user has not seen changed,
// for instance because of a mention in a room that nobody follows on this node.
func (h *Hub) pollInboxes(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	known := h.unseen
	h.unseen = map[int64]int{}
	for batch := range slices.Chunk(h.usersWithStreams(), usersPerPoll) {
		counts, err := h.source.UnseenCounts(ctx, batch)
		if err != nil {
			slog.Warn("count unseen inbox items failed", "users", len(batch), "error", err)
			h.unseen = known
			return
		}
		for _, user := range batch {
			if counts[user] != known[user] {
				h.markUnreadDirty(user)
			}
			if counts[user] > 0 {
				h.unseen[user] = counts[user]
			}
		}
	}
}

// usersPerPoll is the largest number of users in one query.
const usersPerPoll = 1000

// usersWithStreams returns the users who have open streams on this node.
func (h *Hub) usersWithStreams() (users []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, u := range h.online {
		if u.streams > 0 {
			users = append(users, id)
		}
	}
	return users
}

// applyInboxChange has the states of users whose inboxes changed read again soon.
func (h *Hub) applyInboxChange(e chat.InboxChanged) {
	if len(e.Users) > 0 { // without arguments, markUnreadDirty means everybody
		h.markUnreadDirty(e.Users...)
	}
}
