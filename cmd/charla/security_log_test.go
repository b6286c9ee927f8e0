package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"charla/db/dbtest"
)

// TestSecurityLog checks that the log says whose sign-in, password, role or token was concerned, from which address,
// and how it ended, and that it contains no secrets and no e-mail addresses.
func TestSecurityLog(t *testing.T) {
	t.Run("SQLite", testSecurityLog)
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Setenv("DATABASE_URL", dbtest.PostgresURL(t))
		testSecurityLog(t)
	})
}

func testSecurityLog(t *testing.T) {
	c, s, out := startInShell(t, `exec "$0"`)
	const password, newPassword = "tres tristes tigres", "cuatro tristes tigres"
	logs := securityLog{t, out, 0}
	s.register(t, "ana@example.org")
	logs.has(`msg="sign-up succeeded" user=1`)
	logIn := func(path, email, password string) {
		t.Helper()
		s.postForm(t, path, url.Values{"email": {email}, "password": {password}})
	}
	admin := s.http
	s.newClient(t)
	logIn("/login", "ana@example.org", "wrong one")
	logs.has(`msg="sign-in failed" user=1 reason=unauthenticated`)
	logIn("/tokens", "ANA@example.org", "wrong one")
	logs.has(`msg="sign-in failed" user=1 reason=unauthenticated`)
	logIn("/login", "nobody@example.org", password)
	account := logs.has(`msg="sign-in failed" account=([0-9a-f]{32}) reason=unauthenticated`)[1]
	logIn("/tokens", " Nobody@Example.org", password)
	logs.has(`msg="sign-in failed" account=` + account)
	logIn("/login", "no address", password)
	logs.has(`msg="sign-in failed" account=[0-9a-f]{32}`)
	logIn("/login", "ana@example.org", password)
	logs.has(`msg="sign-in succeeded" user=1`)

	tokens := s.refreshTokens(t)
	logs.has(`msg="sign-in succeeded" user=1`)
	for _, refresh := range []string{tokens[0], tokens[1]} { // the first two of the chain were used already
		s.postForm(t, "/tokens/refresh", url.Values{"refresh_token": {refresh}})
	}
	logs.has(`level=WARN msg="refresh token was used again, session ended" user=1 session=\d+`)
	logs.has(`msg="token refresh failed" reason=unauthenticated`)
	s.statusWithToken(t, "charla_unknown")
	logs.has(`msg="token check failed" reason=unauthenticated`)
	s.postForm(t, "/hooks/unknown", url.Values{"body": {"x"}})
	logs.has(`msg="webhook check failed" reason=not_found`)

	s.postForm(t, "/settings/password", url.Values{"current": {"wrong one"}, "password": {newPassword}})
	logs.has(`msg="change of password failed" user=1 reason=invalid`)
	s.postForm(t, "/settings/password", url.Values{"current": {password}, "password": {newPassword}})
	logs.has(`msg="change of password succeeded" user=1`)
	_, link, _ := runCommand(t, []string{"CHARLA_DATA=" + s.dataDir, "DATABASE_URL=" + os.Getenv("DATABASE_URL")},
		"reset-password", "ana@example.org")
	path := regexp.MustCompile(`/reset/\S+`).FindString(link)
	s.postForm(t, path, url.Values{"password": {password}})
	logs.has(`msg="password reset succeeded" user=1`)
	s.postForm(t, path, url.Values{"password": {password}})
	logs.has(`msg="password reset failed" user=0 reason=not_found`)

	s.newClient(t)
	s.register(t, "berta@example.org")
	s.postForm(t, "/people/1/disable", nil)
	logs.has(`msg="request refused" user=2 action=manage_people`)
	s.http = admin // signed out by the reset
	logIn("/login", "ana@example.org", password)
	s.postForm(t, "/people/2/admin", nil)
	logs.has(`msg="change of role to admin succeeded" user=2 by=1`)
	s.postForm(t, "/logout", nil)
	logs.has(`msg="sign-out succeeded" user=1`)

	for _, secret := range []string{
		password, newPassword, "wrong one", "@example.org", tokens[0], tokens[1], tokens[2], strings.TrimPrefix(path, "/reset/"),
	} {
		if strings.Contains(strings.ToLower(out.String()), strings.ToLower(secret)) {
			t.Errorf("the log contains %q", secret)
		}
	}
	c.Process.Kill()
	c.Wait()
	_, again, out := startCommand(t, exec.Command(os.Args[0]), "127.0.0.1:0", s.dataDir)
	again.postForm(t, "/login", url.Values{"email": {"nobody@example.org"}, "password": {password}})
	logs = securityLog{t, out, 0}
	logs.has(`msg="sign-in failed" account=` + account) // the same after a restart
}

// refreshTokens signs in as a program and refreshes the tokens twice. It returns the three refresh tokens.
func (s *testServer) refreshTokens(t *testing.T) (refresh []string) {
	t.Helper()
	form := url.Values{"email": {"ana@example.org"}, "password": {"tres tristes tigres"}}
	for _, path := range []string{"/tokens", "/tokens/refresh", "/tokens/refresh"} {
		r, err := s.http.PostForm(s.url+path, form)
		if err != nil {
			t.Fatal(err)
		}
		var given struct {
			Refresh string `json:"refresh_token"`
		}
		err = json.NewDecoder(r.Body).Decode(&given)
		if r.Body.Close(); err != nil || r.StatusCode > http.StatusCreated {
			t.Fatal(r.Status, err)
		}
		refresh = append(refresh, given.Refresh)
		form = url.Values{"refresh_token": {given.Refresh}}
	}
	return refresh
}

// securityLog reads the log of a server from a position on.
type securityLog struct {
	t    *testing.T
	out  *syncBuffer
	read int
}

// has waits until the log contains a line about the address of the test that matches a pattern, after the line that has
// found before. It returns what the groups of the pattern match.
func (l *securityLog) has(pattern string) (groups []string) {
	l.t.Helper()
	line := regexp.MustCompile(pattern + `.* ip=127\.0\.0\.1 request=[A-Z0-9]+\n`)
	eventually(l.t, pattern+" in the log", func() bool {
		text := l.out.String()[l.read:]
		found := line.FindStringSubmatchIndex(text)
		if found == nil {
			return false
		}
		groups = line.FindStringSubmatch(text)
		l.read += found[1]
		return true
	})
	return groups
}
