package main

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"charla/db/dbtest"
)

// status returns the status of a GET request with the cookies of the client, without following redirects.
func (s *testServer) status(t *testing.T, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.http.Jar.Cookies(request.URL) {
		request.AddCookie(c)
	}
	r, err := s.http.Transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// onBothDatabases runs a test with a server on SQLite and one on PostgreSQL. The settings are those that a command
// needs to find the server's database.
func onBothDatabases(t *testing.T, test func(t *testing.T, s *testServer, settings []string)) {
	t.Run("SQLite", func(t *testing.T) {
		s := startServer(t, context.Background())
		test(t, s, []string{"CHARLA_DATA=" + s.dataDir})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		settings := []string{"DATABASE_URL=" + dbtest.PostgresURL(t)}
		test(t, startServer(t, context.Background(), settings...), settings)
	})
}

// TestAdminCommand checks that a person whom the command makes an admin can use the pages of admins at once, while the
// server runs.
func TestAdminCommand(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer, settings []string) {
		s.register(t, "first@example.org")
		s.newClient(t)
		s.register(t, "Berta@example.org")
		if got := s.status(t, "/people"); got != 404 {
			t.Fatalf("before the command the page of admins answers %d", got)
		}
		code, stdout, stderr := runCommand(t, settings, "admin", "berta@EXAMPLE.org")
		if code != 0 || stdout != "Ana (Berta@example.org) is an admin.\n" {
			t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
		if got := s.status(t, "/people"); got != 200 {
			t.Errorf("after the command the page of admins answers %d", got)
		}
		code, stdout, stderr = runCommand(t, settings, "admin", "nobody@example.org")
		if code != 1 || stdout != "" || lastLine(stderr) != "charla: There's no account with the e-mail address nobody@example.org." {
			t.Errorf("an unknown address: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
	})
}

// TestResetPasswordCommand checks that the printed link sets a new password on a server without e-mail, ends the
// sessions, and works once.
func TestResetPasswordCommand(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer, settings []string) {
		s.register(t, "ana@example.org")
		addr := strings.TrimPrefix(s.url, "http://")
		code, stdout, stderr := runCommand(t, append(settings, "CHARLA_ADDR="+addr), "reset-password", "ana@example.org")
		path, found := strings.CutPrefix(stdout, s.url)
		path = strings.TrimSuffix(path, "\n")
		if code != 0 || !found || strings.Contains(path, "\n") || !strings.Contains(stderr, "CHARLA_BASE_URL is not set") {
			t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
		if page := s.get(t, path); !strings.Contains(page, `name="password"`) {
			t.Errorf("the link leads to\n%s", page)
		}
		reset := func() int {
			r, err := s.http.PostForm(s.url+path, url.Values{"password": {"un elefante se balanceaba"}})
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			return r.StatusCode
		}
		if got := reset(); got != 200 {
			t.Errorf("the link answers %d", got)
		}
		if got := s.status(t, "/chat"); got != 303 {
			t.Errorf("the old session is still valid: status %d", got)
		}
		if got := reset(); got != 404 {
			t.Errorf("the used link answers %d", got)
		}
		login := url.Values{"email": {"ana@example.org"}, "password": {"un elefante se balanceaba"}}
		if r, err := s.http.PostForm(s.url+"/login", login); err != nil || r.Request.URL.Path != "/chat" {
			t.Errorf("the new password does not sign in: %v, %v", r, err)
		} else {
			r.Body.Close()
		}
		code, _, stderr = runCommand(t, settings, "reset-password", "nobody@example.org")
		if code != 1 || !strings.Contains(stderr, "There's no account with the e-mail address nobody@example.org.") {
			t.Errorf("an unknown address: exit code %d, stderr %q", code, stderr)
		}
	})
}

func TestResetLinkBeginsWithBaseURL(t *testing.T) {
	s := startServer(t, context.Background())
	s.register(t, "ana@example.org")
	settings := []string{"CHARLA_DATA=" + s.dataDir, "CHARLA_BASE_URL=https://chat.example.org/"}
	code, stdout, stderr := runCommand(t, settings, "reset-password", "ana@example.org")
	if code != 0 || !strings.HasPrefix(stdout, "https://chat.example.org/reset/") ||
		strings.Contains(stderr, "CHARLA_BASE_URL") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestCommandsRefuseOtherDatabases checks that commands which run beside a server refuse a database of another version
// and a directory without a database.
func TestCommandsRefuseOtherDatabases(t *testing.T) {
	s := startServer(t, context.Background())
	s.register(t, "ana@example.org")
	s.stop()
	<-s.exitCode
	file := filepath.Join(s.dataDir, "charla.db")
	setVersion := func(change string) {
		database, err := sql.Open("sqlite", "file:"+file)
		if err == nil {
			_, err = database.Exec(change)
			database.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	refused := func(dir, reason string) {
		t.Helper()
		for _, line := range []string{"admin ana@example.org", "reset-password ana@example.org", "rotate-keys"} {
			code, stdout, stderr := runCommand(t, []string{"CHARLA_DATA=" + dir}, strings.Fields(line)...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, reason) {
				t.Errorf("%s: exit code %d, stdout %q, stderr %q", line, code, stdout, stderr)
			}
		}
	}
	refused(t.TempDir(), "there is no database in")
	setVersion(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
	refused(s.dataDir, "schema version 999 of a newer Charla")
}

// TestSecondStartOnTakenPort checks that a server that cannot have its port leaves the database alone.
func TestSecondStartOnTakenPort(t *testing.T) {
	addr := strings.TrimPrefix(startServer(t, context.Background()).url, "http://")
	for _, setting := range []string{"CHARLA_ADDR=" + addr, "CHARLA_METRICS_ADDR=" + addr} {
		data := filepath.Join(t.TempDir(), "untouched")
		code, stdout, stderr := runCommand(t, []string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + data, setting})
		if code != 1 || stdout != "" || !strings.Contains(lastLine(stderr), "address already in use") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", setting, code, stdout, stderr)
		}
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%s: the start created the data directory", setting)
		}
	}
}
