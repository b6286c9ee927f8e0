package db

import (
	"context"
	"time"

	"charla/chat"
)

// Node is a process that shares the database. Relay tells whether it shares hints too.
type Node struct {
	ID     string         `db:"id"`
	SeenAt chat.Timestamp `db:"seen_at"`
	Relay  bool           `db:"relay"`
}

// A node that has not been seen for nodeRetention is forgotten. At most maxNodes are listed.
const (
	nodeRetention = chat.Timestamp(time.Hour / time.Microsecond)
	maxNodes      = 100
)

// Heartbeat records that a node lives and lists the others, the latest seen first, dead ones of the last hour included:
// whoever lives is seen at another time at the next look.
func (s *Store) Heartbeat(ctx context.Context, me Node) (others []Node, err error) {
	const (
		touch = `
			INSERT INTO nodes (id, seen_at, relay) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, relay = excluded.relay`
		prune = `
			DELETE FROM nodes WHERE seen_at < $1`
		query = `
			SELECT id, seen_at, relay FROM nodes WHERE id <> $1 ORDER BY seen_at DESC, id LIMIT $2`
	)
	err = s.InTx(ctx, func(tx chat.Tx) error {
		w := tx.(writer)
		if _, err := w.exec(ctx, touch, me.ID, me.SeenAt, me.Relay); err != nil {
			return err
		}
		if _, err := w.exec(ctx, prune, me.SeenAt-nodeRetention); err != nil {
			return err
		}
		return w.list(ctx, &others, query, me.ID, maxNodes)
	})
	return others, err
}

// DeleteNode forgets a node that stops.
func (s *Store) DeleteNode(ctx context.Context, id string) error {
	const query = `
		DELETE FROM nodes WHERE id = $1`
	return s.InTx(ctx, func(tx chat.Tx) error {
		_, err := tx.(writer).exec(ctx, query, id)
		return err
	})
}
