package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// program is a person without a browser: it speaks HTTP with a session.
type program struct {
	*testing.T
	site   *server
	cookie string
	id     int64
}

// program registers somebody who never opens a browser.
func (s *server) program(name string) program {
	s.t.Helper()
	p := program{T: s.t, site: s}
	form := url.Values{"name": {name}, "email": {email(name)}, "password": {password}}
	answer, body := p.send("/register", form)
	if answer.StatusCode != http.StatusCreated {
		s.t.Fatalf("registering %s: %s %s", name, answer.Status, body)
	}
	var person struct{ ID int64 }
	if err := json.Unmarshal(body, &person); err != nil {
		s.t.Fatal(err)
	}
	p.id, p.cookie = person.ID, cookies(answer.Cookies())
	return p
}

// program is the person of a tab, acting elsewhere with the same session.
func (b *tab) program() program {
	b.Helper()
	p := program{T: b.T, site: b.site}
	for _, c := range do(b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		p.cookie += c.Name + "=" + c.Value + "; "
	}
	return p
}

func cookies(list []*http.Cookie) (header string) {
	for _, c := range list {
		header += c.Name + "=" + c.Value + "; "
	}
	return header
}

func (p program) send(path string, form url.Values) (*http.Response, []byte) {
	p.Helper()
	request, err := http.NewRequest(http.MethodPost, p.site.url(path), strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Cookie", p.cookie)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.Fatal(err)
	}
	return answer, body
}

// write posts messages to a place such as "with=2" or "room=1".
func (p program) write(place string, texts ...string) {
	p.Helper()
	for _, text := range texts {
		form, err := url.ParseQuery(place)
		if err != nil {
			p.Fatal(err)
		}
		form.Set("body", text)
		if answer, body := p.send("/messages", form); answer.StatusCode != http.StatusCreated {
			p.Fatalf("posting %q: %s %s", text, answer.Status, body)
		}
	}
}

// numbered are n texts that tell their order.
func numbered(what string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%s %d", what, i+1)
	}
	return texts
}

// keeps uploads a file, which waits for its message where the query says, and returns its number.
func (p program) keeps(kind, path, query string) string {
	p.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, p.site.url("/files?"+query+"&name="+url.QueryEscape(filepath.Base(path))), bytes.NewReader(content))
	if err != nil {
		p.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {kind}, "Accept": {"application/json"}, "Cookie": {p.cookie}}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer answer.Body.Close()
	var file struct{ ID int64 }
	if err := json.NewDecoder(answer.Body).Decode(&file); err != nil || answer.StatusCode != http.StatusCreated {
		p.Fatalf("keeping %s: %s %v", path, answer.Status, err)
	}
	return fmt.Sprint(file.ID)
}
