package db_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

func openPostgresURL(t testing.TB, url string, options ...db.Option) *db.Store {
	t.Helper()
	s, err := db.OpenPostgres(t.Context(), url, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func wantUnavailable(t testing.TB, err error) {
	t.Helper()
	if chat.CodeOf(err) != chat.Unavailable {
		t.Fatalf("got %T %v, want an Unavailable error", err, err)
	}
}

func countMessages(t testing.TB, s *db.Store) int {
	t.Helper()
	return len(db.Column[int64](t, s, `SELECT id FROM messages`))
}

// TestServerUnavailable stops and kills PostgreSQL. While it is down, all operations return Unavailable; afterwards the
// store works again without help.
func TestServerUnavailable(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	s := openPostgresURL(t, server.URL("postgres"))
	ana := createUser(t, s, "ana")
	for name, end := range map[string]func(testing.TB){"stop": server.Stop, "kill -9": server.Kill} {
		end(t)
		wantUnavailable(t, s.Ping(t.Context()))
		_, err := s.User(t.Context(), ana.ID)
		wantUnavailable(t, err)
		wantUnavailable(t, s.InTx(t.Context(), func(tx chat.Tx) error {
			return insertMessage(t.Context(), tx, chat.General, ana.ID, name+" while away")
		}))
		server.Start(t)
		postMessage(t, s, chat.General, ana, name+" when back", 1)
	}
	equal(t, countMessages(t, s), 2)
}

// TestReconnectAfterRestart restarts PostgreSQL while its connections are idle. The next reads and writes must not fail
// because of the broken connections.
func TestReconnectAfterRestart(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	s := openPostgresURL(t, server.URL("postgres"))
	ana := createUser(t, s, "ana")
	for name, end := range map[string]func(testing.TB){"stop": server.Stop, "kill -9": server.Kill} {
		for _, err := range concurrently(8, func(int) error { _, err := s.User(t.Context(), ana.ID); return err }) {
			wantErr(t, err, nil)
		}
		end(t)
		server.Start(t)
		for _, err := range concurrently(8, func(i int) error {
			if i%2 == 0 {
				_, err := s.User(t.Context(), ana.ID)
				return err
			}
			return s.InTx(t.Context(), func(tx chat.Tx) error {
				return insertMessage(t.Context(), tx, chat.General, ana.ID, fmt.Sprint(name, i))
			})
		}) {
			wantErr(t, err, nil)
		}
	}
	equal(t, countMessages(t, s), 8)
}

// TestServerRefusesConnections checks that a server is Unavailable if it rejects connections, as after a change of its
// passwords, or refuses writes, as a standby after a failover.
func TestServerRefusesConnections(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	admin, s := openPostgresURL(t, server.URL("template1")), openPostgresURL(t, server.URL("postgres"))
	ana := createUser(t, s, "ana")
	role := db.Column[string](t, admin, `SELECT quote_ident(current_user)`)[0]
	refused := func(name string) {
		t.Helper()
		wantUnavailable(t, s.InTx(t.Context(), func(tx chat.Tx) error {
			return insertMessage(t.Context(), tx, chat.General, ana.ID, name)
		}))
	}
	for name, c := range map[string]struct{ end, heal string }{
		"no log-in":   {`ALTER ROLE ` + role + ` NOLOGIN`, `ALTER ROLE ` + role + ` LOGIN`},
		"no database": {`ALTER DATABASE postgres RENAME TO elsewhere`, `ALTER DATABASE elsewhere RENAME TO postgres`},
	} {
		admin.RawExec(t, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
				WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`)
		admin.RawExec(t, c.end)
		refused(name)
		admin.RawExec(t, c.heal)
		postMessage(t, s, chat.General, ana, name, 1)
	}
	server.Stop(t)
	server.SetStandby(t, true)
	server.Start(t)
	refused("a standby")
	wantUnavailable(t, s.Ping(t.Context()))
	if _, err := s.User(t.Context(), ana.ID); err != nil {
		t.Errorf("read from a standby: %v", err)
	}
	server.Stop(t)
	server.SetStandby(t, false)
	server.Start(t)
	postMessage(t, s, chat.General, ana, "primary again", 1)
	equal(t, countMessages(t, s), 3)
}

// TestBackendKilled ends the server process of a running transaction. Nothing of the transaction may remain, and the
// next transaction must work at once.
func TestBackendKilled(t *testing.T) {
	t.Parallel()
	s := dbtest.OpenPostgres(t)
	ana := createUser(t, s, "ana")
	wantUnavailable(t, s.InTx(t.Context(), func(tx chat.Tx) error {
		if err := insertMessage(t.Context(), tx, chat.General, ana.ID, "lost"); err != nil {
			return err
		}
		s.RawExec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND state = 'idle in transaction' AND pid <> pg_backend_pid()`)
		return insertMessage(t.Context(), tx, chat.General, ana.ID, "lost too")
	}))
	postMessage(t, s, chat.General, ana, "kept", 1)
	equal(t, countMessages(t, s), 1)
}

