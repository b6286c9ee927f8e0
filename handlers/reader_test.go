package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"charla/chat"
)

// window is what a reader has of a conversation: a page, or what a program keeps.
type window interface {
	stream() string        // where it goes on
	take(e event)          // what an event makes of it
	lines() []string       // its messages in order, each with its number as in "m-12"
	after(seq int) string  // a line that shows something with a higher number
	apply(fragment string) // what the answer to a form makes of it
}

// form is how a kind of readers asks, and how it understands the answer.
type form struct {
	headers []string
	open    func(t testing.TB, place, body string) window
}

var (
	asPage    = form{nil, func(t testing.TB, _, body string) window { return parsePage(t, body) }}
	asProgram = form{[]string{"Accept: text/event-stream, application/json"}, parseHistory}
)

// reader is one open window, and its stream, which comes back with its cursor whenever it is cut.
type reader struct {
	b     *browser
	form  form
	place string
	done  chan struct{}
	went  int // the number with which its person last went, as the test notes it

	mu     sync.Mutex // guards all below
	page   window
	start  int    // the seq at which the window of the page begins
	cursor string // Last-Event-ID
	back   string // how the cursor went back, which it must never
	left   int    // bytes until the line is cut; negative for never
	hangUp func()
	closed bool
	gone   bool     // the stream said that its person is no longer in the room
	owed   []string // answers to forms that have not come yet
}

// watch opens the page of a conversation and its stream.
func watch(b *browser, f form, place string) *reader {
	r := &reader{b: b, form: f, place: place, done: make(chan struct{}), left: -1}
	r.load()
	go r.run()
	return r
}

// load fetches the page; so does a resync.
func (r *reader) load() {
	a := r.b.get("/messages?"+r.place, r.form.headers...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.status == http.StatusNotFound {
		r.gone = true
		return
	}
	r.page, r.cursor, r.start = r.form.open(r.b.t, r.place, a.body), "", 0
	if lines := r.page.lines(); len(lines) == chat.PageSize {
		r.start = seqOf(lines[0])
	}
}

func (r *reader) run() {
	defer close(r.done)
	for r.connect() {
	}
}

// connect follows the stream until it is cut, and tells whether to come back.
func (r *reader) connect() bool {
	r.mu.Lock()
	headers := slices.Clone(r.form.headers)
	if r.cursor != "" {
		headers = append(headers, "Last-Event-ID: "+r.cursor)
	}
	url := r.page.stream()
	if r.closed {
		r.mu.Unlock()
		return false
	}
	response, cancel := r.b.endless(url, headers...)
	r.hangUp = cancel
	r.mu.Unlock()
	defer cancel()
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound { // a program that comes back too late
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gone = true
		return false
	}
	var p parser
	cut, resync := false, false
	each(response.Body, func(c byte) {
		if !cut { // what else is on its way is lost with the line
			cut, resync = r.take(&p, c)
		}
	})
	if resync {
		r.load()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.closed && !r.gone
}

// take reads one byte and tells whether the line was cut with it, and whether the page must be fetched again.
func (r *reader) take(p *parser, c byte) (cut, resync bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == 0 || r.closed {
		r.hangUp()
		r.left = -1
		return true, false
	}
	r.left = max(-1, r.left-1)
	e, ok := p.feed(c)
	if ok && e.id != "" {
		if r.cursor != "" && number(e.id) < number(r.cursor) {
			r.back += fmt.Sprintf("the cursor went from %s to %s\n", r.cursor, e.id)
		}
		r.cursor = e.id
	}
	if ok {
		r.page.take(e)
	}
	if ok && e.name == "gone" {
		r.gone = true
	}
	if ok && e.name == "resync" {
		r.hangUp()
		return true, true
	}
	return false, false
}

// shown is all that the window holds.
func (r *reader) shown() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.page.lines(), "\n")
}

// fresh is the window as it is answered now.
func (r *reader) fresh() window {
	r.b.t.Helper()
	return r.form.open(r.b.t, r.place, r.b.get("/messages?"+r.place, r.form.headers...).is(http.StatusOK).body)
}

func (r *reader) isGone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone
}

// after returns a line that shows something with a higher number.
func (r *reader) after(seq int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.page.after(seq)
}

// late keeps the answer to a form on its way.
func (r *reader) late(answer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owed = append(r.owed, answer)
	if len(r.owed) > 3 {
		r.page.apply(r.owed[0])
		r.owed = r.owed[1:]
	}
}

// answered lets all answers arrive.
func (r *reader) answered() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.owed {
		r.page.apply(a)
	}
	r.owed = nil
}

// cutAfter lets some more bytes through and then cuts the line.
func (r *reader) cutAfter(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = bytes
}

// differs says what is not as on the fresh page, for the lines that both windows hold.
func (r *reader) differs(fresh []string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := r.page.lines()
	from := max(r.start, seqOf(fresh[0]))
	before := func(line string) bool { return seqOf(line) < from }
	fresh, shown = slices.DeleteFunc(slices.Clone(fresh), before), slices.DeleteFunc(shown, before)
	if slices.Equal(fresh, shown) {
		return r.back
	}
	other := func(lines []string) func(string) bool {
		return func(line string) bool { return slices.Contains(lines, line) }
	}
	return fmt.Sprintf("with cursor %s of a window of %d lines from %d on it shows\n%s\ninstead of\n%s", r.cursor, len(shown), from,
		strings.Join(slices.DeleteFunc(slices.Clone(shown), other(fresh)), "\n"), strings.Join(slices.DeleteFunc(slices.Clone(fresh), other(shown)), "\n"))
}

func (r *reader) close() {
	r.mu.Lock()
	r.closed = true
	if r.hangUp != nil {
		r.hangUp()
	}
	r.mu.Unlock()
	<-r.done
}
