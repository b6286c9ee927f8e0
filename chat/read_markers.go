package chat

import "context"

// ReadMarkerWriter stores how far members have read.
type ReadMarkerWriter interface {
	// SetReadMarker moves the read marker of a member forward to seq. It returns false if the marker was already there
	// or further.
	SetReadMarker(ctx context.Context, room, user, seq int64) (bool, error)
}

// MarkRead records that the acting user has read a conversation up to seq. It does not move the read marker back, nor
// beyond the last message.
func (s *Service) MarkRead(ctx context.Context, by User, ref ConversationRef, seq int64) error {
	c, err := s.Conversation(ctx, by, ref)
	if err != nil {
		return err
	}
	if seq = min(seq, c.LastSeq); seq <= c.ReadSeq {
		return nil
	}
	moved := false
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		moved, err = tx.SetReadMarker(ctx, c.Room, by.ID, seq)
		return err
	})
	if err != nil || !moved {
		return err
	}
	s.events.Publish(ReadMarkerMoved{User: by.ID, Room: c.Room})
	return nil
}
