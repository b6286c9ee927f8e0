package handlers_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"flag"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
	"charla/handlers"
	"charla/live"
	"charla/storage"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Set("rapid.checks", "30") // flags on the command line override it
	flag.Set("rapid.nofailfile", "true")
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	// The PostgreSQL server of dbtest runs until the process ends.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
}

// skipWalkIfShort skips a test that walks through all routes, messages or searches one after the other when -short is
// given, because the race detector would make it ten times as slow and find nothing. make test runs these tests on their
// own, and knows them by the beginning of their names.
func skipWalkIfShort(t *testing.T) {
	t.Helper()
	if !strings.HasPrefix(t.Name(), "TestAll") {
		t.Fatal("the name of a test that -short leaves out begins with TestAll, so that make test finds it")
	}
	if testing.Short() {
		t.Skip("a long walk")
	}
}

// testServer is the whole of Charla on a real database, behind a real HTTP server.
type testServer struct {
	*httptest.Server
	t          testing.TB
	store      *db.Store
	hub        *live.Hub
	chat       *chat.Service
	handler    *handlers.Server
	blobs      *swappableBlobs
	sql        *sql.DB // a second connection, to inspect and change the database directly
	gate       *eventGate
	cookieName string // of the session cookie
}

// serverOptions are what a test can change about the server that it starts.
type serverOptions struct {
	handlers.Config
	chat.Options
	noHTTPTimeouts bool // the HTTP server itself waits for ever
}

// defaultOptions returns the options of most tests: no rate limits, no notifications, days in UTC.
func defaultOptions() serverOptions {
	return serverOptions{Config: handlers.Config{TimeZone: time.UTC, CookieSecret: []byte(rand.Text() + rand.Text())}}
}

// withMedia lets the server send e-mails and push notifications.
func withMedia(o *serverOptions) { o.Media = chat.Media{Email: true, Push: true} }

// swappableBlobs is a blob store that a test can replace while the server runs.
type swappableBlobs struct{ chat.BlobStore }

// openSQLite starts a server on a fresh SQLite file.
func openSQLite(t testing.TB, change ...func(*serverOptions)) *testServer {
	t.Helper()
	dir := dbtest.SQLiteDir(t)
	store, err := db.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return startServer(
		t,
		store,
		"sqlite",
		"file:"+filepath.Join(dir, "charla.db")+"?_txlock=immediate&_busy_timeout=5000",
		change...)
}

// openPostgres starts a server on a fresh PostgreSQL database.
func openPostgres(t testing.TB, url string, change ...func(*serverOptions)) *testServer {
	t.Helper()
	store, err := db.OpenPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return startServer(t, store, "postgres", url, change...)
}

func startServer(t testing.TB, store *db.Store, driver, source string, change ...func(*serverOptions)) *testServer {
	t.Helper()
	s := &testServer{t: t, store: store, hub: live.NewHub(store)}
	s.gate = &eventGate{next: s.hub}
	blobs, err := storage.OpenLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.blobs = &swappableBlobs{blobs}
	options := defaultOptions()
	options.Ping, options.Store, options.Events, options.Blobs = store.Ping, store, s.gate, s.blobs
	for _, c := range change {
		c(&options)
	}
	s.chat = chat.NewService(options.Options)
	config := options.Config
	if s.cookieName = "charla"; config.TLS || config.BaseURL != nil && config.BaseURL.Scheme == "https" {
		s.cookieName = "__Host-charla"
	}
	s.handler = handlers.New(s.chat, s.hub, config)
	s.Server = httptest.NewUnstartedServer(s.handler)
	if !options.noHTTPTimeouts {
		s.Config.ReadHeaderTimeout, s.Config.ReadTimeout, s.Config.WriteTimeout = 5*time.Second, 15*time.Second, 30*time.Second
	}
	s.Start()
	if s.sql, err = sql.Open(driver, source); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { s.hub.Run(ctx) })
	t.Cleanup(func() {
		s.hub.Shutdown()
		s.Close()
		stop()
		work.Wait()
		s.sql.Close()
		blobs.Close()
		store.Close()
	})
	return s
}