// TestLostReplies loses the reply to a statement and to a commit. The statement must not be repeated. The commit
// happened but is reported as Unavailable, and sending again with the same key must not create a second message.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	proxy := dbtest.NewProxy(t, server)
	s := openPostgresURL(t, proxy.URL("postgres"))
	ana := createUser(t, s, "ana")
	for _, c := range []struct {
		request string
		stored  int
	}{{"the text that is lost", 0}, {"COMMIT", 1}} {
		calls := 0
		send := func(tx chat.Tx) error {
			calls++
			seq, err := tx.NextSeq(t.Context(), chat.General)
			if err != nil {
				return err
			}
			_, err = tx.InsertMessage(t.Context(), chat.Message{Room: chat.General, Seq: seq, ChangedSeq: seq,
				AuthorID: ana.ID, Key: "key", Body: "the text that is lost"}, "")
			return err
		}
		proxy.DropReply(c.request)
		wantUnavailable(t, s.InTx(t.Context(), send))
		equal(t, calls, 1)
		equal(t, countMessages(t, s), c.stored)
		if c.stored == 1 {
			wantErr(t, s.InTx(t.Context(), send), chat.ErrNotFound)
			equal(t, countMessages(t, s), 1)
		}
	}
}

// TestStalledNetwork stops all data between the store and PostgreSQL without breaking connections. No caller may wait
// longer than its deadline, or longer than the limits of the store, even if there are far more queries than
// connections.
func TestStalledNetwork(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	proxy := dbtest.NewProxy(t, server)
	s := openPostgresURL(t, proxy.URL("postgres"))
	ana := createUser(t, s, "ana")
	proxy.Stall()
	took := func(f func() error) time.Duration {
		t.Helper()
		begun := time.Now()
		wantUnavailable(t, f())
		return time.Since(begun)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if d := took(func() error { return s.Ping(ctx) }); d > 2*time.Second {
		t.Errorf("a query with a deadline of 0.3 s took %v", d)
	}
	begun := time.Now()
	for _, err := range concurrently(100, func(int) error { _, err := s.User(t.Context(), ana.ID); return err }) {
		wantUnavailable(t, err)
	}
	if d := time.Since(begun); d > 8*time.Second {
		t.Errorf("queries without a deadline took %v", d)
	}
	write := func() error {
		return s.InTx(t.Context(),
			func(tx chat.Tx) error { return insertMessage(t.Context(), tx, chat.General, ana.ID, "k") })
	}
	if d := took(write); d > 12*time.Second {
		t.Errorf("a write took %v", d)
	}
	proxy.Resume()
	dbtest.Eventually(t, "the store to recover", func() bool { return s.Ping(t.Context()) == nil })
	equal(t, countMessages(t, s), 0)
}

// TestDeadlock locks two rooms in opposite orders from two transactions. PostgreSQL rolls back one of them, which must
// run again.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	s := dbtest.OpenPostgres(t)
	ana := createUser(t, s, "ana")
	rooms := []int64{chat.General, directRoom(t, s, ana, ana)}
	before := lastSeqOf(t, s, chat.General)
	var runs, waiting atomic.Int32
	both := make(chan struct{})
	for _, err := range concurrently(2, func(i int) error {
		return s.InTx(t.Context(), func(tx chat.Tx) error {
			runs.Add(1)
			if _, err := tx.NextSeq(t.Context(), rooms[i]); err != nil {
				return err
			}
			if waiting.Add(1) == 2 {
				close(both)
			}
			<-both
			_, err := tx.NextSeq(t.Context(), rooms[1-i])
			return err
		})
	}) {
		wantErr(t, err, nil)
	}
	equal(t, lastSeqOf(t, s, chat.General), before+2)
	if runs.Load() < 3 {
		t.Fatal("no transaction ran again, so there was no deadlock")
	}
}
