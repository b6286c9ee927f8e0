package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var localAddress = regexp.MustCompile(`listening on (\S+)\)`)

// TestSetupLink checks that a server that others can reach prints a link for the first account, and that the command
// prints it again. Until the link is used, nobody can register.
func TestSetupLink(t *testing.T) {
	s := startServer(t, context.Background(), "CHARLA_BASE_URL=https://chat.example.org")
	s.url = "http://" + localAddress.FindStringSubmatch(s.stdout.String())[1]
	path := s.setupPath()
	if !strings.HasPrefix(path, "/setup/") {
		t.Fatalf("the server printed no set-up link:\n%s", s.stdout.String())
	}
	settings := []string{"CHARLA_DATA=" + s.dataDir, "CHARLA_BASE_URL=https://chat.example.org"}
	code, stdout, stderr := runCommand(t, settings, "setup-link")
	if code != 0 || stdout != "https://chat.example.org"+path+"\n" {
		t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	post := func(path string) int {
		form := url.Values{"name": {"Ana"}, "email": {"ana@example.org"}, "password": {"tres tristes tigres"}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "chat.example.org"
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r, err := s.http.Transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	for _, step := range []struct {
		path string
		want int
	}{{"/register", 403}, {path, 303}, {path, 409}} {
		if got := post(step.path); got != step.want {
			t.Errorf("%s is answered with %d, want %d", step.path, got, step.want)
		}
	}
	code, stdout, stderr = runCommand(t, settings, "setup-link")
	if code != 1 || stdout != "" || lastLine(stderr) != "charla: This community is already set up. Sign in instead." {
		t.Errorf("after the set-up: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestNoSetupLinkOnLoopback checks that only a server on the loopback interface without a base URL lets the first
// person register.
func TestNoSetupLinkOnLoopback(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "chat.example.org"}
	for _, test := range []struct {
		c    config
		want bool
	}{
		{config{addr: "127.0.0.1:8080"}, false}, {config{addr: "[::1]:8080"}, false},
		{config{addr: "localhost:8080"}, false}, {config{addr: "127.0.0.1:8080", baseURL: base}, true},
		{config{addr: ":8080"}, true}, {config{addr: "0.0.0.0:8080"}, true}, {config{addr: "192.0.2.1:80"}, true},
	} {
		if got := test.c.needsSetupLink(); got != test.want {
			t.Errorf("%s, base URL %v: got %t, want %t", test.c.addr, test.c.baseURL, got, test.want)
		}
	}
}
