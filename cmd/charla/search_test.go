package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"charla/db"
	"charla/db/dbtest"
)

// openDatabase opens the database of the server: the PostgreSQL database in DATABASE_URL, if it is set, or the SQLite
// file.
func (s *testServer) openDatabase(t *testing.T) *sql.DB {
	t.Helper()
	driver, source := "postgres", os.Getenv("DATABASE_URL")
	if source == "" {
		driver, source = "sqlite", "file:"+filepath.Join(s.dataDir, "charla.db")+"?mode=rw&_busy_timeout=5000"
	}
	pool, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

// indexedDocuments returns how many messages with a text in their tokens are in the search index.
func (s *testServer) indexedDocuments(t *testing.T, text string) (n int) {
	t.Helper()
	pool := s.openDatabase(t)
	defer pool.Close()
	const query = `SELECT COUNT(*) FROM search_documents WHERE CAST(tokens AS TEXT) LIKE '%' || $1 || '%'`
	if err := pool.QueryRow(query, text).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// indexProblems compares the search index of a server that does not run with the messages.
func (s *testServer) indexProblems(t *testing.T) []string {
	t.Helper()
	pool := s.openDatabase(t)
	defer pool.Close()
	open := func() (*db.Store, error) { return db.OpenSQLite(t.Context(), s.dataDir) }
	if source := os.Getenv("DATABASE_URL"); source != "" {
		open = func() (*db.Store, error) { return db.OpenPostgres(t.Context(), source) }
	}
	store, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	return dbtest.SearchIndexProblems(t, pool, store)
}

// TestSearchAfterKill kills the server right after messages were posted, edited and deleted, and searches for them after
// the restart: at once, and when everything is indexed. Then it kills the server in the middle of more such work and
// compares the index with the messages.
func TestSearchAfterKill(t *testing.T) {
	t.Run("SQLite", testSearchAfterKill)
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Setenv("DATABASE_URL", dbtest.PostgresURL(t))
		testSearchAfterKill(t)
	})
}

func testSearchAfterKill(t *testing.T) {
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
	server, next := startBinary(t, strings.TrimPrefix(s.url, "http://"), s.dataDir)
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
	for i := range 60 {
		next.postMessage(t, fmt.Sprint("more ", i))
	}
	eventually(t, "the indexer to be at work", func() bool { return next.indexedDocuments(t, "more") > 0 })
	for i := range 20 {
		next.postMessage(t, fmt.Sprint("late ", i))
		next.postForm(t, fmt.Sprintf("/messages/%d/edit", 5+i), url.Values{"body": {fmt.Sprint("edited ", i)}})
	}
	server.Process.Kill()
	server.Wait()
	if problems := next.indexProblems(t); len(problems) > 0 {
		t.Errorf("the index differs from the messages:\n%s", strings.Join(problems, "\n"))
	}
	if n := next.indexedDocuments(t, "edited"); n != 20 {
		t.Errorf("%d of 20 edited messages are indexed", n)
	}
}
