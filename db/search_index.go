package db

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"charla/chat"
)

// UnindexedRooms lists rooms with changes that are not indexed, those with the fewest first.
func (r reader) UnindexedRooms(ctx context.Context, limit int) (rooms []chat.RoomProgress, err error) {
	const query = `
		SELECT r.id AS room_id, COALESCE(p.indexed_seq, 0) AS indexed_seq, r.last_seq
		FROM rooms r LEFT JOIN search_progress p ON p.room_id = r.id
		WHERE r.last_seq > COALESCE(p.indexed_seq, 0)
		ORDER BY r.last_seq - COALESCE(p.indexed_seq, 0), r.id
		LIMIT $1`
	err = r.list(ctx, "list unindexed rooms", &rooms, query, limit)
	return rooms, err
}

// askedRooms reads pairs of a room and a seq from the JSON of listToJSON.
const askedRooms = `
		WITH asked AS MATERIALIZED (
			SELECT CAST(value ->> 0 AS BIGINT) AS room_id, CAST(value ->> 1 AS BIGINT) AS seq FROM json_each($1))`

// MessagesToIndex lists messages of rooms after a seq that each room has, ordered by room and seq.
func (r reader) MessagesToIndex(ctx context.Context, rooms []chat.RoomProgress, limit int) ([]chat.Message, error) {
	const query = askedRooms + `
		SELECT ` + messageColumns + `
		FROM asked a
		JOIN messages x ON x.room_id = a.room_id AND x.seq > a.seq
		JOIN users u ON u.id = x.author_id
		ORDER BY x.room_id, x.seq
		LIMIT $2`
	return r.listMessages(ctx, "list messages to index", query, progressToJSON(rooms), limit)
}

// ChangedToIndex lists messages whose entry in the index is to be renewed.
func (r reader) ChangedToIndex(ctx context.Context, limit int) ([]chat.Message, error) {
	const query = selectMessage + `
		WHERE x.id IN (SELECT message_id FROM search_changes ORDER BY message_id LIMIT $1)
		ORDER BY x.id`
	return r.listMessages(ctx, "list changed messages to index", query, limit)
}

// InsertDocuments adds documents, except for messages that have one. An existing document is newer: it was written for
// a change after the message was read.
func (w writer) InsertDocuments(ctx context.Context, documents []chat.SearchDocument) error {
	query := w.documentsSQL() + `
		INSERT INTO search_documents (message_id, tokens)
		SELECT message_id, tokens FROM asked WHERE TRUE ORDER BY message_id
		ON CONFLICT (message_id) DO NOTHING`
	if len(documents) == 0 {
		return nil
	}
	_, err := w.exec(ctx, "index messages", query, w.documentsToJSON(documents))
	return err
}

// ReplaceDocuments removes the notes of changes and stores the documents of these messages. A note of a later change
// stays, and so does the document until that change is indexed.
func (w writer) ReplaceDocuments(ctx context.Context, documents []chat.SearchDocument) error {
	const op = "index changed messages"
	remove := w.documentsSQL() + `
		DELETE FROM search_changes WHERE EXISTS (
			SELECT 1 FROM asked a
			WHERE a.message_id = search_changes.message_id AND search_changes.changed_seq <= a.changed_seq)
		RETURNING message_id`
	store := w.documentsSQL() + `
		INSERT INTO search_documents (message_id, tokens)
		SELECT message_id, tokens FROM asked WHERE TRUE ORDER BY message_id
		ON CONFLICT (message_id) DO UPDATE SET tokens = excluded.tokens`
	var current []int64
	if err := w.list(ctx, op, &current, remove, w.documentsToJSON(documents)); err != nil {
		return err
	}
	documents = slices.DeleteFunc(slices.Clone(documents), func(d chat.SearchDocument) bool {
		return !slices.Contains(current, d.Message)
	})
	_, err := w.exec(ctx, op, store, w.documentsToJSON(documents))
	return err
}

// documentsSQL reads the documents from the JSON of documentsToJSON.
func (w writer) documentsSQL() string {
	const head = `
		WITH asked AS MATERIALIZED (
			SELECT CAST(value ->> 0 AS BIGINT) AS message_id, CAST(value ->> 1 AS BIGINT) AS changed_seq,
				`
	const tail = ` AS tokens
			FROM json_each($1))`
	if w.isPostgres() {
		return head + `CAST(value ->> 2 AS TSVECTOR)` + tail
	}
	return head + `value ->> 2` + tail
}

// documentsToJSON encodes documents for documentsSQL, each token in the syntax of the engine.
func (w writer) documentsToJSON(documents []chat.SearchDocument) string {
	postgres := w.isPostgres()
	rows := make([][3]any, len(documents))
	for i, d := range documents {
		tokens := slices.Clone(d.Tokens)
		for j := range tokens {
			if postgres {
				tokens[j] = quoteLexeme(tokens[j])
			}
		}
		rows[i] = [3]any{d.Message, d.ChangedSeq, strings.Join(tokens, " ")}
	}
	return listToJSON(rows)
}

// SetIndexed stores how far rooms are indexed. Two nodes may index the same messages; the higher seq stays.
func (w writer) SetIndexed(ctx context.Context, rooms []chat.RoomProgress) error {
	const query = askedRooms + `
		INSERT INTO search_progress (room_id, indexed_seq)
		SELECT room_id, seq FROM asked WHERE seq > 0 ORDER BY room_id
		ON CONFLICT (room_id) DO UPDATE SET indexed_seq = excluded.indexed_seq
		WHERE search_progress.indexed_seq < excluded.indexed_seq`
	_, err := w.exec(ctx, "store progress of the search index", query, progressToJSON(rooms))
	return err
}

// progressToJSON encodes rooms for askedRooms, in the order of their ids.
func progressToJSON(rooms []chat.RoomProgress) string {
	rows := make([][2]int64, len(rooms))
	for i, p := range rooms {
		rows[i] = [2]int64{p.Room, p.Indexed}
	}
	slices.SortFunc(rows, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	return listToJSON(rows)
}
