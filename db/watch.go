package db

import (
	"database/sql"
	"time"
)

// Watcher is told how long the database took, by many goroutines at once. It must not wait.
type Watcher interface {
	// Read is a question outside of a transaction, with its wait for a connection. It failed when no answer came although
	// its caller waited for it.
	Read(took time.Duration, failed bool)
	// Wrote is a write with all its waiting, to the answer of its caller. It failed when the database did not answer; that
	// it was refused is no failure.
	Wrote(took time.Duration, failed bool)
	// Committed is a commit that so many writes shared, on SQLite.
	Committed(writes int, took time.Duration)
}

// Watch has w told of everything from now on. Call it before the store is used.
func (s *Store) Watch(w Watcher) {
	s.watcher, s.reader = w, reader{pool{s.read, w}}
	if s.batch != nil {
		s.batch.watcher = w
	}
}

// Pools tells of the connections: "all" of them on PostgreSQL, "read" and "write" on SQLite.
func (s *Store) Pools() map[string]sql.DBStats {
	if s.read == s.write {
		return map[string]sql.DBStats{"all": s.read.Stats()}
	}
	return map[string]sql.DBStats{"read": s.read.Stats(), "write": s.write.Stats()}
}
