package live

import (
	"context"
	"log/slog"
	"time"

	"charla/chat"
)

// applyRoleChanges ends the streams that users opened while they had another role in the community than now. Their
// readers connect again and get what the new role may see.
func (h *Hub) applyRoleChanges(changes []chat.RoleChanged) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, change := range changes {
		u := h.online[change.User]
		if u == nil {
			continue
		}
		if isGuest := change.Role == chat.RoleGuest; u.IsGuest != isGuest {
			u.IsGuest = isGuest
			h.scheduleRename(u.UserSummary)
		}
	}
	roles := map[int64]chat.Role{}
	for _, change := range changes {
		roles[change.User] = change.Role
	}
	for s := range h.openStreams() {
		if role, changed := roles[s.viewer.User.ID]; changed && role != s.viewer.Role {
			s.endForRole()
		}
	}
}

// pollRoles handles changes of roles of which no event told this node. It looks for changes in the last pollOverlap.
func (h *Hub) pollRoles(ctx context.Context) {
	if h.StreamCount() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	changes, err := h.source.RoleChanges(ctx, chat.TimestampOf(time.Now().Add(-pollOverlap)))
	if err != nil {
		slog.Warn("read changes of roles failed", "error", err)
		return
	}
	if len(changes) > 0 {
		h.applyRoleChanges(changes)
	}
}
