package db

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"charla/chat"
)

// maxTopics is how many topics one statement asks for. Each takes three of the 32,766 values that SQLite allows.
const maxTopics = 4096

// LastSeqs looks channels up by id and direct rooms by their pair. The answer is a map, so it needs no order.
func (r reader) LastSeqs(ctx context.Context, topics []chat.Topic) (map[chat.Topic]chat.RoomSeq, error) {
	found := map[chat.Topic]chat.RoomSeq{}
	for some := range slices.Chunk(topics, maxTopics) {
		var rows []struct{ Room, Low, High, ID, Last int64 }
		query, args := lastSeqs(some)
		if err := r.list(ctx, &rows, query, args...); err != nil {
			return nil, err
		}
		for _, row := range rows {
			found[chat.Topic{Room: row.Room, Low: row.Low, High: row.High}] = chat.RoomSeq{Room: row.ID, LastSeq: row.Last}
		}
	}
	return found, nil
}

// lastSeqs returns a statement with a place for each topic. The first row of its list tells PostgreSQL the types.
// The places are filled up to a power of two with topics that do not exist: a few texts serve every number of streams,
// so they stay prepared.
func lastSeqs(topics []chat.Topic) (string, []any) {
	const query = `
		WITH asked (room, low, high) AS (VALUES (CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT))%s)
		SELECT a.room, a.low, a.high, r.id, r.last_seq AS last
		FROM asked a JOIN rooms r ON r.id = a.room
		WHERE r.kind = 'channel'
		UNION ALL
		SELECT a.room, a.low, a.high, r.id, r.last_seq
		FROM asked a JOIN rooms r ON r.pair_low = a.low AND r.pair_high = a.high`
	size := 1
	for size < len(topics) {
		size *= 2
	}
	var places strings.Builder
	args := make([]any, 3*size)
	for i := range size {
		fmt.Fprintf(&places, ", ($%d, $%d, $%d)", 3*i+1, 3*i+2, 3*i+3)
		t := chat.Topic{}
		if i < len(topics) {
			t = topics[i]
		}
		args[3*i], args[3*i+1], args[3*i+2] = t.Room, t.Low, t.High
	}
	return fmt.Sprintf(query, places.String()), args
}
