package chat

import (
	"context"
	"math"
)

// SavedMessageReader reads the messages that users saved. A message is left out while its user is not a member of its
// room.
type SavedMessageReader interface {
	// SavedMessages lists at most limit messages that a user saved, the last saved first, with a SaveID less than
	// before.
	SavedMessages(ctx context.Context, user, before int64, limit int) ([]SavedMessage, error)
	// SavedIDs lists at most limit ids below an id, highest first, of messages that a user saved.
	SavedIDs(ctx context.Context, user, below int64, limit int) ([]int64, error)
	// SavedAmong returns those of the given messages that a user saved.
	SavedAmong(ctx context.Context, user int64, messages []int64) ([]int64, error)
	// ExportSavedMessages lists all messages that a user saved, ordered by message, also those in rooms that the user
	// has left.
	ExportSavedMessages(ctx context.Context, user, after int64, limit int) ([]ExportedSavedMessage, error)
}

// SavedMessageWriter saves messages for users.
type SavedMessageWriter interface {
	// SaveMessage saves a message for a user. It does nothing if they have saved it already.
	SaveMessage(ctx context.Context, user, message int64, at Timestamp) error
	// UnsaveMessage removes a message from those that a user saved.
	UnsaveMessage(ctx context.Context, user, message int64) error
	// DeleteSaves removes a message from those that anybody saved.
	DeleteSaves(ctx context.Context, message int64) error
}

// SavedMessage is a message that a user saved, with its room. SaveID grows in the order in which messages are saved.
type SavedMessage struct {
	Message Message
	Room    SearchRoom
	SaveID  int64
	SavedAt Timestamp
}

// ExportedSavedMessage is a message that a user saved.
type ExportedSavedMessage struct {
	Message int64     `db:"message_id"`
	Room    int64     `db:"room_id"`
	SavedAt Timestamp `db:"saved_at"`
}

// SaveMessage saves a message for the acting user alone. Saving it again changes nothing. It returns ErrNotFound if
// they may not see the message, and Conflict if it was deleted.
func (s *Service) SaveMessage(ctx context.Context, by User, message int64) (Message, error) {
	m, err := s.store.Message(ctx, by.ID, message)
	if err != nil {
		return Message{}, err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		if _, _, err := tx.LockRoom(ctx, m.Room); err != nil { // so that the message is not deleted meanwhile
			return err
		}
		if m, err = tx.Message(ctx, by.ID, message); err != nil {
			return err
		}
		if m.DeletedAt > 0 {
			return errMessageDeleted
		}
		return tx.SaveMessage(ctx, by.ID, m.ID, s.now())
	})
	return m, err
}

// UnsaveMessage removes a message from those that the acting user saved, if it is one of them. It returns ErrNotFound
// if they may not see the message.
func (s *Service) UnsaveMessage(ctx context.Context, by User, message int64) (Message, error) {
	m, err := s.store.Message(ctx, by.ID, message)
	if err != nil {
		return Message{}, err
	}
	return m, s.store.InTx(ctx, func(tx Tx) error { return tx.UnsaveMessage(ctx, by.ID, m.ID) })
}

// HasSaved reports whether the acting user has saved a message.
func (s *Service) HasSaved(ctx context.Context, by User, message int64) (bool, error) {
	saved, err := s.store.SavedAmong(ctx, by.ID, []int64{message})
	return len(saved) > 0, err
}

// SavedMessages lists messages that the acting user saved, the last saved first: those with a SaveID less than before,
// or all if before is zero. The limit is as in MessagesBefore. The result more reports whether there are others.
func (s *Service) SavedMessages(
	ctx context.Context, by User, before int64, limit int,
) (list []SavedMessage, more bool, err error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	limit = clampPageSize(limit)
	if list, err = s.store.SavedMessages(ctx, by.ID, before, limit+1); err != nil || len(list) == 0 {
		return nil, false, err
	}
	rooms, err := s.store.SearchRooms(ctx, by.ID)
	if err != nil {
		return nil, false, err
	}
	byID := map[int64]SearchRoom{}
	for _, r := range rooms {
		byID[r.Room] = r
	}
	for i := range list {
		list[i].Room = byID[list[i].Message.Room]
	}
	list, more = trimToLimit(list, limit)
	return list, more, nil
}
