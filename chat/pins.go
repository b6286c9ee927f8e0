package chat

import (
	"context"
	"math"
)

// PinReader reads pinned messages.
type PinReader interface {
	// PinnedMessages lists at most limit pinned messages of a room whose Pin.Seq is less than before, the last pinned
	// first. It returns nothing if the user is not a member of the room.
	PinnedMessages(ctx context.Context, user, room, before int64, limit int) ([]Message, error)
	// PinnedIDs lists at most limit ids below an id, highest first, of pinned messages in the user's rooms.
	PinnedIDs(ctx context.Context, user, below int64, limit int) ([]int64, error)
	// CountPins returns how many messages are pinned in a room.
	CountPins(ctx context.Context, room int64) (int, error)
	// ExportPins lists the messages that a user pinned, ordered by message.
	ExportPins(ctx context.Context, user, after int64, limit int) ([]ExportedPin, error)
}

// PinWriter pins and unpins messages.
type PinWriter interface {
	// InsertPin pins a message. Only the id of p.By is stored. It returns ErrDuplicate if the message is pinned.
	InsertPin(ctx context.Context, m Message, p Pin) error
	// DeletePin unpins a message.
	DeletePin(ctx context.Context, message int64) error
}

// MaxPins is how many messages of a room can be pinned.
const MaxPins = 100

// Pin says that a message is pinned in its room. Seq is the number of the change that pinned it; it is zero if the
// message is not pinned. By has no name if the user deleted their account.
type Pin struct {
	Seq int64
	By  UserSummary // id, name and handle only
	At  Timestamp
}

// IsPinned reports whether the message is pinned in its room.
func (m Message) IsPinned() bool { return m.Pin.Seq > 0 }

// ExportedPin is a message that a user pinned.
type ExportedPin struct {
	Message  int64     `db:"message_id"`
	Room     int64     `db:"room_id"`
	PinnedAt Timestamp `db:"pinned_at"`
}

// PinMessage pins a message for everybody in its room. Pinning it again changes nothing. It returns ErrNotFound if the
// acting user may not see the message, Forbidden if they may not pin messages there, and Conflict for a deleted message
// and if MaxPins messages of the room are pinned.
func (s *Service) PinMessage(ctx context.Context, by User, message int64) (ChangeResult, error) {
	return s.changePin(ctx, by, message, func(tx Tx, m *Message) error {
		switch {
		case m.DeletedAt > 0:
			return errMessageDeleted
		case m.IsPinned():
			return errUnchanged
		}
		if pinned, err := tx.CountPins(ctx, m.Room); err != nil {
			return err
		} else if pinned >= MaxPins {
			return Errorf(Conflict, "At most %d messages can be pinned here. Unpin one first.", MaxPins)
		}
		return tx.InsertPin(ctx, *m, Pin{Seq: m.ChangedSeq, By: by.Summary(), At: s.now()})
	})
}

// UnpinMessage unpins a message. Doing it again changes nothing. It returns ErrNotFound and Forbidden like PinMessage.
func (s *Service) UnpinMessage(ctx context.Context, by User, message int64) (ChangeResult, error) {
	return s.changePin(ctx, by, message, func(tx Tx, m *Message) error {
		if !m.IsPinned() {
			return errUnchanged
		}
		return tx.DeletePin(ctx, m.ID)
	})
}

// changePin lets the function change pin or unpin a message, if the acting user may do that in its room.
func (s *Service) changePin(
	ctx context.Context, by User, message int64, change func(tx Tx, m *Message) error,
) (ChangeResult, error) {
	m, err := s.store.Message(ctx, by.ID, message)
	if err != nil {
		return ChangeResult{}, err
	}
	return s.changeMessage(ctx, by, m, Pinned, func(tx Tx, m *Message) error {
		c, err := tx.ConversationIn(ctx, by.ID, m.Room)
		if err != nil {
			return err
		}
		settings, err := tx.Community(ctx)
		if err != nil {
			return err
		}
		if err := c.checkPin(settings, by); err != nil {
			return err
		}
		return change(tx, m)
	})
}

// MayPin reports whether the viewer of a conversation may pin and unpin its messages.
func (c Conversation) MayPin(settings Community, viewer User) bool {
	return c.checkPin(settings, viewer) == nil
}

// checkPin returns nil if the viewer of a conversation may pin and unpin its messages, and Forbidden otherwise. In a
// room, their role in the community or in the room decides. In a direct conversation both people may, also guests.
func (c Conversation) checkPin(settings Community, viewer User) error {
	p := settings.Permission(PinMessages)
	switch {
	case c.PeerDeleted():
		return errPeerDeleted
	case c.Kind == Direct || c.Role.AtLeast(p.Room) || viewer.Role.AtLeast(p.Community):
		return nil
	}
	return Errorf(Forbidden, "You can't pin messages in this room.")
}

// MayPin reports whether the acting user may pin and unpin messages in a room.
func (s *Service) MayPin(ctx context.Context, by User, room int64) (bool, error) {
	c, err := s.store.ConversationIn(ctx, by.ID, room)
	return err == nil && c.MayPin(s.Community(ctx), by), err
}

// PinnedMessages lists pinned messages of c, the last pinned first: those with a Pin.Seq less than before, or all if
// before is zero. The limit is as in MessagesBefore. The result more reports whether there are others. It returns
// ErrNotFound if the viewer has left the room since c was read.
func (s *Service) PinnedMessages(
	ctx context.Context, c Conversation, before int64, limit int,
) (messages []Message, more bool, err error) {
	if c.Room == 0 { // a direct conversation without messages
		return nil, false, nil
	}
	if before <= 0 {
		before = math.MaxInt64
	}
	limit = clampPageSize(limit)
	if messages, err = s.store.PinnedMessages(ctx, c.Viewer, c.Room, before, limit+1); err != nil {
		return nil, false, err
	}
	messages, more = trimToLimit(messages, limit)
	return messages, more, s.checkMember(ctx, c, messages)
}
