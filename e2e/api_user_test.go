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

// apiUser is a user without a browser, who sends HTTP requests with a session cookie.
type apiUser struct {
	*testing.T
	server *server
	cookie string
	id     int64
}

// newAPIUser registers a user without a browser.
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

// api returns the user of the tab as an apiUser with the same session.
func (b *tab) api() apiUser {
	b.Helper()
	p := apiUser{T: b.T, server: b.server}
	for _, c := range call(b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		p.cookie += c.Name + "=" + c.Value + "; "
	}
	return p
}

// cookieHeader returns cookies in the form of a Cookie header.
func cookieHeader(list []*http.Cookie) (header string) {
	for _, c := range list {
		header += c.Name + "=" + c.Value + "; "
	}
	return header
}

// post posts a form and returns the response and its body.
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

// postMessages posts messages to a conversation such as "with=2" or "room=1".
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

// messageBodies returns the texts of all messages of a conversation, oldest first.
func (p apiUser) messageBodies(place string) (bodies []string) {
	p.Helper()
	for path := "/messages?" + place + "&after=0&limit=200"; path != ""; {
		var page struct {
			Messages []struct{ Body string }
			Next     string
		}
		request, err := http.NewRequest(http.MethodGet, p.server.url(path), nil)
		if err != nil {
			p.Fatal(err)
		}
		request.Header.Set("Accept", "application/json")
		request.Header.Set("Cookie", p.cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			p.Fatal(err)
		}
		err = json.NewDecoder(answer.Body).Decode(&page)
		answer.Body.Close()
		if err != nil {
			p.Fatalf("GET %s: %s %v", path, answer.Status, err)
		}
		for _, m := range page.Messages {
			bodies = append(bodies, m.Body)
		}
		path = page.Next
	}
	return bodies
}

// numberedTexts returns n texts that end with their number, from 1.
func numberedTexts(what string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%s %d", what, i+1)
	}
	return texts
}

// uploadFile uploads a file to the conversation in the query and returns its id. The file is not sent yet.
func (p apiUser) uploadFile(kind, path, query string) string {
	p.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost,
		p.server.url("/files?"+query+"&name="+url.QueryEscape(filepath.Base(path))), bytes.NewReader(content))
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
		p.Fatalf("uploading %s: %s %v", path, answer.Status, err)
	}
	return fmt.Sprint(file.ID)
}

// postUntilAcknowledged posts a message to General, again and again with the same key, until it is acknowledged.
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
			continue // the server was killed: whether the message is stored is unknown
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

// allMessages returns all messages of General, oldest first.
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

// mustPost posts a form, fails the test if it is refused, and returns the body of the response.
func (p apiUser) mustPost(path string, form url.Values) []byte {
	p.Helper()
	answer, body := p.post(path, form)
	if answer.StatusCode >= http.StatusBadRequest {
		p.Fatalf("POST %s: %s %s", path, answer.Status, body)
	}
	return body
}

// createRoom creates a room and returns its id.
func (p apiUser) createRoom(name, access string) string {
	p.Helper()
	var room struct{ ID int64 }
	if err := json.Unmarshal(p.mustPost("/rooms", url.Values{"name": {name}, "access": {access}}), &room); err != nil {
		p.Fatal(err)
	}
	return strconv.FormatInt(room.ID, 10)
}

// holdStream keeps a stream open, so that the user is online.
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
