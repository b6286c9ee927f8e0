package db

import (
	"database/sql"
	"time"
)

// Observer is told how long the database took, by many goroutines at once. It must not wait.
type Observer interface {
	// ReadFinished is a question outside of a transaction, with its wait for a connection. It failed when no answer came although
	// its caller waited for it.
	ReadFinished(took time.Duration, failed bool)
	// WriteFinished is a write with all its waiting, to the answer of its caller. It failed when the database did not answer; that
	// it was refused is no failure.
	WriteFinished(took time.Duration, failed bool)
	// BatchCommitted is a commit that so many writes shared, on SQLite.
	BatchCommitted(writes int, took time.Duration)
}

// SetObserver has w told of everything from now on. Call it before the store is used.
func (s *Store) SetObserver(w Observer) {
	s.observer, s.reader = w, reader{poolQuerier{s.read, w}}
	if s.committer != nil {
		s.committer.observer = w
	}
}

// PoolStats tells of the connections: "all" of them on PostgreSQL, "read" and "write" on SQLite.
func (s *Store) PoolStats() map[string]sql.DBStats {
	if s.read == s.write {
		return map[string]sql.DBStats{"all": s.read.Stats()}
	}
	return map[string]sql.DBStats{"read": s.read.Stats(), "write": s.write.Stats()}
}
