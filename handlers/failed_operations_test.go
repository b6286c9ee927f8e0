package handlers_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// TestLogNamesFailedOperation renames tables of a running server. Each page that needs the table must fail, and the log
// must say which operation failed. The test does not run in parallel, because it replaces the default logger.
func TestLogNamesFailedOperation(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, s *testServer) {
		ana := s.newUser("Ana")
		ana.sendMessage("room=1", "hello")
		var log logBuffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
		defer slog.SetDefault(before)
		for _, c := range []struct{ page, path, table, operation string }{
			{"the conversation", "/messages?room=1", "reactions", "list messages before: "},
			{"the list of conversations", "/conversations", "drafts", "list conversations: "},
			{"the export", "/settings/export", "drafts", "export drafts: "},
		} {
			s.exec(`ALTER TABLE ` + c.table + ` RENAME TO ` + c.table + `_renamed`)
			request := ana.request(http.MethodGet, c.path, nil)
			if response, err := s.Client().Transport.RoundTrip(request); err == nil { // the export may have no answer
				response.Body.Close()
			}
			s.exec(`ALTER TABLE ` + c.table + `_renamed RENAME TO ` + c.table)
			if text := log.take(); !strings.Contains(text, c.operation) {
				t.Errorf("%s: the log does not name the operation %q:\n%s", c.page, c.operation, text)
			}
		}
	})
}

// take returns the collected log and forgets it.
func (n *logBuffer) take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer n.b.Reset()
	return n.b.String()
}
