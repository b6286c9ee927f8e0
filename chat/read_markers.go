package chat

import "context"

// ReadMarkerWriter stores how far members have read.
type ReadMarkerWriter interface {
	// SetReadMarker moves the read marker of a member forward to seq. It returns false if the marker was already there
	// or further. If marks is not negative and the member has marked messages as unread another number of times, it
	// does nothing and returns false.
	SetReadMarker(ctx context.Context, room, user, seq, marks int64) (bool, error)
	// MarkUnread sets the read marker of a member before a seq and counts one more mark.
	MarkUnread(ctx context.Context, room, user, seq int64) error
}

// MarkRead records that the acting user has read a conversation up to seq, and has seen what their inbox has about it
// up to there. It does not move the read marker back, nor beyond the last message. A page gives the UnreadMarks of the
// Conversation with which it was opened: if its user has marked messages as unread since, MarkRead does nothing.
// Negative marks mean that this does not matter.
func (s *Service) MarkRead(ctx context.Context, by User, ref ConversationRef, seq, marks int64) error {
	c, err := s.Conversation(ctx, by, ref)
	if err != nil {
		return err
	}
	seq = min(seq, c.LastSeq)
	if marks >= 0 && marks != c.UnreadMarks || seq <= c.ReadSeq && c.Unseen == 0 {
		return nil
	}
	moved := false
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if moved, err = tx.SetReadMarker(ctx, c.Room, by.ID, seq, marks); err != nil || c.Unseen == 0 {
			return err
		}
		return tx.SeeInboxRoom(ctx, by.ID, c.Room, 0, seq, s.now())
	})
	if err != nil {
		return err
	}
	if moved {
		s.events.Publish(ReadMarkerMoved{User: by.ID, Room: c.Room})
	}
	if c.Unseen > 0 {
		s.publishInboxChanged([]int64{by.ID})
	}
	return nil
}

// MarkUnread makes a message and all messages after it unread for the acting user. Only this moves a read marker back.
// It returns ErrNotFound if the user may not see the message.
func (s *Service) MarkUnread(ctx context.Context, by User, message int64) error {
	m, err := s.store.Message(ctx, by.ID, message)
	if err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error { return tx.MarkUnread(ctx, m.Room, by.ID, m.Seq) })
	if err != nil {
		return err
	}
	s.events.Publish(ReadMarkerMoved{User: by.ID, Room: m.Room})
	return nil
}
