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
	"charla/files"
	"charla/handlers"
	"charla/live"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Set("rapid.checks", "30") // the command line may ask for more
	flag.Set("rapid.nofailfile", "true")
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait")) // the PostgreSQL of dbtest lives as long as we do
}

// site is the whole of Charla on a real database, behind a real server.
type site struct {
	*httptest.Server
	t       testing.TB
	store   *db.Store
	hub     *live.Hub
	chat    *chat.Service
	site    *handlers.Server
	vault   chat.Vault
	sql     *sql.DB // a second connection, for what the product cannot do yet
	courier *courier
	cookie  string // the name of the cookie of a session
}

// plain is what most tests want: no limits, days cut in UTC.
func plain() handlers.Config {
	return handlers.Config{Zone: time.UTC, Secret: []byte(rand.Text() + rand.Text())}
}

// open starts a site on a fresh SQLite file.
func open(t testing.TB, change ...func(*handlers.Config)) *site {
	t.Helper()
	dir := t.TempDir()
	store, err := db.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, store, "sqlite", "file:"+filepath.Join(dir, "charla.db")+"?_txlock=immediate&_busy_timeout=5000", change...)
}

// openPostgres starts a site on a fresh PostgreSQL database.
func openPostgres(t testing.TB, url string, change ...func(*handlers.Config)) *site {
	t.Helper()
	store, err := db.OpenPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, store, "postgres", url, change...)
}

func start(t testing.TB, store *db.Store, driver, source string, change ...func(*handlers.Config)) *site {
	t.Helper()
	s := &site{t: t, store: store, hub: live.NewHub(store)}
	s.courier = &courier{to: s.hub}
	s.chat = chat.NewService(store, s.courier, time.UTC)
	vault, err := files.OpenLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.vault = vault
	s.chat.UseVault(vault, chat.DefaultFileLimits)
	config := plain()
	config.Ping = store.Ping
	for _, c := range change {
		c(&config)
	}
	if s.cookie = "charla"; config.TLS || config.BaseURL != nil && config.BaseURL.Scheme == "https" {
		s.cookie = "__Host-charla"
	}
	s.site = handlers.New(s.chat, s.hub, config)
	s.Server = httptest.NewUnstartedServer(s.site)
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
		vault.Close()
		store.Close()
	})
	return s
}

// courier stands between the product and the hub, as a network between nodes does: it may hold events back, lose them
// and bring them in another order. Until told otherwise it passes everything on at once.
type courier struct {
	to chat.Publisher

	mu      sync.Mutex // guards all below
	holding bool
	held    []chat.Event
	told    []chat.Event // the last ones passed on
}

func (c *courier) Publish(e chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holding {
		c.held = append(c.held, e)
		return
	}
	c.pass(e)
}

// pass passes an event on and remembers it for a while. The caller holds mu.
func (c *courier) pass(e chat.Event) {
	c.to.Publish(e)
	c.told = append(c.told, e)
	c.told = c.told[max(0, len(c.told)-20):]
}

// hold keeps everything back from now on.
func (c *courier) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = true
}

// release holds no more and passes on what pick chooses of what was held, and of what was told lately.
func (c *courier) release(pick func(held, told []chat.Event) []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = false
	for _, e := range pick(c.held, slices.Clone(c.told)) {
		c.pass(e)
	}
	c.held = nil
}

// nothing loses all.
func nothing(_, _ []chat.Event) []chat.Event { return nil }

// person adds somebody to the community as the product does, but for the slow hash of a password that nobody uses, and
// gives them a browser that is signed in.
func (s *site) person(name string) *browser {
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
	return s.signIn(user)
}

// signIn gives a person one more browser.
func (s *site) signIn(user chat.User) *browser {
	s.t.Helper()
	token, err := s.chat.StartSession(context.Background(), user, "test", "127.0.0.1")
	if err != nil {
		s.t.Fatal(err)
	}
	b := s.guest()
	b.user, b.cookies[s.cookie] = user, token
	return b
}

// exec changes the database behind the product's back.
func (s *site) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.sql.Exec(query, args...); err != nil {
		s.t.Fatal(err)
	}
}

// count asks the database.
func (s *site) count(query string, args ...any) (n int64) {
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
