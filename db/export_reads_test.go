package db

import (
	"testing"

	"charla/chat"
)

// Read counts the messages that PostgreSQL looks at, in the table or in one of its indexes, to answer what ask asks.
func (s *Store) Read(t testing.TB, ask func(r chat.Reader) error) (n int64) {
	t.Helper()
	const query = `
		SELECT CAST(SUM(pg_stat_get_xact_tuples_returned(o.oid)) AS BIGINT)
		FROM (SELECT indexrelid AS oid FROM pg_index WHERE indrelid = 'messages'::regclass UNION SELECT 'messages'::regclass) AS o`
	var before, after int64
	err := s.InTx(t.Context(), func(tx chat.Tx) error {
		w := tx.(writer)
		if err := w.get(t.Context(), &before, query); err != nil {
			return err
		}
		if err := ask(w); err != nil {
			return err
		}
		return w.get(t.Context(), &after, query)
	})
	if err != nil {
		t.Fatal(err)
	}
	return after - before
}
