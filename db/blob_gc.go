package db

import (
	"context"

	"charla/chat"
)

// UnusedBlobs returns the ids of blobs that no file refers to. It reads the whole table, but runs only once an hour.
func (r reader) UnusedBlobs(ctx context.Context, limit int) (ids []int64, err error) {
	const query = `
		SELECT b.id FROM blobs b
		WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.blob_id = b.id)
		ORDER BY b.id
		LIMIT $1`
	err = r.list(ctx, "list unused blobs", &ids, query, limit)
	return ids, err
}

// UnreferencedObjects returns those of the given object names that no blob refers to. It passes the names as JSON; see
// listToJSON.
func (r reader) UnreferencedObjects(ctx context.Context, objects []string) (unreferenced []string, err error) {
	const query = `
		WITH asked AS MATERIALIZED (SELECT value ->> 0 AS object FROM json_each($1))
		SELECT a.object FROM asked a
		WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.object = a.object)
		ORDER BY a.object`
	err = r.list(ctx, "find unreferenced objects", &unreferenced, query, listToJSON(tuples(objects)))
	return unreferenced, err
}

// DeleteBlobs deletes the given blobs that no file refers to and returns the names of their objects. If another
// transaction is creating a file with one of the blobs, DeleteBlobs deletes nothing and returns chat.ErrNotFound.
func (w writer) DeleteBlobs(ctx context.Context, ids []int64) (objects []string, err error) {
	const query = `
		DELETE FROM blobs
		WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))
			AND NOT EXISTS (SELECT 1 FROM files f WHERE f.blob_id = blobs.id)
		RETURNING object`
	err = w.list(ctx, "delete blobs", &objects, query, listToJSON(tuples(ids)))
	return objects, err
}

// DeleteStaleFiles deletes the pending files that were uploaded before a time. Their blobs stay; UnusedBlobs finds them
// afterwards.
func (w writer) DeleteStaleFiles(ctx context.Context, before chat.Timestamp) error {
	const query = `
		DELETE FROM files AS f WHERE f.created_at < $1 AND ` + isUnattached
	_, err := w.exec(ctx, "delete stale files", query, before)
	return err
}
