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
	flag.Set("rapid.checks", "30") // the command line may ask for more
	flag.Set("rapid.nofailfile", "true")
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait")) // the PostgreSQL of dbtest lives as long as we do
}

// testServer is the whole of Charla on a real database, behind a real server.
type testServer struct {
	*httptest.Server
	t          testing.TB
	store      *db.Store
	hub        *live.Hub
	chat       *chat.Service
	handler    *handlers.Server
	blobs      *swappableBlobs
	sql        *sql.DB // a second connection, for what the product cannot do yet
	gate       *eventGate
	cookieName string // the name of the cookie of a session
}

// siteOptions are what a test can change about the site that it starts.
type siteOptions struct {
	handlers.Config
	chat.Options
}

// defaultOptions are what most tests want: no rate limits, no notifications, days in UTC.
func defaultOptions() siteOptions {
	return siteOptions{Config: handlers.Config{TimeZone: time.UTC, CookieSecret: []byte(rand.Text() + rand.Text())}}
}

// withMedia lets the site send e-mails and pushes.
func withMedia(o *siteOptions) { o.Media = chat.Media{Email: true, Push: true} }

// swappableBlobs is a blob store that a test can replace while the site runs.
type swappableBlobs struct{ chat.BlobStore }

// openSQLite starts a site on a fresh SQLite file.
func openSQLite(t testing.TB, change ...func(*siteOptions)) *testServer {
	t.Helper()
	dir := t.TempDir()
	store, err := db.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return startServer(t, store, "sqlite", "file:"+filepath.Join(dir, "charla.db")+"?_txlock=immediate&_busy_timeout=5000", change...)
}

// openPostgres starts a site on a fresh PostgreSQL database.
func openPostgres(t testing.TB, url string, change ...func(*siteOptions)) *testServer {
	t.Helper()
	store, err := db.OpenPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return startServer(t, store, "postgres", url, change...)
}

func startServer(t testing.TB, store *db.Store, driver, source string, change ...func(*siteOptions)) *testServer {
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
	s.Config.ReadHeaderTimeout, s.Config.ReadTimeout, s.Config.WriteTimeout = 5*time.Second, 15*time.Second, 30*time.Second
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

// eventGate stands between the product and the hub, as a network between nodes does: it may hold events back, lose them
// and bring them in another order. Until told otherwise it passes everything on at once.
type eventGate struct {
	next chat.Publisher

	mu      sync.Mutex // guards all below
	holding bool
	held    []chat.Event
	recent  []chat.Event // the last ones passed on
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

// deliver passes an event on and remembers it for a while. The caller holds mu.
func (c *eventGate) deliver(e chat.Event) {
	c.next.Publish(e)
	c.recent = append(c.recent, e)
	c.recent = c.recent[max(0, len(c.recent)-20):]
}

// hold keeps everything back from now on.
func (c *eventGate) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = true
}

// release holds no more and passes on what pick chooses of what was held, and of what was told lately.
func (c *eventGate) release(pick func(held, told []chat.Event) []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = false
	for _, e := range pick(c.held, slices.Clone(c.recent)) {
		c.deliver(e)
	}
	c.held = nil
}

// dropAll loses all.
func dropAll(_, _ []chat.Event) []chat.Event { return nil }

// newUser adds somebody to the community as the product does, but for the slow hash of a password that nobody uses, and
// gives them a browser that is signed in.
func (s *testServer) newUser(name string) *client {
	s.t.Helper()
	var user chat.User
	err := s.store.InTx(context.Background(), func(tx chat.Tx) error {
		seq, err := tx.NextSeq(context.Background(), chat.General)
		if err != nil {
			return err
		}
		email := strings.ToLower(rand.Text()) + "@example.org"
		user, err = tx.InsertUser(context.Background(), chat.NewUser{Name: name, NameKey: chat.NameKey(name), Email: email, EmailKey: email, CreatedAt: 1})
		if err != nil {
			return err
		}
		return tx.InsertMember(context.Background(), chat.General, user.ID, seq)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.newSession(user)
}

// startSession gives a person one more browser.
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

// exec changes the database behind the product's back.
func (s *testServer) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.sql.Exec(query, args...); err != nil {
		s.t.Fatal(err)
	}
}

// count asks the database.
func (s *testServer) count(query string, args ...any) (n int64) {
	s.t.Helper()
	if err := s.sql.QueryRow(query, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	dbtest.Eventually(t, what, ok)
}

// equal fails the test unless got is want.
func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// contains fails the test unless all parts stand in text.
func contains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Fatalf("%q is missing in:\n%s", part, text)
		}
	}
}

// lacks fails the test when one of the parts stands in text.
func lacks(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Fatalf("%q must not stand in:\n%s", part, text)
		}
	}
}

// onBothDatabases runs a story on both databases, beside other tests.
func onBothDatabases(t *testing.T, story func(*testing.T, *testServer)) {
	t.Parallel()
	onEachDatabase(t, story)
}

// onEachDatabase runs a story on one database and then on the other, with no other test beside it.
func onEachDatabase(t *testing.T, story func(*testing.T, *testServer)) {
	t.Run("SQLite", func(t *testing.T) { story(t, openSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { story(t, openPostgres(t, dbtest.PostgresURL(t))) })
}

// lastSeq is the number of a room's last change.
func (s *testServer) lastSeq(room int64) int64 {
	return s.count(`SELECT last_seq FROM rooms WHERE id = $1`, room)
}
