package chat

import (
	"context"
	"math"
	"slices"
)

// The default and the maximum number of messages on a page of history.
const (
	DefaultPageSize = 50
	maxPageSize     = 200
)

// ReplayLimit is how many changed messages a reader may have missed before it must load its page again.
const ReplayLimit = 500

// MessagePage is a page of a conversation's messages, ordered by seq.
type MessagePage struct {
	Messages []Message
	HasOlder bool // there are older messages; not set by MessagesAfter and MessagesChangedSince
	HasNewer bool // there are more messages after the page; not set by MessagesBefore
}

// MessagesBefore returns a page of the messages of c whose seq is less than before, or of all messages if before is
// zero. The page holds the newest of them, at most limit. A limit of zero means DefaultPageSize; other limits are
// clamped to 1…200. It returns ErrNotFound if the viewer has left the room since c was read. An empty page would be
// wrong then, because the viewer may later rejoin the room.
func (s *Service) MessagesBefore(ctx context.Context, c Conversation, before int64, limit int) (MessagePage, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	limit = clampPageSize(limit)
	messages, err := s.store.MessagesBefore(ctx, c.Viewer, c.Room, before, limit+1)
	if err != nil {
		return MessagePage{}, err
	}
	if err := s.checkMember(ctx, c, messages); err != nil {
		return MessagePage{}, err
	}
	if len(messages) <= limit {
		return MessagePage{Messages: messages}, nil
	}
	return MessagePage{Messages: messages[1:], HasOlder: true}, nil
}

// MessagesAfter returns a page of the messages of c whose seq is greater than after. The page holds the oldest of them,
// at most limit, in their current version. A limit of zero means DefaultPageSize; other limits are clamped to 1…200. It
// returns ErrNotFound if the viewer has left the room since c was read.
func (s *Service) MessagesAfter(ctx context.Context, c Conversation, after int64, limit int) (MessagePage, error) {
	limit = clampPageSize(limit)
	messages, err := s.store.MessagesAfter(ctx, c.Viewer, c.Room, after, limit+1)
	if err != nil {
		return MessagePage{}, err
	}
	return s.firstPage(ctx, c, messages, limit)
}

var errCursorTooOld = &Error{
	Code: Conflict, Field: "changed_after", Format: "This position is too old or doesn't exist. Start again from 0.",
}

// MessagesChangedSince returns a page of the messages of c whose ChangedSeq is greater than after, lowest ChangedSeq
// first, in their current version. The limit and ErrNotFound are as in MessagesBefore. It returns Conflict if the room
// has no such seq yet, or if somebody has deleted their account since, because a deletion changes the author of
// messages that are not listed.
//
// A reader that starts from 0 knows no messages, so it gets no Conflict for the first page. For the following pages it
// passes as asOf the room's last seq at the time of the first page. Every other reader passes zero as asOf.
func (s *Service) MessagesChangedSince(
	ctx context.Context, c Conversation, after, asOf int64, limit int,
) (MessagePage, error) {
	limit = clampPageSize(limit)
	messages, err := s.store.MessagesChangedSince(ctx, c.Viewer, c.Room, after, limit+1)
	if err != nil {
		return MessagePage{}, err
	}
	page, err := s.firstPage(ctx, c, messages, limit)
	if err != nil {
		return MessagePage{}, err
	}
	if knownSeq := max(after, asOf); knownSeq > 0 {
		if err := s.checkCursor(ctx, c, knownSeq); err != nil {
			return MessagePage{}, err
		}
	}
	return page, nil
}

// firstPage returns a page with the first messages of a list, at most limit. The caller has tried to read one message
// more than limit; if the list has it, newer messages follow the page.
func (s *Service) firstPage(ctx context.Context, c Conversation, messages []Message, limit int) (MessagePage, error) {
	if err := s.checkMember(ctx, c, messages); err != nil {
		return MessagePage{}, err
	}
	messages, more := trimToLimit(messages, limit)
	return MessagePage{Messages: messages, HasNewer: more}, nil
}

