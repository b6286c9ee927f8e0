package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// htmlValidate is the validator, where .ci/needs installs it.
const htmlValidate = "../build/tools/html-validate@9.7.1/node_modules/html-validate/bin/html-validate.mjs"

// htmlOf returns the HTML of a page as the server sends it. For the answer to a form, path is "POST ", the path and the
// form as a query.
func (p apiUser) htmlOf(path string) []byte {
	p.Helper()
	method, form := http.MethodGet, ""
	if action, ok := strings.CutPrefix(path, "POST "); ok {
		method = http.MethodPost
		path, form, _ = strings.Cut(action, "?")
	}
	request, err := http.NewRequest(method, p.server.url(path), strings.NewReader(form))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Cookie", p.cookie)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || !bytes.Contains(page, []byte("<html")) {
		p.Fatalf("%s is not a page: %s %v", path, answer.Status, err)
	}
	return page
}

// findings validates HTML files and returns what the validator objects to. Its settings allow what the standards allow:
// every element whose role may have a name can be labelled (ARIA 1.2), a list of suggestions for a text field is no
// select element, and checkboxes can share a name.
func findings(t *testing.T, files []string) (all []string) {
	t.Helper()
	config := filepath.Join("testdata", "html-validate", ".htmlvalidate.json")
	output, err := exec.Command("node", append([]string{htmlValidate, "--config", config, "--formatter", "json"},
		files...)...).Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var report []struct {
		FilePath string
		Messages []struct{ RuleID, Message, Selector string }
	}
	if err := json.Unmarshal(output, &report); err != nil {
		t.Fatalf("the validator answered %q: %v", output, err)
	}
	for _, file := range report {
		for _, m := range file.Messages {
			page, _ := url.PathUnescape(filepath.Base(file.FilePath))
			all = append(all, page+": "+m.RuleID+": "+m.Message+": "+m.Selector)
		}
	}
	return all
}

// TestPagesAreValid requires that a validator finds nothing in the HTML of all kinds of pages.
func TestPagesAreValid(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(htmlValidate); err != nil && os.Getenv("CI") != "true" {
		t.Skip("html-validate is not installed:", err)
	}
	s := startServer(t)
	anonymous := apiUser{T: t, server: s}
	setup := saveHTML(t, anonymous, []string{s.setupPath(), "POST " + s.setupPath() + "?name="})
	ana, bob := s.newAPIUser("Ana"), s.newAPIUser("Bob")
	s.newAPIUser("Carla")
	bob.postMessages("with=1", "Hello Ana", "> a `quote`\n- of *all* that is `marked`", "```\ncode\n```", "🎉")
	bob.postMessages("room=1", "Hello all", "see https://example.org")
	bob.mustPost("/messages/1/reactions", url.Values{"emoji": {"🎉"}})
	bob.postMessages("with=1&file="+bob.uploadFile("image/png", newSampleFiles(t).png("wide.png", 400, 100), "with=1"), "a picture")
	room := ana.createRoom("Kitchen", "invited")
	paths := append([]string{"/settings/delete", "/rooms/" + room + "?invite=carla", "/conversations", "/emoji?room=1",
		"/emoji?room=1&q=heart", "/search?q=hello", "/messages?with=1", "POST /bots?name=Robot", "POST /invites?uses=3",
		"POST /people/2/reset-link", "POST /messages?room=1&body=", "POST /rooms?name=", "POST /settings/name?name=",
		"POST /settings/password?current=x&password=y", "POST /settings/delete?current=x&messages=delete"}, pagePaths...)
	files := append(saveHTML(t, ana, paths), endlessHTML(t, ana, ">https://example.org</a>"))
	if problems := findings(t, append(files, setup...)); len(problems) > 0 {
		t.Errorf("pages are not valid:\n%s", strings.Join(problems, "\n"))
	}
	paths = []string{"/login", "/register", "/login?ended=1", "POST /login?email=x"}
	if problems := findings(t, saveHTML(t, anonymous, paths)); len(problems) > 0 {
		t.Errorf("pages are not valid:\n%s", strings.Join(problems, "\n"))
	}
	broken := filepath.Join(t.TempDir(), "broken.html")
	if err := os.WriteFile(broken, []byte("<!DOCTYPE html><ul><p>text</p></ul>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if len(findings(t, []string{broken})) == 0 {
		t.Error("the validator finds nothing in a broken page")
	}
}

// endlessHTML writes the page with the messages of General that needs no JavaScript to a file. The page never ends, so
// endlessHTML closes the elements after the message that contains last, as browsers do.
func endlessHTML(t *testing.T, p apiUser, last string) (file string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server.url("/messages/live?room=1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Accept": {"text/html"}, "Cookie": {p.cookie}}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, reader := "", bufio.NewReader(answer.Body)
	for !strings.Contains(page, last) || !strings.HasSuffix(page, "</li>") {
		tag, err := reader.ReadString('>')
		if err != nil {
			t.Fatalf("%v in %s", err, page)
		}
		page += tag
	}
	file = filepath.Join(t.TempDir(), "endless.html")
	if err := os.WriteFile(file, []byte(page+"</ol></main></body></html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// saveHTML writes pages to files, whose names are the escaped paths of the pages.
func saveHTML(t *testing.T, p apiUser, paths []string) (files []string) {
	t.Helper()
	dir := t.TempDir()
	for _, path := range paths {
		file := filepath.Join(dir, url.PathEscape(path)+".html")
		if err := os.WriteFile(file, p.htmlOf(path), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}
