package dbtest

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/lib/pq"

	"charla/chat"
	"charla/db"
)

// SearchIndexProblems compares the search index with the messages and returns what differs. The messages that the index
// is known to lack are not compared. It marks every message as changed and indexes it again; what this changes was
// wrong. On SQLite it also compares the full-text index with the stored tokens. pool is another connection to the
// database of the store.
func SearchIndexProblems(t testing.TB, pool *sql.DB, store *db.Store) (problems []string) {
	t.Helper()
	if !IsPostgres(pool) {
		const compare = `INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)`
		if _, err := pool.Exec(compare); err != nil {
			return []string{"the full-text index differs from the tokens: " + err.Error()}
		}
	}
	found := indexedTokens(t, pool)
	_, err := pool.Exec(`
		INSERT INTO search_changes (message_id, changed_seq) SELECT id, changed_seq FROM messages WHERE TRUE
		ON CONFLICT (message_id) DO NOTHING`)
	if err != nil {
		t.Fatal(err)
	}
	service := chat.NewService(chat.Options{Store: store})
	for more := true; more; {
		if more, err = service.IndexMessages(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	right := indexedTokens(t, pool)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if found[id] != right[id] {
			problems = append(
				problems, fmt.Sprintf("message %d is indexed as %q instead of %q", id, found[id], right[id]),
			)
		}
	}
	return problems
}

// IsPostgres reports whether a pool is connected to PostgreSQL.
func IsPostgres(pool *sql.DB) bool {
	_, yes := pool.Driver().(*pq.Driver)
	return yes
}

// indexedTokens returns the tokens of all messages that the index claims to contain, by id.
func indexedTokens(t testing.TB, pool *sql.DB) map[int64]string {
	t.Helper()
	rows, err := pool.Query(`
		SELECT m.id, COALESCE(CAST(d.tokens AS TEXT), 'nothing')
		FROM messages m
		JOIN search_progress p ON p.room_id = m.room_id AND p.indexed_seq >= m.seq
		LEFT JOIN search_documents d ON d.message_id = m.id
		WHERE NOT EXISTS (SELECT 1 FROM search_changes c WHERE c.message_id = m.id)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tokens := map[int64]string{}
	for rows.Next() {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			t.Fatal(err)
		}
		tokens[id] = text
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return tokens
}
