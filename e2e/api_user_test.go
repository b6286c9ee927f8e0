package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// newAPIUser is a person without a browser: it speaks HTTP with a session.
type apiUser struct {
	*testing.T
	server *server
	cookie string
	id     int64
}

// newAPIUser registers somebody who never opens a browser.
func (s *server) newAPIUser(name string) apiUser {
	s.t.Helper()
	p := apiUser{T: s.t, server: s}
	form := url.Values{"name": {name}, "email": {emailOf(name)}, "password": {password}}
	answer, body := p.post("/register", form)
	if answer.StatusCode != http.StatusCreated {
		s.t.Fatalf("registering %s: %s %s", name, answer.Status, body)
	}
	var person struct{ ID int64 }
	if err := json.Unmarshal(body, &person); err != nil {
		s.t.Fatal(err)
	}
	p.id, p.cookie = person.ID, cookieHeader(answer.Cookies())
	return p
}

// newAPIUser is the person of a tab, acting elsewhere with the same session.
func (b *tab) api() apiUser {
	b.Helper()
	p := apiUser{T: b.T, server: b.server}
	for _, c := range call(b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		p.cookie += c.Name + "=" + c.Value + "; "
	}
	return p
}

func cookieHeader(list []*http.Cookie) (header string) {
	for _, c := range list {
		header += c.Name + "=" + c.Value + "; "
	}
	return header
}

func (p apiUser) post(path string, form url.Values) (*http.Response, []byte) {
	p.Helper()
	request, err := http.NewRequest(http.MethodPost, p.server.url(path), strings.NewReader(form.Encode()))
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

// postMessages posts messages to a place such as "with=2" or "room=1".
func (p apiUser) postMessages(place string, texts ...string) {
	p.Helper()
	for _, text := range texts {
		form, err := url.ParseQuery(place)
		if err != nil {
			p.Fatal(err)
		}
		form.Set("body", text)
		if answer, body := p.post("/messages", form); answer.StatusCode != http.StatusCreated {
			p.Fatalf("posting %q: %s %s", text, answer.Status, body)
		}
	}
}

// numberedTexts are n texts that tell their order.
func numberedTexts(what string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%s %d", what, i+1)
	}
	return texts
}

// uploadFile uploads a file, which waits for its message where the query says, and returns its number.
func (p apiUser) uploadFile(kind, path, query string) string {
	p.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, p.server.url("/files?"+query+"&name="+url.QueryEscape(filepath.Base(path))), bytes.NewReader(content))
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

// postUntilAcknowledged sends a message to General, again and again under one key, until it is acknowledged.
func (p apiUser) postUntilAcknowledged(body string) {
	form := url.Values{"room": {"1"}, "body": {body}, "key": {"key " + body}}.Encode()
	for {
		request, err := http.NewRequest(http.MethodPost, p.server.url("/messages"), strings.NewReader(form))
		if err != nil {
			p.Error(err)
			return
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Accept", "application/json")
		request.Header.Set("Cookie", p.cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			continue // killed: whether it was stored is unknown
		}
		answer.Body.Close()
		if answer.StatusCode < 300 {
			return
		}
		if answer.StatusCode < 500 {
			p.Errorf("sending %q: %s", body, answer.Status)
			return
		}
	}
}

// storedMessage is a message as the database has it.
type storedMessage struct {
	Seq  int64
	Body string
}

// allMessages is all of General, oldest first.
func (p apiUser) allMessages() (all []storedMessage) {
	p.Helper()
	for next := "/messages?room=1&limit=200"; next != ""; {
		request, err := http.NewRequest(http.MethodGet, p.server.url(next), nil)
		if err != nil {
			p.Fatal(err)
		}
		request.Header.Set("Accept", "application/json")
		request.Header.Set("Cookie", p.cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			p.Fatal(err)
		}
		var page struct {
			Messages []storedMessage
			Next     string
		}
		err = json.NewDecoder(answer.Body).Decode(&page)
		answer.Body.Close()
		if err != nil {
			p.Fatal(err)
		}
		all, next = append(page.Messages, all...), page.Next
	}
	return all
}

// typeAndEnter posts a form that must be taken, and returns the answer.
func (p apiUser) mustPost(path string, form url.Values) []byte {
	p.Helper()
	answer, body := p.post(path, form)
	if answer.StatusCode >= http.StatusBadRequest {
		p.Fatalf("POST %s: %s %s", path, answer.Status, body)
	}
	return body
}

// createRoom makes a room and returns its id.
func (p apiUser) createRoom(name, access string) string {
	p.Helper()
	var room struct{ ID int64 }
	if err := json.Unmarshal(p.mustPost("/rooms", url.Values{"name": {name}, "access": {access}}), &room); err != nil {
		p.Fatal(err)
	}
	return strconv.FormatInt(room.ID, 10)
}

// holdStream holds a stream open, so that the person is here.
func (p apiUser) holdStream() {
	p.Helper()
	request, err := http.NewRequestWithContext(p.Context(), http.MethodGet, p.server.url("/events"), nil)
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Cookie", p.cookie)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { answer.Body.Close() })
	if line, err := bufio.NewReader(answer.Body).ReadString('\n'); err != nil || !strings.HasPrefix(line, "data:") {
		p.Fatalf("the stream begins with %q, %v", line, err)
	}
}
