package db

import (
	"context"

	"charla/chat"
)

// Node is a process that uses the database. HasRelay reports whether it announces changes to other nodes over NATS.
type Node struct {
	ID       string         `db:"id"`
	SeenAt   chat.Timestamp `db:"seen_at"`
	HasRelay bool           `db:"has_relay"`
}

// Heartbeat records that the node me is running and deletes nodes that were last seen before forgetBefore. It returns
// at most limit other nodes, latest first. They include crashed nodes: a node is running only if its SeenAt changes
// between two calls.
func (s *Store) Heartbeat(
	ctx context.Context, me Node, forgetBefore chat.Timestamp, limit int,
) (others []Node, err error) {
	const op = "record heartbeat"
	const (
		touch = `
			INSERT INTO nodes (id, seen_at, has_relay) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, has_relay = excluded.has_relay`
		prune = `
			DELETE FROM nodes WHERE seen_at < $1`
		list = `
			SELECT id, seen_at, has_relay FROM nodes WHERE id <> $1 ORDER BY seen_at DESC, id LIMIT $2`
	)
	err = s.InTx(ctx, func(tx chat.Tx) error {
		w := tx.(writer)
		if _, err := w.exec(ctx, op, touch, me.ID, me.SeenAt, me.HasRelay); err != nil {
			return err
		}
		if _, err := w.exec(ctx, op, prune, forgetBefore); err != nil {
			return err
		}
		return w.list(ctx, op, &others, list, me.ID, limit)
	})
	return others, err
}

// DeleteNode removes the record of a node that is stopping.
func (s *Store) DeleteNode(ctx context.Context, id string) error {
	const query = `
		DELETE FROM nodes WHERE id = $1`
	return s.InTx(ctx, func(tx chat.Tx) error {
		_, err := tx.(writer).exec(ctx, "delete node", query, id)
		return err
	})
}
