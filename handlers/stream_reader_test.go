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

// loadNoscriptPage is what a reader has of a conversation: a page, or what a program keeps.
type readerView interface {
	streamURL() string           // where it goes on
	handleEvent(e event)         // what an event makes of it
	lines() []string             // its messages in order, each with its number as in "m-12"
	lineAfter(seq int) string    // a line that shows something with a higher number
	applyAnswer(fragment string) // what the answer to a form makes of it
}

// kind is how a kind of readers asks, and how it understands the answer.
type readerKind struct {
	headers []string
	open    func(t testing.TB, place, body string) readerView
}

var (
	htmlReader = readerKind{nil, func(t testing.TB, _, body string) readerView { return parsePage(t, body) }}
	jsonReader = readerKind{[]string{"Accept: text/event-stream, application/json"}, parseHistory}
)

// streamReader is one open window, and its stream, which comes back with its cursor whenever it is cut.
type streamReader struct {
	client      *client
	kind        readerKind
	place       string
	done        chan struct{}
	departedSeq int // the number with which its person last went, as the test notes it

	mu            sync.Mutex // guards all below
	view          readerView
	start         int    // the seq at which the window of the page begins
	cursor        string // Last-Event-ID
	cursorError   string // how the cursor went back, which it must never
	bytesUntilCut int    // bytes until the line is cut; negative for never
	hangUp        func()
	closed        bool
	sawGone       bool     // the stream said that its person is no longer in the room
	lateAnswers   []string // answers to forms that have not come yet
}

// openReader opens the page of a conversation and its stream.
func openReader(b *client, f readerKind, place string) *streamReader {
	r := &streamReader{client: b, kind: f, place: place, done: make(chan struct{}), bytesUntilCut: -1}
	r.load()
	go r.run()
	return r
}

// load fetches the page; so does a resync.
func (r *streamReader) load() {
	a := r.client.get("/messages?"+r.place, r.kind.headers...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.status == http.StatusNotFound {
		r.sawGone = true
		return
	}
	r.view, r.cursor, r.start = r.kind.open(r.client.t, r.place, a.body), "", 0
	if lines := r.view.lines(); len(lines) == chat.DefaultPageSize {
		r.start = seqOf(lines[0])
	}
}

func (r *streamReader) run() {
	defer close(r.done)
	for r.connect() {
	}
}

// connect follows the stream until it is cut, and tells whether to come back.
func (r *streamReader) connect() bool {
	r.mu.Lock()
	headers := slices.Clone(r.kind.headers)
	if r.cursor != "" {
		headers = append(headers, "Last-Event-ID: "+r.cursor)
	}
	url := r.view.streamURL()
	if r.closed {
		r.mu.Unlock()
		return false
	}
	response, cancel := r.client.openStream(url, headers...)
	r.hangUp = cancel
	r.mu.Unlock()
	defer cancel()
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound { // a program that comes back too late
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sawGone = true
		return false
	}
	var p sseParser
	cut, resync := false, false
	eachByte(response.Body, func(c byte) {
		if !cut { // what else is on its way is lost with the line
			cut, resync = r.feedByte(&p, c)
		}
	})
	if resync {
		r.load()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.closed && !r.sawGone
}

// Allow reads one byte and tells whether the line was cut with it, and whether the page must be fetched again.
func (r *streamReader) feedByte(p *sseParser, c byte) (cut, resync bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bytesUntilCut == 0 || r.closed {
		r.hangUp()
		r.bytesUntilCut = -1
		return true, false
	}
	r.bytesUntilCut = max(-1, r.bytesUntilCut-1)
	e, ok := p.feed(c)
	if ok && e.id != "" {
		if r.cursor != "" && trailingNumber(e.id) < trailingNumber(r.cursor) {
			r.cursorError += fmt.Sprintf("the cursor went from %s to %s\n", r.cursor, e.id)
		}
		r.cursor = e.id
	}
	if ok {
		r.view.handleEvent(e)
	}
	if ok && e.name == "gone" {
		r.sawGone = true
	}
	if ok && e.name == "resync" {
		r.hangUp()
		return true, true
	}
	return false, false
}

// progressPattern is all that the window holds.
func (r *streamReader) shown() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.view.lines(), "\n")
}

// freshView is the window as it is answered now.
func (r *streamReader) freshView() readerView {
	r.client.t.Helper()
	return r.kind.open(r.client.t, r.place, r.client.get("/messages?"+r.place, r.kind.headers...).is(http.StatusOK).body)
}

func (r *streamReader) isGone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sawGone
}

// lineAfter returns a line that shows something with a higher number.
func (r *streamReader) lineAfter(seq int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view.lineAfter(seq)
}

// delayAnswer keeps the answer to a form on its way.
func (r *streamReader) delayAnswer(answer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lateAnswers = append(r.lateAnswers, answer)
	if len(r.lateAnswers) > 3 {
		r.view.applyAnswer(r.lateAnswers[0])
		r.lateAnswers = r.lateAnswers[1:]
	}
}

// applyLateAnswers lets all answers arrive.
func (r *streamReader) applyLateAnswers() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.lateAnswers {
		r.view.applyAnswer(a)
	}
	r.lateAnswers = nil
}

// cutAfter lets some more bytes through and then cuts the line.
func (r *streamReader) cutAfter(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytesUntilCut = bytes
}

// difference says what is not as on the fresh page, for the lines that both windows hold.
func (r *streamReader) difference(fresh []string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := r.view.lines()
	from := max(r.start, seqOf(fresh[0]))
	before := func(line string) bool { return seqOf(line) < from }
	fresh, shown = slices.DeleteFunc(slices.Clone(fresh), before), slices.DeleteFunc(shown, before)
	if slices.Equal(fresh, shown) {
		return r.cursorError
	}
	other := func(lines []string) func(string) bool {
		return func(line string) bool { return slices.Contains(lines, line) }
	}
	return fmt.Sprintf("with cursor %s of a window of %d lines from %d on it shows\n%s\ninstead of\n%s", r.cursor, len(shown), from,
		strings.Join(slices.DeleteFunc(slices.Clone(shown), other(fresh)), "\n"), strings.Join(slices.DeleteFunc(slices.Clone(fresh), other(shown)), "\n"))
}

func (r *streamReader) close() {
	r.mu.Lock()
	r.closed = true
	if r.hangUp != nil {
		r.hangUp()
	}
	r.mu.Unlock()
	<-r.done
}