// eventGate stands between the product and the hub and acts like an unreliable network between nodes: it can hold
// events back, lose them and reorder them. At first it passes every event on at once.
type eventGate struct {
	next chat.Publisher

	mu      sync.Mutex // guards the fields below
	holding bool
	held    []chat.Event
	recent  []chat.Event // the last 20 events passed on
}

func (c *eventGate) Publish(e chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holding {
		c.held = append(c.held, e)
		return
	}
	c.deliver(e)
}

// deliver passes an event on and remembers it. The caller holds mu.
func (c *eventGate) deliver(e chat.Event) {
	c.next.Publish(e)
	c.recent = append(c.recent, e)
	c.recent = c.recent[max(0, len(c.recent)-20):]
}

// hold makes the gate hold back every event from now on.
func (c *eventGate) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = true
}

// release opens the gate. It passes on the events that pick returns, given the held and the recent ones.
func (c *eventGate) release(pick func(held, told []chat.Event) []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = false
	for _, e := range pick(c.held, slices.Clone(c.recent)) {
		c.deliver(e)
	}
	c.held = nil
}

// dropAll is a pick for release that loses every held event.
func dropAll(_, _ []chat.Event) []chat.Event { return nil }

// newUser adds a user to the community as the product does, without the slow hash of a password that nobody needs, and
// returns a browser in which they are signed in.
func (s *testServer) newUser(name string) *client {
	s.t.Helper()
	var user chat.User
	err := s.store.InTx(context.Background(), func(tx chat.Tx) error {
		seq, err := tx.NextSeq(context.Background(), chat.General)
		if err != nil {
			return err
		}
		email := strings.ToLower(rand.Text()) + "@example.org"
		user, err = tx.InsertUser(context.Background(),
			chat.NewUser{Name: name, NameKey: chat.NameKey(name), Email: email, EmailKey: email, CreatedAt: 1})
		if err != nil {
			return err
		}
		return tx.InsertMember(context.Background(), chat.General, user.ID, seq)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err = s.chat.AssignHandles(context.Background()); err == nil {
		user, err = s.store.User(context.Background(), user.ID)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return s.newSession(user)
}

// newSession returns another browser in which the user is signed in.
func (s *testServer) newSession(user chat.User) *client {
	s.t.Helper()
	token, err := s.chat.StartSession(context.Background(), chat.Credentials{User: user}, "test", "127.0.0.1")
	if err != nil {
		s.t.Fatal(err)
	}
	b := s.anonymous()
	b.user, b.cookies[s.cookieName] = user, token
	return b
}

// exec changes the database directly. A server on SQLite would notice a changed session or user only after a second, so
// after such a change exec also ends a session that does not exist, which makes the server read all of them again.
func (s *testServer) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.sql.Exec(query, args...); err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(query, "users") && !strings.Contains(query, "sessions") {
		return
	}
	err := s.store.InTx(context.Background(), func(tx chat.Tx) error { return tx.SetSkinTone(context.Background(), 0, 0) })
	if err != nil {
		s.t.Fatal(err)
	}
}

// count returns the number that a query selects.
func (s *testServer) count(query string, args ...any) (n int64) {
	s.t.Helper()
	if err := s.sql.QueryRow(query, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// eventually waits until a condition holds, and fails the test if it never does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	dbtest.Eventually(t, what, ok)
}

// equal fails the test unless got equals want.
func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// contains fails the test unless text contains all parts.
func contains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Fatalf("%q is missing in:\n%s", part, text)
		}
	}
}

// lacks fails the test if text contains one of the parts.
func lacks(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Fatalf("unexpected %q in:\n%s", part, text)
		}
	}
}

// onBothDatabases runs a test on SQLite and on PostgreSQL, in parallel with other tests.
func onBothDatabases(t *testing.T, story func(*testing.T, *testServer)) {
	t.Parallel()
	onEachDatabase(t, story)
}

// onEachDatabase runs a test on SQLite and then on PostgreSQL, with no other test running.
func onEachDatabase(t *testing.T, story func(*testing.T, *testServer)) {
	t.Run("SQLite", func(t *testing.T) { story(t, openSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { story(t, openPostgres(t, dbtest.PostgresURL(t))) })
}

// lastSeq returns the seq of the room's last change.
func (s *testServer) lastSeq(room int64) int64 {
	return s.count(`SELECT last_seq FROM rooms WHERE id = $1`, room)
}
