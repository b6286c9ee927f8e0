package chat

import (
	"context"
	"math"
	"slices"
)

// The size of a page of history, in messages.
const (
	PageSize    = 50
	maxPageSize = 200
)

// ReplayLimit is how many changed messages a reader may be behind before it is told to fetch its page again.
const ReplayLimit = 500

// History returns up to limit messages of c before a seq, or the newest where before is 0. Limit is brought to
// 1…maxPageSize; 0 means PageSize. It answers NotFound where c.Me left the room since c was looked up: an empty page with
// the cursor of a full one would stay empty for whoever comes back in.
func (s *Service) History(ctx context.Context, c Conversation, before int64, limit int) (History, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	limit = pageSize(limit)
	messages, err := s.store.MessagesBefore(ctx, c.Me, c.Room, before, limit+1)
	if err == nil {
		err = s.stillIn(ctx, c, messages)
	}
	if err != nil || len(messages) <= limit {
		return History{Messages: messages}, err
	}
	return History{Messages: messages[1:], Older: true}, nil
}

// HistoryAfter returns up to limit messages of c after a seq, the oldest of them, as they are now. It answers like History.
func (s *Service) HistoryAfter(ctx context.Context, c Conversation, after int64, limit int) (History, error) {
	limit = pageSize(limit)
	messages, err := s.store.MessagesAfter(ctx, c.Me, c.Room, after, limit+1)
	if err == nil {
		err = s.stillIn(ctx, c, messages)
	}
	if err != nil || len(messages) <= limit {
		return History{Messages: messages}, err
	}
	return History{Messages: messages[:limit], Newer: true}, nil
}

var errBeginAgain = &Error{Code: Conflict, Field: "changed_after", Format: "This number is of no use any more. Begin again from 0."}

// HistoryChanged returns up to limit messages of c, new ones too, that changed after a number, in the order of their changes,
// as they are now. It answers like History, and Conflict where other lines show another name than at that number, because
// somebody deleted their account since, and where the room has not come so far. Whoever knows nothing, 0, is told no Conflict.
// Who goes on page by page names as asOf the room's last number at the first of them: nothing was known from before that.
func (s *Service) HistoryChanged(ctx context.Context, c Conversation, after, asOf int64, limit int) (History, error) {
	limit = pageSize(limit)
	messages, err := s.store.MessagesChanged(ctx, c.Me, c.Room, after, limit+1)
	if err == nil {
		err = s.stillIn(ctx, c, messages)
	}
	if known := max(after, asOf); err == nil && known > 0 {
		err = s.stillUseful(ctx, c, known)
	}
	if err != nil || len(messages) <= limit {
		return History{Messages: messages}, err
	}
	return History{Messages: messages[:limit], Newer: true}, nil
}

// stillUseful tells whether who knew c as of a number can be told what changed since.
func (s *Service) stillUseful(ctx context.Context, c Conversation, after int64) error {
	upset, err := s.store.DepartedForGood(ctx, c.Room, after)
	if err == nil && (upset || after > c.LastSeq) {
		err = errBeginAgain
	}
	return err
}

func pageSize(limit int) int {
	if limit == 0 {
		return PageSize
	}
	return max(1, min(limit, maxPageSize))
}

// stillIn tells an empty room from one that c.Me has left.
func (s *Service) stillIn(ctx context.Context, c Conversation, messages []Message) (err error) {
	if len(messages) == 0 && c.Kind == Channel {
		_, err = s.store.ConversationIn(ctx, c.Me, c.Room)
	}
	return err
}

// Message returns one message of a conversation of by, or ErrNotFound.
func (s *Service) Message(ctx context.Context, by User, id int64) (Message, error) {
	return s.store.Message(ctx, by.ID, id)
}

// Changes reads what happened in c after the cursor. It is Partial when the cursor is beyond the room's last number or
// more than ReplayLimit messages behind: then only fetching the page again helps. See StillTheirs.
func (s *Service) Changes(ctx context.Context, c Conversation, cursor int64) (Changes, error) {
	if c.Room == 0 {
		return Changes{Partial: cursor > 0}, nil
	}
	changes, err := s.store.Changes(ctx, c.Room, cursor, ReplayLimit)
	changes.Partial = changes.Partial || cursor > changes.LastSeq
	if err == nil {
		err = s.StillTheirs(ctx, c, cursor, changes)
	}
	return changes, err
}

// StillTheirs answers NotFound when c.Me, who was in the room when c was read, left it before the changes after the cursor
// were, and did not come back. Whoever left stands in the changes, unless the cursor is from after c.
func (s *Service) StillTheirs(ctx context.Context, c Conversation, cursor int64, changes Changes) error {
	left := func(d Departure) bool { return d.User == c.Me }
	if c.Kind == Direct || cursor <= c.LastSeq && !slices.ContainsFunc(changes.Left, left) {
		return nil
	}
	_, err := s.store.ConversationIn(ctx, c.Me, c.Room)
	return err
}
