package db

import (
	"database/sql"
	"time"
)

// Observer receives the durations of database operations. Its methods are called from many goroutines at once and must
// not block.
type Observer interface {
	// ReadFinished reports a query outside a transaction. The duration includes the wait for a connection. The query
	// failed if the database did not answer while the caller was still waiting.
	ReadFinished(took time.Duration, failed bool)
	// WriteFinished reports a transaction, with all waiting and repeating. It failed if the database did not answer; a
	// write that was rejected did not fail.
	WriteFinished(took time.Duration, failed bool)
	// BatchCommitted reports a commit on SQLite and the number of transactions that shared it.
	BatchCommitted(writes int, took time.Duration)
}

// SetObserver makes the store report to o. Call it before the store is used.
func (s *Store) SetObserver(o Observer) {
	s.observer, s.reader = o, reader{poolQuerier{s.read, o}}
	if s.committer != nil {
		s.committer.observer = o
	}
}

// PoolStats returns the statistics of the connection pools by name: "all" on PostgreSQL, "read" and "write" on SQLite.
func (s *Store) PoolStats() map[string]sql.DBStats {
	if s.read == s.write {
		return map[string]sql.DBStats{"all": s.read.Stats()}
	}
	return map[string]sql.DBStats{"read": s.read.Stats(), "write": s.write.Stats()}
}