// checkCursor returns Conflict if a reader that has seen everything up to the seq given as "after" cannot be updated
// with changed messages alone. This is so if the room has no such seq yet, or somebody has deleted their account since.
func (s *Service) checkCursor(ctx context.Context, c Conversation, after int64) error {
	if after > c.LastSeq {
		return errCursorTooOld
	}
	accountDeleted, err := s.store.AccountDeletedSince(ctx, c.Room, after)
	if err != nil {
		return err
	}
	if accountDeleted {
		return errCursorTooOld
	}
	return nil
}

func clampPageSize(limit int) int {
	if limit == 0 {
		return DefaultPageSize
	}
	return max(1, min(limit, maxPageSize))
}

// checkMember returns ErrNotFound if a list of messages is empty because the viewer is not a member of the room any
// more.
func (s *Service) checkMember(ctx context.Context, c Conversation, messages []Message) error {
	if len(messages) > 0 || c.Kind == Direct {
		return nil
	}
	_, err := s.store.ConversationIn(ctx, c.Viewer, c.Room)
	return err
}

// Message returns a message from a conversation of the acting user, or ErrNotFound.
func (s *Service) Message(ctx context.Context, by User, id int64) (Message, error) {
	return s.store.Message(ctx, by.ID, id)
}

// Changes are the changes of a room after a cursor, all as of one moment. The cursor is the seq up to which a reader
// has seen everything.
type Changes struct {
	LastSeq      int64       // last seq of the room in the snapshot
	Replaced     []Message   // messages at or before the cursor that changed after it
	Added        []Message   // messages after the cursor, ordered by seq, as they are now
	Left         []Departure // departures after the cursor, ordered by seq
	TooFarBehind bool        // the messages are incomplete: the reader must load its page again
}

// ClassifyChanges divides the messages that changed after the cursor: those that were posted after it are new to the
// reader and go to Added; the reader has the others in an older version, and they go to Replaced. lastSeq becomes
// LastSeq of the result.
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

// Changes returns the changes of c after the cursor. TooFarBehind is set if the cursor is beyond the room's last seq,
// more than ReplayLimit messages have changed, or somebody has deleted their account since. It returns ErrNotFound if
// the viewer has left the room; see CheckMemberSince.
func (s *Service) Changes(ctx context.Context, c Conversation, cursor int64) (Changes, error) {
	if c.Room == 0 {
		return Changes{TooFarBehind: cursor > 0}, nil
	}
	changes, err := s.store.Changes(ctx, c.Room, cursor, ReplayLimit)
	if err != nil {
		return Changes{}, err
	}
	changes.TooFarBehind = changes.TooFarBehind || cursor > changes.LastSeq
	return changes, s.CheckMemberSince(ctx, c, cursor, changes)
}

// CheckMemberSince returns ErrNotFound if the viewer has left the room since c was read and has not come back. The
// argument changes holds the changes after the cursor. If they contain no departure of the viewer, no query is needed,
// unless the cursor is newer than c: then the viewer may have left between c and the cursor.
func (s *Service) CheckMemberSince(ctx context.Context, c Conversation, cursor int64, changes Changes) error {
	isViewer := func(d Departure) bool { return d.User == c.Viewer }
	if c.Kind == Direct || cursor <= c.LastSeq && !slices.ContainsFunc(changes.Left, isViewer) {
		return nil
	}
	_, err := s.store.ConversationIn(ctx, c.Viewer, c.Room)
	return err
}

// authoredScanWindow is how many seqs one call of authoredMessages searches. It bounds the time for which a caller has
// the room locked.
const authoredScanWindow = 10_000

// authoredMessages returns at most limit messages of a user in a room whose seq is greater than after, without deleted
// ones. The result scannedTo is the seq up to which it has searched; the next call passes it as after.
func authoredMessages(
	ctx context.Context, r MessageReader, user, room, after int64, limit int,
) (messages []Message, scannedTo int64, err error) {
	scannedTo = after + authoredScanWindow
	messages, err = r.MessagesByAuthor(ctx, user, room, after, scannedTo, limit)
	if len(messages) == limit {
		scannedTo = messages[limit-1].Seq
	}
	return messages, scannedTo, err
}
