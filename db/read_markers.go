package db

import "context"

// SetReadMarker moves the read marker of a member forward to seq and reports whether it moved. It never moves a marker
// back.
func (w writer) SetReadMarker(ctx context.Context, room, user, seq int64) (moved bool, err error) {
	const query = `
		UPDATE members SET read_seq = $3 WHERE room_id = $1 AND user_id = $2 AND read_seq < $3`
	n, err := w.exec(ctx, "set read marker", query, room, user, seq)
	return n > 0, err
}
