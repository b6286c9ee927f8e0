package chat

import (
	"context"
	"math"
	"slices"
)

// The size of a page of history, in messages.
const (
	DefaultPageSize = 50
	maxPageSize     = 200
)

// ReplayLimit is how many changed messages a reader may be behind before it is told to fetch its page again.
const ReplayLimit = 500

// MessagePage returns up to limit messages of c before a seq, or the newest where before is 0. Limit is brought to
// 1…maxPageSize; 0 means DefaultPageSize. It answers NotFound where c.Me left the room since c was looked up: an empty page with
// the cursor of a full one would stay empty for whoever comes back in.
func (s *Service) MessagesBefore(ctx context.Context, c Conversation, before int64, limit int) (MessagePage, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	limit = clampPageSize(limit)
	messages, err := s.store.MessagesBefore(ctx, c.Viewer, c.Room, before, limit+1)
	if err == nil {
		err = s.checkMember(ctx, c, messages)
	}
	if err != nil || len(messages) <= limit {
		return MessagePage{Messages: messages}, err
	}
	return MessagePage{Messages: messages[1:], HasOlder: true}, nil
}

// MessagesAfter returns up to limit messages of c after a seq, the oldest of them, as they are now. It answers like History.
func (s *Service) MessagesAfter(ctx context.Context, c Conversation, after int64, limit int) (MessagePage, error) {
	limit = clampPageSize(limit)
	messages, err := s.store.MessagesAfter(ctx, c.Viewer, c.Room, after, limit+1)
	if err == nil {
		err = s.checkMember(ctx, c, messages)
	}
	if err != nil || len(messages) <= limit {
		return MessagePage{Messages: messages}, err
	}
	return MessagePage{Messages: messages[:limit], HasNewer: true}, nil
}

var errCursorTooOld = &Error{Code: Conflict, Field: "changed_after", Format: "This number is of no use any more. Begin again from 0."}

// MessagesChangedSince returns up to limit messages of c, new ones too, that changed after a number, in the order of their changes,
// as they are now. It answers like History, and Conflict where other lines show another name than at that number, because
// somebody deleted their account since, and where the room has not come so far. Whoever knows nothing, 0, is told no Conflict.
// Who goes on page by page names as asOf the room's last number at the first of them: nothing was known from before that.
func (s *Service) MessagesChangedSince(ctx context.Context, c Conversation, after, asOf int64, limit int) (MessagePage, error) {
	limit = clampPageSize(limit)
	messages, err := s.store.MessagesChangedSince(ctx, c.Viewer, c.Room, after, limit+1)
	if err == nil {
		err = s.checkMember(ctx, c, messages)
	}
	if known := max(after, asOf); err == nil && known > 0 {
		err = s.checkCursor(ctx, c, known)
	}
	if err != nil || len(messages) <= limit {
		return MessagePage{Messages: messages}, err
	}
	return MessagePage{Messages: messages[:limit], HasNewer: true}, nil
}

// checkCursor tells whether who knew c as of a number can be told what changed since.
func (s *Service) checkCursor(ctx context.Context, c Conversation, after int64) error {
	upset, err := s.store.AccountDeletedSince(ctx, c.Room, after)
	if err == nil && (upset || after > c.LastSeq) {
		err = errCursorTooOld
	}
	return err
}

func clampPageSize(limit int) int {
	if limit == 0 {
		return DefaultPageSize
	}
	return max(1, min(limit, maxPageSize))
}

// checkMember tells an empty room from one that c.Me has left.
func (s *Service) checkMember(ctx context.Context, c Conversation, messages []Message) (err error) {
	if len(messages) == 0 && c.Kind == Channel {
		_, err = s.store.ConversationIn(ctx, c.Viewer, c.Room)
	}
	return err
}

// FilesPerMessage returns one message of a conversation of by, or ErrNotFound.
func (s *Service) Message(ctx context.Context, by User, id int64) (Message, error) {
	return s.store.Message(ctx, by.ID, id)
}

// Changes reads what happened in c after the cursor. It is Partial when the cursor is beyond the room's last number or
// more than ReplayLimit messages behind: then only fetching the page again helps. See CheckMemberSince.
func (s *Service) Changes(ctx context.Context, c Conversation, cursor int64) (Changes, error) {
	if c.Room == 0 {
		return Changes{TooFarBehind: cursor > 0}, nil
	}
	changes, err := s.store.Changes(ctx, c.Room, cursor, ReplayLimit)
	changes.TooFarBehind = changes.TooFarBehind || cursor > changes.LastSeq
	if err == nil {
		err = s.CheckMemberSince(ctx, c, cursor, changes)
	}
	return changes, err
}

// CheckMemberSince answers NotFound when c.Me, who was in the room when c was read, left it before the changes after the cursor
// were, and did not come back. Whoever left stands in the changes, unless the cursor is from after c.
func (s *Service) CheckMemberSince(ctx context.Context, c Conversation, cursor int64, changes Changes) error {
	left := func(d Departure) bool { return d.User == c.Viewer }
	if c.Kind == Direct || cursor <= c.LastSeq && !slices.ContainsFunc(changes.Left, left) {
		return nil
	}
	_, err := s.store.ConversationIn(ctx, c.Viewer, c.Room)
	return err
}

// MessagePage is a window on a conversation: messages in order of seq. Older tells of a window before a seq that there are
// older ones, Newer of one after a seq that there are newer ones.
type MessagePage struct {
	Messages           []Message
	HasOlder, HasNewer bool
}

// Changes is what happened in a room after a cursor, read in one snapshot in which LastSeq was the room's last seq.
type Changes struct {
	LastSeq      int64
	Replaced     []Message   // messages at or before the cursor that changed after it
	Added        []Message   // messages after the cursor, in order of seq, in their present state
	Left         []Departure // who left the room after the cursor, in order of seq
	TooFarBehind bool        // there was more than the limit, or other lines changed too; the lists of messages are not to be used
}

// ClassifyChanges sorts messages that changed after the cursor into replaced and added ones.
func ClassifyChanges(cursor, lastSeq int64, messages []Message) Changes {
	c := Changes{LastSeq: lastSeq}
	for _, m := range messages {
		if m.Seq > cursor {
			c.Added = append(c.Added, m)
		} else {
			c.Replaced = append(c.Replaced, m)
		}
	}
	return c
}
