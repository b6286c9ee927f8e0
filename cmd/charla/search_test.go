package main

import (
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// indexedDocuments returns how many messages with a text in their tokens are in the search index.
func (s *testServer) indexedDocuments(t *testing.T, text string) (n int) {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(s.dataDir, "charla.db")+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const query = `SELECT COUNT(*) FROM search_documents WHERE tokens LIKE '%' || $1 || '%'`
	if err := pool.QueryRow(query, text).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSearchAfterKill kills the server right after messages were posted, edited and deleted, and searches for them after
// the restart: at once, and when everything is indexed.
func TestSearchAfterKill(t *testing.T) {
	server, s := startBinary(t, "127.0.0.1:0", t.TempDir())
	s.register(t, "ana@example.org")
	for _, text := range []string{"first", "edited soon", "deleted soon"} {
		s.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {"story " + text}}, http.StatusCreated)
	}
	eventually(t, "the messages to be indexed", func() bool { return s.indexedDocuments(t, "story") == 3 })
	s.postFormJSON(t, "/messages/2/edit", url.Values{"body": {"story changed"}}, http.StatusOK)
	s.postForm(t, "/messages/3/delete", nil)
	s.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {"story last"}}, http.StatusCreated)
	server.Process.Kill()
	server.Wait()
	_, next := startBinary(t, strings.TrimPrefix(s.url, "http://"), s.dataDir)
	next.http.Jar = s.http.Jar
	found := func() {
		t.Helper()
		page := next.get(t, "/search?q=story")
		for text, want := range map[string]bool{"first": true, "changed": true, "last": true, "soon": false} {
			if strings.Contains(page, text) != want {
				t.Errorf("the search finds %q: %v\n%s", text, !want, page)
			}
		}
		if page := next.get(t, "/search?q=soon"); !strings.Contains(page, "No messages found.") {
			t.Errorf("the search finds what was edited or deleted:\n%s", page)
		}
	}
	found()
	eventually(t, "everything to be indexed", func() bool {
		return next.indexedDocuments(t, "story") == 3 && next.indexedDocuments(t, "changed") == 1 &&
			next.indexedDocuments(t, "soon") == 0
	})
	found()
}
