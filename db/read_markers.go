package db

import "context"

// SetReadMarker leaves a mark that stands further alone.
func (w writer) SetReadMarker(ctx context.Context, room, user, seq int64) (bool, error) {
	const query = `
		UPDATE members SET read_seq = $3 WHERE room_id = $1 AND user_id = $2 AND read_seq < $3`
	moved, err := w.exec(ctx, query, room, user, seq)
	return moved > 0, err
}
