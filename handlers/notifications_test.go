package handlers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
	outside "charla/notify"
	"charla/notify/email/emailtest"
	"charla/notify/ntfy"
)

// stale is a site that reaches people who are away, over real servers.
type notifiedServer struct {
	*testServer
	*outside.Worker
	mail *emailtest.Server
	ntfy *fakeNtfy
}

// withNotifications opens the roads of a site. Nothing runs by itself: a test says when the courier goes.
func withNotifications(t testing.TB, s *testServer) *notifiedServer {
	t.Helper()
	a := &notifiedServer{testServer: s, mail: emailtest.New(t, true), ntfy: newNtfy(t)}
	server, err := ntfy.Parse(a.ntfy.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	base, _ := url.Parse("https://chat.example.org")
	a.Worker = &outside.Worker{Service: s.chat, Store: s.store, Presence: s.hub, BaseURL: base, Zone: time.UTC, Email: a.mail.Sender(t), Ntfy: server}
	return a
}

// onBothWithNotifications runs a test on each database.
func onBothWithNotifications(t *testing.T, test func(*testing.T, *notifiedServer)) {
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, withNotifications(t, openSQLite(t, withMedia))) })
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, withNotifications(t, openPostgres(t, dbtest.PostgresURL(t), withMedia)))
	})
}

// deliverAll lets the courier go once and returns the letters that it brought.
func (a *notifiedServer) deliverAll(t testing.TB) []emailtest.Message {
	t.Helper()
	before := len(a.mail.Messages())
	for _, road := range []chat.Medium{chat.MediumEmail, chat.MediumPush} {
		a.exec(`UPDATE scan_cursors SET claimed_until = 0`)
		a.ScanUnread(t.Context(), road)
		a.Deliver(t.Context(), road)
	}
	return a.mail.Messages()[before:]
}

// deliverOne is one letter to one person.
func (a *notifiedServer) deliverOne(t testing.TB, to string) emailtest.Message {
	t.Helper()
	letters := a.deliverAll(t)
	if len(letters) != 1 || letters[0].To != to {
		t.Fatalf("want one letter to %s, got %+v", to, letters)
	}
	return letters[0]
}

var linkPattern = regexp.MustCompile(`https://chat\.example\.org(/(?:confirm|reset|email|unsubscribe)/[-_A-Za-z0-9]+)`)

// linkIn is the path of the link in a letter, which says the same in both forms.
func linkIn(t testing.TB, l emailtest.Message) string {
	t.Helper()
	found := linkPattern.FindStringSubmatch(l.Text)
	if found == nil {
		t.Fatalf("no link in:\n%s", l.Text)
	}
	contains(t, l.HTML, `href="`+found[0]+`"`)
	return found[1]
}

// fakeNtfy is a server that speaks the protocol of ntfy: notes are published as JSON to its root.
type fakeNtfy struct {
	*httptest.Server

	mu        sync.Mutex // guards all below
	published []ntfy.Notification
	status    int
	requests  int
	stall     chan struct{} // or nil: it answers nothing before this is closed
}

func newNtfy(t testing.TB) *fakeNtfy {
	n := &fakeNtfy{status: http.StatusOK}
	n.Server = httptest.NewServer(n)
	t.Cleanup(n.Close)
	return n
}

func (n *fakeNtfy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.requests++
	stall := n.stall
	n.mu.Unlock()
	if stall != nil {
		<-stall
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var note ntfy.Notification
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodPost || r.URL.Path != "/" || json.Unmarshal(body, &note) != nil || note.Topic == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if n.status == http.StatusOK {
		n.published = append(n.published, note)
	}
	w.WriteHeader(n.status)
}

func (n *fakeNtfy) setStatus(status int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status = status
}

// takePublished returns the notes since it was asked last.
func (n *fakeNtfy) takePublished() []ntfy.Notification {
	n.mu.Lock()
	defer n.mu.Unlock()
	notes := n.published
	n.published = nil
	return notes
}
