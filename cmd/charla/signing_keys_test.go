package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"charla/db/dbtest"
)

// accessToken logs in as a program and returns its access token.
func (s *testServer) accessToken(t *testing.T) string {
	t.Helper()
	r, err := s.http.PostForm(s.url+"/tokens", url.Values{"email": {"ana@example.org"}, "password": {"tres tristes tigres"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var given struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil || r.StatusCode != 201 {
		t.Fatalf("%s, %v", r.Status, err)
	}
	return given.Access
}

// statusWithToken returns the status of a request with an access token.
func (s *testServer) statusWithToken(t *testing.T, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	r, err := s.http.Transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// TestRotateKeys checks that access tokens stay valid after one rotation of the signing keys and become invalid after
// two.
func TestRotateKeys(t *testing.T) {
	onBothDatabases(t, testRotateKeys)
}

// testRotateKeys runs TestRotateKeys on one database, beside the server.
func testRotateKeys(t *testing.T, s *testServer, settings []string) {
	s.register(t, "ana@example.org")
	first := s.accessToken(t)
	rotate := func() {
		t.Helper()
		code, stdout, stderr := runCommand(t, settings, "rotate-keys")
		if code != 0 || stdout != "Access tokens are signed with a new key.\n" {
			t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
	}
	rotate()
	if got := s.statusWithToken(t, first); got != 200 {
		t.Errorf("after one rotation the token returned status %d", got)
	}
	rotate()
	dbtest.Eventually(t, "both old keys are invalid", func() bool { return s.statusWithToken(t, first) == 401 })
	if got := s.statusWithToken(t, s.accessToken(t)); got != 200 {
		t.Errorf("a new token returned status %d", got)
	}
	if code, _, _ := runCommand(t, settings, "rotate-keys", "now"); code != 2 {
		t.Errorf("rotate-keys with an argument: exit code %d", code)
	}
}
