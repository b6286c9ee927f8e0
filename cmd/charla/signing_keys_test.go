package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"charla/db/dbtest"
)

// accessToken signs a program in.
func (p *testServer) accessToken(t *testing.T) string {
	t.Helper()
	r, err := p.http.PostForm(p.url+"/tokens", url.Values{"email": {"ana@example.org"}, "password": {"tres tristes tigres"}})
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

// statusWithToken is what a program with a token is answered.
func (p *testServer) statusWithToken(t *testing.T, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	r, err := p.http.Transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// A program goes on while the operator rotates the keys, and after the second time it renews its token.
func TestRotateKeys(t *testing.T) {
	database := "DATABASE_URL=" + dbtest.PostgresURL(t)
	p := startServer(t, context.Background(), database)
	p.register(t, "ana@example.org")
	first := p.accessToken(t)
	rotate := func() {
		t.Helper()
		if code, stdout, stderr := runCommand(t, []string{database}, "rotate-keys"); code != 0 || stdout != "Access tokens are signed with a new key.\n" {
			t.Fatalf("exit %d, %q, %q", code, stdout, stderr)
		}
	}
	rotate()
	if got := p.statusWithToken(t, first); got != 200 {
		t.Errorf("after one new key: %d", got)
	}
	rotate()
	dbtest.Eventually(t, "both keys from before are void", func() bool { return p.statusWithToken(t, first) == 401 })
	if got := p.statusWithToken(t, p.accessToken(t)); got != 200 {
		t.Errorf("a new token: %d", got)
	}
	if code, _, _ := runCommand(t, []string{database}, "rotate-keys", "now"); code != 2 {
		t.Errorf("rotate-keys now: exit %d", code)
	}
}
