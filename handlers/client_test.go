package handlers_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"charla/chat"
)

// client acts as one browser or one program. It keeps cookies and sends them back; it follows no redirects.
type client struct {
	t       testing.TB
	server  *testServer
	user    chat.User // zero for an anonymous client
	cookies map[string]string
	token   string // the bearer token it sends; empty for a browser
}

func (s *testServer) anonymous() *client {
	return &client{t: s.t, server: s, cookies: map[string]string{}}
}

func (b *client) clone() *client {
	c := *b
	c.cookies = maps.Clone(b.cookies)
	return &c
}

// withT returns the same client for a sub-test.
func (b *client) withT(t testing.TB) *client {
	c := b.clone()
	c.t = t
	return c
}

// answer is the response to a request.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// Headers that requests carry
const (
	asJSON = "Accept: application/json"
	asHTMX = "HX-Request: true"
	inForm = "Content-Type: application/x-www-form-urlencoded"
	inJSON = "Content-Type: application/json"
)

func (b *client) request(method, path string, body io.Reader, headers ...string) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	if b.token != "" {
		r.Header.Add("Authorization", "Bearer "+b.token)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (b *client) do(method, path string, body io.Reader, headers ...string) *answer {
	b.t.Helper()
	response, err := b.server.Client().Transport.RoundTrip(b.request(method, path, body, headers...))
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	for _, c := range response.Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return &answer{b.t, response.StatusCode, response.Header, string(text)}
}

func (b *client) get(path string, headers ...string) *answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, headers...)
}

// post sends a form of alternating names and values.
func (b *client) post(path string, fields []string, headers ...string) *answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()), append(headers, inForm)...)
}

// postJSON sends a value as JSON and asks for JSON. A string is sent as it is.
func (b *client) postJSON(path string, value any) *answer {
	b.t.Helper()
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		if err != nil {
			b.t.Fatal(err)
		}
		text = string(encoded)
	}
	return b.do(http.MethodPost, path, strings.NewReader(text), inJSON, asJSON)
}

// is fails the test unless the answer has this status.
func (a *answer) is(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("got status %d, want %d:\n%s", a.status, status, a.body)
	}
	return a
}

// redirectsTo fails the test unless the answer is a 303 to this URL.
func (a *answer) redirectsTo(url string) *answer {
	a.t.Helper()
	a.is(http.StatusSeeOther)
	equal(a.t, "Location", a.header.Get("Location"), url)
	return a
}

// has fails the test unless the body contains all parts. It is for words, JSON and other text: markup is for shows.
func (a *answer) has(parts ...string) *answer {
	a.t.Helper()
	contains(a.t, a.body, parts...)
	return a
}

func (a *answer) lacks(parts ...string) *answer {
	a.t.Helper()
	lacks(a.t, a.body, parts...)
	return a
}

// isError fails the test unless the answer is a JSON error with this status, code and field, and with a message.
func (a *answer) isError(status int, code, field string) *answer {
	a.t.Helper()
	a.is(status)
	e := decode[struct {
		Error *struct {
			Code, Message, Field string
			Fields               map[string]string
		}
	}](a).Error
	if e == nil || e.Code != code || e.Field != field || e.Message == "" {
		a.t.Fatalf("got %s, want an error %q about %q", a.body, code, field)
	}
	return a
}

// decode reads a JSON answer. It fails the test if the answer has a field that T does not declare.
func decode[T any](a *answer) (v T) {
	a.t.Helper()
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		a.t.Fatalf("got %s instead of JSON:\n%s", kind, a.body)
	}
	d := json.NewDecoder(bytes.NewBufferString(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		a.t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// decodeLoosely reads the fields of a JSON answer that T declares and ignores the others.
func decodeLoosely[T any](a *answer) (v T) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// message is a message as programs receive it.
type message struct {
	ID, Room, Seq int64
	Changed       int64 `json:"changed_seq"`
	From          struct {
		ID     int64
		Name   string
		Avatar string `json:"avatar_url"`
		Bot    bool
		Handle string
	}
	Body, HTML string
	PostedAt   string `json:"posted_at"`
	EditedAt   string `json:"edited_at"`
	DeletedAt  string `json:"deleted_at"`
	Files      []fileInfo
	Mentions   []userRef
	To         string
	Notified   *bool
	NotInRoom  []userRef `json:"not_in_room"`
	Pinned     *pinInfo
	Saved      *bool
	Reactions  []struct {
		Emoji  string
		Count  int
		People []struct {
			ID     int64
			Name   string
			Handle string
		}
		Mine *bool
	}
}

// fileInfo is a file as programs receive it.
type fileInfo struct {
	ID            int64
	Name, Alt     string
	Type          string
	Size          int64
	URL           string
	ThumbURL      string `json:"thumb_url"`
	Width, Height int
	Unchanged     bool
}

// path returns the URL of the message's own page.
func (m message) path() string { return "/messages/" + formatID(m.ID) }

// reactionSummary returns the reactions in one line: "🎉 Ana Berta, mine; 👍 Berta".
func (m message) reactionSummary() string {
	var kinds []string
	for _, r := range m.Reactions {
		kind := r.Emoji
		for _, p := range r.People {
			kind += " " + p.Name
		}
		if r.Count != len(r.People) {
			kind += " and others"
		}
		if r.Mine != nil && *r.Mine {
			kind += ", mine"
		}
		kinds = append(kinds, kind)
	}
	return strings.Join(kinds, "; ")
}

type historyInfo struct {
	Messages []message
	Cursor   int64
	Previous string
	Next     string
	On       string
}

// sendMessage posts a message as a program does. The conversation is "room=1" or "with=2".
func (b *client) sendMessage(place, body string) message {
	b.t.Helper()
	name, id, _ := strings.Cut(place, "=")
	a := b.post("/messages", []string{name, id, "body", body}, asJSON)
	return decode[message](a.is(http.StatusCreated))
}

// readMessage returns a message as GET answers it, without the field saved, which no other answer has.
func (b *client) readMessage(m message) message {
	b.t.Helper()
	m = decode[message](b.get(m.path(), asJSON).is(http.StatusOK))
	m.Saved = nil
	return m
}

// putMessage replaces the text of a message as a program does.
func (b *client) putMessage(m message, body string) *answer {
	b.t.Helper()
	return b.do(http.MethodPut, m.path(), strings.NewReader(url.Values{"body": {body}}.Encode()), inForm, asJSON)
}

// editMessage is putMessage that must succeed.
func (b *client) editMessage(m message, body string) message {
	b.t.Helper()
	return decode[message](b.putMessage(m, body).is(http.StatusOK))
}

// deleteMessage deletes a message as a program does.
func (b *client) deleteMessage(m message) *answer {
	b.t.Helper()
	return b.do(http.MethodDelete, m.path(), nil, asJSON)
}

// react toggles a reaction as a program does.
func (b *client) react(m message, emoji string) *answer {
	b.t.Helper()
	return b.post(m.path()+"/reactions", []string{"emoji", emoji}, asJSON)
}

// peerQuery returns the query that names the conversation with this client's user: "with=2".
func (b *client) peerQuery() string { return "with=" + strconv.FormatInt(b.user.ID, 10) }

func formatID(n int64) string { return strconv.FormatInt(n, 10) }
