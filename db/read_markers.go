package db

import "context"

// SetReadMarker moves the read marker of a member forward to seq and reports whether it moved. It never moves a marker
// back. If marks is not negative, it must be the member's number of marks.
func (w writer) SetReadMarker(ctx context.Context, room, user, seq, marks int64) (moved bool, err error) {
	const query = `
		UPDATE members SET read_seq = $3
		WHERE room_id = $1 AND user_id = $2 AND read_seq < $3 AND ($4 < 0 OR unread_marks = $4)`
	n, err := w.exec(ctx, "set read marker", query, room, user, seq, marks)
	return n > 0, err
}

// MarkUnread sets the read marker of a member before seq. It returns chat.ErrNotFound for somebody who is not a member.
func (w writer) MarkUnread(ctx context.Context, room, user, seq int64) error {
	const query = `
		UPDATE members SET read_seq = $3 - 1, unread_marks = unread_marks + 1 WHERE room_id = $1 AND user_id = $2`
	return w.execRow(ctx, "mark unread", query, room, user, seq)
}
