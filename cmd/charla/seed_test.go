package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"charla/chat"
	"charla/db"
)

var seedLine = regexp.MustCompile(`^(\d+) (charla=[A-Za-z0-9_-]{43})$`)

// request sends a request with a session cookie and asks for a JSON response.
func (s *testServer) request(t *testing.T, method, path, cookie, form string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", cookie)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.http.Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(all)
}

func TestSeededUsersAreSignedIn(t *testing.T) {
	data := t.TempDir()
	environ := []string{"CHARLA_DATA=" + data}
	cookies := map[string]string{}
	for _, args := range [][]string{{"seed", "600"}, {"seed", "--force", "600"}} {
		code, stdout, stderr := runCommand(t, environ, args...)
		if code != 0 || strings.Count(stdout, "\n") != 600 {
			t.Fatalf("exit code %d, %d lines, stderr %s", code, strings.Count(stdout, "\n"), stderr)
		}
		lines := bufio.NewScanner(strings.NewReader(stdout))
		for lines.Scan() {
			m := seedLine.FindStringSubmatch(lines.Text())
			if m == nil || cookies[m[1]] != "" {
				t.Fatalf("the output contains the line %q", lines.Text())
			}
			cookies[m[1]] = m[2]
		}
	}
	code, stdout, stderr := runCommand(t, environ, "seed", "1")
	if code != 1 || stdout != "" || !strings.Contains(stderr, "already has people") {
		t.Errorf("seed among people: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	checkSeededGeneral(t, data, 1200)

	s := startServer(t, context.Background(), environ...)
	for _, id := range []int{1, 600, 601, 1200} {
		cookie := cookies[strconv.Itoa(id)]
		status, body := s.request(t, "GET", "/chat", cookie, "")
		if status != 200 || !strings.Contains(body, `"me":{"id":`+strconv.Itoa(id)+`,`) {
			t.Errorf("user %d: status %d, %s", id, status, body)
		}
	}
	if status, _ := s.request(t, "GET", "/chat", cookies["1"]+"x", ""); status != 401 {
		t.Errorf("an invalid cookie returned status %d", status)
	}
	status, body := s.request(t, "POST", "/messages", cookies["7"], "room=1&body=hello")
	var m struct{ Seq int64 }
	if err := json.Unmarshal([]byte(body), &m); err != nil || status != 201 || m.Seq != 1201 {
		t.Errorf("the first message after 1200 joins: status %d, %s", status, body)
	}
}

// checkSeededGeneral checks that every join took a seq of its own and that seeded users have no password.
func checkSeededGeneral(t *testing.T, data string, people int64) {
	t.Helper()
	store, err := db.OpenSQLite(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	at := chat.StreamKey{Room: chat.General}
	seqs, err := store.LastSeqs(t.Context(), []chat.StreamKey{at})
	if err != nil || seqs[at].LastSeq != people {
		t.Errorf("the last seq of General is %d, %v", seqs[at].LastSeq, err)
	}
	for id := range people {
		c, err := store.ConversationIn(t.Context(), id+1, chat.General)
		if err != nil || c.ReadSeq != id+1 {
			t.Fatalf("user %d joined with seq %d, %v", id+1, c.ReadSeq, err)
		}
	}
	user, err := store.User(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := store.UserByEmail(t.Context(), user.Email); err != nil || stored.PasswordHash != "" {
		t.Errorf("the password hash of a seeded user is %q, %v", stored.PasswordHash, err)
	}
}

func TestSeedArguments(t *testing.T) {
	data := t.TempDir()
	code, stdout, _ := runCommand(t, []string{"CHARLA_DATA=" + data}, "seed", "1", "--base-url", "https://chat.example.org")
	if code != 0 || !strings.HasPrefix(stdout, "1 __Host-charla=") {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	for _, args := range [][]string{
		{"seed"}, {"seed", "0"}, {"seed", "-3"}, {"seed", "many"}, {"seed", "2000000"}, {"seed", "1", "2"},
		{"seed", "--data", data},
	} {
		code, stdout, stderr := runCommand(t, []string{"CHARLA_DATA=" + data}, args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "usage: charla seed N [--force] [settings]\n") {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}
