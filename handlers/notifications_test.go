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

// notifiedServer is a server that sends e-mails and push notifications to test servers.
type notifiedServer struct {
	*testServer
	*outside.Worker
	mail *emailtest.Server
	ntfy *fakeNtfy
}

// withNotifications connects a server to an SMTP and an ntfy server. Nothing is delivered until the test asks for it.
func withNotifications(t testing.TB, s *testServer) *notifiedServer {
	t.Helper()
	a := &notifiedServer{testServer: s, mail: emailtest.New(t, true), ntfy: newNtfy(t)}
	server, err := ntfy.Parse(a.ntfy.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	base, _ := url.Parse("https://chat.example.org")
	a.Worker = &outside.Worker{
		Service:  s.chat,
		Store:    s.store,
		Presence: s.hub,
		BaseURL:  base,
		Zone:     time.UTC,
		Email:    a.mail.Sender(t),
		Ntfy:     server,
	}
	return a
}

// onBothWithNotifications runs a test on SQLite and on PostgreSQL.
func onBothWithNotifications(t *testing.T, test func(*testing.T, *notifiedServer)) {
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, withNotifications(t, openSQLite(t, withMedia))) })
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, withNotifications(t, openPostgres(t, dbtest.PostgresURL(t), withMedia)))
	})
}

// deliverAll scans for unread messages, delivers everything that is due, and returns the e-mails.
func (a *notifiedServer) deliverAll(t testing.TB) []emailtest.Message {
	t.Helper()
	before := len(a.mail.Messages())
	for _, medium := range []chat.Medium{chat.MediumEmail, chat.MediumPush} {
		a.exec(`UPDATE scan_cursors SET claimed_until = 0`)
		a.ScanUnread(t.Context(), medium)
		a.Deliver(t.Context(), medium)
	}
	return a.mail.Messages()[before:]
}

// deliverOne is deliverAll that must deliver exactly one e-mail, to this address.
func (a *notifiedServer) deliverOne(t testing.TB, to string) emailtest.Message {
	t.Helper()
	emails := a.deliverAll(t)
	if len(emails) != 1 || emails[0].To != to {
		t.Fatalf("want one e-mail to %s, got %+v", to, emails)
	}
	return emails[0]
}

var linkPattern = regexp.MustCompile(`https://chat\.example\.org(/(?:confirm|reset|email|unsubscribe)/[-_A-Za-z0-9]+)`)

// linkIn returns the path of the link in an e-mail, which must be the same as text and in HTML.
func linkIn(t testing.TB, l emailtest.Message) string {
	t.Helper()
	found := linkPattern.FindStringSubmatch(l.Text)
	if found == nil {
		t.Fatalf("no link in:\n%s", l.Text)
	}
	shows(t, l.HTML, "a[href='"+found[0]+"']")
	return found[1]
}

// fakeNtfy is an ntfy server, to which notifications are published as JSON.
type fakeNtfy struct {
	*httptest.Server

	mu        sync.Mutex // guards the fields below
	published []ntfy.Notification
	status    int
	requests  int
	stall     chan struct{} // if it is not nil, requests wait until it is closed
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

// takePublished returns the notifications that were published since the last call.
func (n *fakeNtfy) takePublished() []ntfy.Notification {
	n.mu.Lock()
	defer n.mu.Unlock()
	notes := n.published
	n.published = nil
	return notes
}
