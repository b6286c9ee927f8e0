package db

import (
	"context"
	"encoding/json"

	"charla/chat"
)

// UnusedBlobs reads the whole table, once an hour.
func (r reader) UnusedBlobs(ctx context.Context, limit int) (ids []int64, err error) {
	const query = `
		SELECT c.id FROM contents c
		WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.content_id = c.id)
		ORDER BY c.id
		LIMIT $1`
	err = r.list(ctx, &ids, query, limit)
	return ids, err
}

// UnreferencedObjects takes the names as one JSON object, like LastSeqs.
func (r reader) UnreferencedObjects(ctx context.Context, objects []string) (orphans []string, err error) {
	const query = `
		WITH asked AS MATERIALIZED (SELECT value ->> 0 AS object FROM json_each($1))
		SELECT a.object FROM asked a
		WHERE NOT EXISTS (SELECT 1 FROM contents c WHERE c.object = a.object)
		ORDER BY a.object`
	names := make(map[int][1]string, len(objects))
	for i, name := range objects {
		names[i] = [1]string{name}
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	err = r.list(ctx, &orphans, query, string(list))
	return orphans, err
}

// DeleteBlobs fails where a file is being made of one of them.
func (w writer) DeleteBlobs(ctx context.Context, contents []int64) (objects []string, err error) {
	const query = `
		DELETE FROM contents
		WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))
			AND NOT EXISTS (SELECT 1 FROM files f WHERE f.content_id = contents.id)
		RETURNING object`
	err = w.list(ctx, &objects, query, idsToJSON(contents))
	return objects, err
}

// DeleteStaleFiles leaves the contents to who looks for unused ones.
func (w writer) DeleteStaleFiles(ctx context.Context, t chat.Timestamp) error {
	const query = `
		DELETE FROM files AS f WHERE f.created_at < $1 AND ` + isUnattached
	_, err := w.exec(ctx, query, t)
	return err
}
