package db_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

// log is a Watcher that remembers.
type log struct {
	mu                                               sync.Mutex // guards all below
	reads, readsFailed, writes, writesFailed, shared int
	took                                             time.Duration
}

func (l *log) note(n, failures *int, took time.Duration, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*n++
	if failed {
		*failures++
	}
	l.took += took
}

func (l *log) Read(took time.Duration, failed bool) { l.note(&l.reads, &l.readsFailed, took, failed) }
func (l *log) Wrote(took time.Duration, failed bool) {
	l.note(&l.writes, &l.writesFailed, took, failed)
}

func (l *log) Committed(writes int, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shared += writes
	l.took += took
}

func TestAWatcherIsTold(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*db.Store{"sqlite": dbtest.SQLite(t), "postgres": dbtest.OpenPostgres(t)} {
		t.Run(name, func(t *testing.T) {
			l := &log{}
			s.Watch(l)
			ana := register(t, s, "ana")
			written := l.writes
			for _, err := range together(32, func(i int) error {
				return s.InTx(t.Context(), func(tx chat.Tx) error {
					return insert(t.Context(), tx, chat.General, ana.ID, fmt.Sprint(i))
				})
			}) {
				is(t, err, nil)
			}
			equal(t, l.writes-written, 32)
			if name == "sqlite" {
				equal(t, l.shared, l.writes)
			}

			is(t, s.InTx(t.Context(), func(chat.Tx) error { return chat.ErrNotFound }), chat.ErrNotFound)
			_, err := s.User(t.Context(), 99999)
			is(t, err, chat.ErrNotFound)
			gone, leave := context.WithCancel(t.Context())
			leave()
			_, err = s.User(gone, ana.ID)
			unavailable(t, err)
			if l.readsFailed+l.writesFailed > 0 || l.reads == 0 || l.took <= 0 {
				t.Errorf("nothing went wrong: %+v", l)
			}
			for pool, stats := range s.Pools() {
				if stats.MaxOpenConnections == 0 || stats.OpenConnections == 0 {
					t.Errorf("pool %s: %+v", pool, stats)
				}
			}
		})
	}
}

func TestAWatcherIsToldOfFailures(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	s := openURL(t, server.URL("postgres"))
	l := &log{}
	s.Watch(l)
	is(t, s.Ping(t.Context()), nil)
	equal(t, l.readsFailed, 0)
	server.Kill(t)
	unavailable(t, s.Ping(t.Context()))
	unavailable(t, s.InTx(t.Context(), func(chat.Tx) error { return nil }))
	equal(t, l.readsFailed, 1)
	equal(t, l.writesFailed, 1)
}
