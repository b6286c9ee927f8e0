package chat

import "context"

// ReadMarkerWriter stores how far members have read.
type ReadMarkerWriter interface {
	// SetReadMarker moves the read marker of a member forward. It returns false if the marker was at or beyond seq.
	SetReadMarker(ctx context.Context, room, user, seq int64) (bool, error)
}

// MarkRead records that by has seen the messages of a conversation up to seq. A mark never moves back and never goes
// beyond what exists.
func (s *Service) MarkRead(ctx context.Context, by User, p ConversationRef, seq int64) error {
	c, err := s.Conversation(ctx, by, p)
	if err != nil {
		return err
	}
	if seq = min(seq, c.LastSeq); seq <= c.ReadSeq {
		return nil
	}
	moved := false
	err = s.store.InTx(ctx, func(tx Tx) error {
		moved, err = tx.SetReadMarker(ctx, c.Room, by.ID, seq)
		return err
	})
	if moved && err == nil {
		s.events.Publish(ReadMarkerMoved{User: by.ID, Room: c.Room})
	}
	return err
}
