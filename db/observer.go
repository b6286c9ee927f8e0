package db

import (
	"database/sql"
	"time"
)

// Observer receives the durations of database operations. Its methods are called from many goroutines at once and must
// not block.
type Observer interface {
	// ReadFinished reports a query outside a transaction. Its duration includes the wait for a connection. The argument
	// failed is true if the database could not be reached or did not answer in time. It is false if the caller
	// cancelled the query, and for errors that the database returned, such as a missing row.
	ReadFinished(took time.Duration, failed bool)
	// WriteFinished reports a transaction. Its duration includes all waiting and repeating. The argument failed is true
	// if the database could not be reached or did not answer in time; it is false for a write that was rejected.
	WriteFinished(took time.Duration, failed bool)
	// BatchCommitted reports a commit on SQLite: how many transactions shared it and how long it took.
	BatchCommitted(writes int, took time.Duration)
}

// Option changes how a database is opened.
type Option func(*Store)

// WithObserver makes the store report its operations to o.
func WithObserver(o Observer) Option {
	return func(s *Store) {
		s.observer, s.reader = o, reader{poolQuerier{s.read, o}}
		if s.committer != nil {
			s.committer.observer = o
		}
	}
}

// apply applies the options to a store that nobody uses yet.
func (s *Store) apply(options []Option) *Store {
	for _, option := range options {
		option(s)
	}
	return s
}

// PoolStats returns the statistics of the connection pools by name: "all" on PostgreSQL, "read" and "write" on SQLite.
func (s *Store) PoolStats() map[string]sql.DBStats {
	if s.read == s.write {
		return map[string]sql.DBStats{"all": s.read.Stats()}
	}
	return map[string]sql.DBStats{"read": s.read.Stats(), "write": s.write.Stats()}
}
