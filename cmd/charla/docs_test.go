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
	"slices"
	"strings"
	"testing"
)

// TestConfigurationListsAllSettings compares the table in docs/configuration.md with the options of the code: the
// same variables in the same order, with the same defaults.
func TestConfigurationListsAllSettings(t *testing.T) {
	const setting = `(?:CHARLA|DATABASE|NATS|S3|SMTP)_[A-Z_]+`
	row := regexp.MustCompile("(?m)^\\| `(" + setting + ")` \\|\\s*(?:`([^`]*)`|([^|`]*))\\s*\\|")
	documented := row.FindAllStringSubmatch(readFile(t, "../../docs/configuration.md"), -1)
	if len(documented) != len(options) {
		t.Fatalf("docs/configuration.md lists %d settings, the code has %d", len(documented), len(options))
	}
	for i, o := range options {
		env, defaultValue := documented[i][1], documented[i][2]
		if env != o.env || defaultValue != o.defaultValue && o.env != "CHARLA_TIMEZONE" {
			t.Errorf("documented: %s with default %q; in the code: %s with %q",
				env, defaultValue, o.env, o.defaultValue)
		}
	}
}

// TestREADMEIsShort holds the limit of 12 KB for both README files.
func TestREADMEIsShort(t *testing.T) {
	for _, name := range []string{"README.md", "README.es.md"} {
		if size := len(readFile(t, "../../"+name)); size > 12<<10 {
			t.Errorf("%s has %d bytes, more than 12 KB", name, size)
		}
	}
}

// TestREADMEListsEveryFolder compares the table of folders in both README files with the folders of the repository.
func TestREADMEListsEveryFolder(t *testing.T) {
	var folders []string
	for _, parent := range []string{"", "cmd/"} {
		entries, err := os.ReadDir("../../" + parent)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
				folders = append(folders, parent+e.Name())
			}
		}
	}
	unlisted := []string{"cmd", "build", "data", "tmp"} // cmd is listed by its programs; the others are not in a clone
	folders = slices.DeleteFunc(folders, func(f string) bool { return slices.Contains(unlisted, f) })
	slices.Sort(folders)
	for name, heading := range map[string]string{"README.md": "## Structure", "README.es.md": "## Estructura"} {
		_, section, _ := strings.Cut(readFile(t, "../../"+name), heading)
		section, _, _ = strings.Cut(section, "\n## ")
		var listed []string
		for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
			listed = append(listed, row[1])
		}
		slices.Sort(listed)
		if !slices.Equal(listed, folders) {
			t.Errorf("%s lists the folders %q, the repository has %q", name, listed, folders)
		}
	}
}

// TestLinksInDocumentsExist follows every relative link of every Markdown file, and every anchor in it.
func TestLinksInDocumentsExist(t *testing.T) {
	documents, _ := filepath.Glob("../../*.md")
	for _, pattern := range []string{"../../docs/*.md", "../../docs/decisions/*.md"} {
		more, _ := filepath.Glob(pattern)
		documents = append(documents, more...)
	}
	link := regexp.MustCompile(`\]\(([^)#\s:]*)(?:#([^)\s]*))?\)`)
	code := regexp.MustCompile("(?m)`[^`\n]*`|^    .*$")
	for _, document := range documents {
		text := code.ReplaceAllString(readFile(t, document), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := document
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(document), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", document, m[1])
				continue
			}
			if m[2] != "" && !slices.Contains(anchorsOf(readFile(t, target)), m[2]) {
				t.Errorf("%s links to %s#%s, and that file has no such heading", document, m[1], m[2])
			}
		}
	}
}

// anchorsOf returns the anchors that a Markdown viewer gives to the headings of a document.
func anchorsOf(markdown string) []string {
	var anchors []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(markdown, -1) {
		lower := strings.ToLower(heading[1])
		lower = regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(lower, "")
		anchors = append(anchors, strings.ReplaceAll(lower, " ", "-"))
	}
	return anchors
}

// postForID posts a body, asks for a JSON response and returns the id in it.
func (s *testServer) postForID(t *testing.T, path, kind, body string) (id string) {
	t.Helper()
	request, _ := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(body))
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Accept", "application/json")
	r, err := s.http.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer r.Body.Close()
	var created struct{ ID int64 }
	if err := json.NewDecoder(r.Body).Decode(&created); err != nil || r.StatusCode != http.StatusCreated {
		t.Errorf("%s: %s, %v", path, r.Status, err)
	}
	return fmt.Sprint(created.ID)
}

func (s *testServer) parseURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestProgramExamples runs the shell lines of docs/programs.md as they stand. Only curl is configured to connect to
// the test server instead of localhost:8080.
func TestProgramExamples(t *testing.T) {
	_, section, _ := strings.Cut(readFile(t, "../../docs/programs.md"), "## A first session with curl")
	section, _, _ = strings.Cut(section, "\n## ")
	lines := regexp.MustCompile(`(?m)^    (.+)$`).FindAllStringSubmatch(section, -1)
	if len(lines) < 8 {
		t.Fatalf("docs/programs.md has only %d commands", len(lines))
	}
	s, home := startServer(t, context.Background()), t.TempDir()
	connectTo := "connect-to = \"localhost:8080:" + strings.TrimPrefix(s.url, "http://") + "\"\n"
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte(connectTo), 0o600); err != nil {
		t.Fatal(err)
	}
	script := ""
	for _, line := range lines {
		script += line[1] + "\n"
	}
	c := exec.Command("sh", "-u")
	c.Stdin, c.Dir, c.Env = strings.NewReader(script), home, append(os.Environ(), "HOME="+home)
	out, err := c.CombinedOutput()
	if strings.Contains(string(out), `"error"`) || strings.Contains(string(out), "not found") {
		t.Errorf("a command failed, exit status %v:\n%s", err, out)
	}
	for _, part := range []string{
		`"name":"Ana"`, `"body":"Hello, all"`, `"body":"The build is *green* 🎉"`, `"refresh_token"`,
		`"body":"Rain at noon"`, `"next":"/messages?room=1\u0026after=2\u0026limit=1"`,
		"event: message\nid: 3\n", "event: ready\n", "event: changed\n",
	} {
		if !strings.Contains(string(out), part) {
			t.Errorf("the output does not contain %s:\n%s", part, out)
		}
	}
}
