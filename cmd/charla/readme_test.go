package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README's table of settings is that of the code, in its order and with its defaults.
func TestREADMEListsAllSettings(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `((?:CHARLA|DATABASE|NATS|S3|SMTP)_[A-Z_]+)` \\|\\s*(?:`([^`]*)`|([^|`]*))\\s*\\|")
	told := row.FindAllStringSubmatch(string(readme), -1)
	if len(told) != len(options) {
		t.Fatalf("the README tells %d settings, the code has %d", len(told), len(options))
	}
	for i, o := range options {
		if told[i][1] != o.env || told[i][2] != o.defaultValue && o.env != "CHARLA_TIMEZONE" {
			t.Errorf("the README tells %s with %q, the code has %s with %q", told[i][1], told[i][2], o.env, o.defaultValue)
		}
	}
}

// postForID posts as a program and returns the id of what was made.
func (p *testServer) postForID(t *testing.T, path, kind, body string) (id string) {
	t.Helper()
	request, _ := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(body))
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Accept", "application/json")
	r, err := p.http.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer r.Body.Close()
	var made struct{ ID int64 }
	if err := json.NewDecoder(r.Body).Decode(&made); err != nil || r.StatusCode != http.StatusCreated {
		t.Errorf("%s: %s, %v", path, r.Status, err)
	}
	return fmt.Sprint(made.ID)
}

func (p *testServer) parseURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The README's lines for programs work as they stand: curl alone is told that localhost:8080 is elsewhere.
func TestREADMEProgramExamples(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## For programs")
	section, _, _ = strings.Cut(section, "\n## ")
	lines := regexp.MustCompile(`(?m)^    (.+)$`).FindAllStringSubmatch(section, -1)
	if len(lines) < 8 {
		t.Fatalf("only %d lines for programs", len(lines))
	}
	p, home := startServer(t, context.Background()), t.TempDir()
	elsewhere := "connect-to = \"localhost:8080:" + strings.TrimPrefix(p.url, "http://") + "\"\n"
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	script := ""
	for _, line := range lines {
		script += line[1] + "\n"
	}
	c := exec.Command("sh", "-u")
	c.Stdin, c.Dir, c.Env = strings.NewReader(script), home, append(os.Environ(), "HOME="+home)
	out, err := c.CombinedOutput()
	if said := string(out); strings.Contains(said, `"error"`) || strings.Contains(said, "not found") {
		t.Errorf("%v\n%s", err, said)
	}
	for _, part := range []string{
		`"name":"Ana"`, `"body":"Hello, all"`, `"body":"The build is *green* 🎉"`, `"refresh_token"`, `"body":"Rain at noon"`, `"next":"/messages?room=1\u0026after=2\u0026limit=1"`, "event: message\nid: 3\n", "event: ready\n", "event: changed\n",
	} {
		if !strings.Contains(string(out), part) {
			t.Errorf("%s is missing in\n%s", part, out)
		}
	}
}
