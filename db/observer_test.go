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

// recordingObserver is a db.Observer that counts the reports.
type recordingObserver struct {
	mu                                               sync.Mutex // guards all below
	reads, readsFailed, writes, writesFailed, shared int
	took                                             time.Duration
}

func (l *recordingObserver) record(n, failures *int, took time.Duration, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*n++
	if failed {
		*failures++
	}
	l.took += took
}

func (l *recordingObserver) ReadFinished(took time.Duration, failed bool) {
	l.record(&l.reads, &l.readsFailed, took, failed)
}
func (l *recordingObserver) WriteFinished(took time.Duration, failed bool) {
	l.record(&l.writes, &l.writesFailed, took, failed)
}

func (l *recordingObserver) BatchCommitted(writes int, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shared += writes
	l.took += took
}

func TestObserver(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, ...db.Option) *db.Store{
		"sqlite": dbtest.OpenSQLite, "postgres": dbtest.OpenPostgres,
	} {
		t.Run(name, func(t *testing.T) {
			l := &recordingObserver{}
			s := open(t, db.WithObserver(l))
			ana := createUser(t, s, "ana")
			written := l.writes
			for _, err := range concurrently(32, func(i int) error {
				return s.InTx(t.Context(), func(tx chat.Tx) error {
					return insertMessage(t.Context(), tx, chat.General, ana.ID, fmt.Sprint(i))
				})
			}) {
				wantErr(t, err, nil)
			}
			equal(t, l.writes-written, 32)
			if name == "sqlite" {
				equal(t, l.shared, l.writes)
			}

			wantErr(t, s.InTx(t.Context(), func(chat.Tx) error { return chat.ErrNotFound }), chat.ErrNotFound)
			_, err := s.User(t.Context(), 99999)
			wantErr(t, err, chat.ErrNotFound)
			gone, leave := context.WithCancel(t.Context())
			leave()
			_, err = s.User(gone, ana.ID)
			wantUnavailable(t, err)
			if l.readsFailed+l.writesFailed > 0 || l.reads == 0 || l.took <= 0 {
				t.Errorf("there were no failures, but the observer has %+v", l)
			}
			for pool, stats := range s.PoolStats() {
				if stats.MaxOpenConnections == 0 || stats.OpenConnections == 0 {
					t.Errorf("pool %s: %+v", pool, stats)
				}
			}
		})
	}
}

func TestObserverFailures(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	l := &recordingObserver{}
	s := openPostgresURL(t, server.URL("postgres"), db.WithObserver(l))
	wantErr(t, s.Ping(t.Context()), nil)
	equal(t, l.readsFailed, 0)
	server.Kill(t)
	wantUnavailable(t, s.Ping(t.Context()))
	wantUnavailable(t, s.InTx(t.Context(), func(chat.Tx) error { return nil }))
	equal(t, l.readsFailed, 1)
	equal(t, l.writesFailed, 1)
}
