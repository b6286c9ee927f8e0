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

// readerView is what a reader knows of a conversation: a page in a browser, or the messages that a program keeps.
type readerView interface {
	streamURL() string           // of the stream that continues it
	handleEvent(e event)         // applies an event
	lines() []string             // its messages in order, each beginning with or containing its id, such as "m-12"
	lineAfter(seq int) string    // a message that shows a change later than seq, or nothing
	applyAnswer(fragment string) // applies the answer to a form
}

// readerKind is how readers of one kind request a conversation and parse the answer.
type readerKind struct {
	headers []string
	open    func(t testing.TB, place, body string) readerView
}

var (
	htmlReader = readerKind{nil, func(t testing.TB, _, body string) readerView { return parsePage(t, body) }}
	jsonReader = readerKind{[]string{"Accept: text/event-stream, application/json"}, parseHistory}
)

// streamReader is one open page or program. Its stream reconnects with its cursor whenever the connection breaks.
type streamReader struct {
	client      *client
	kind        readerKind
	place       string
	done        chan struct{}
	departedSeq int // the seq with which its user last left the room, set by the test

	mu            sync.Mutex // guards the fields below
	view          readerView
	start         int    // the seq of the first message on the page, if the page does not reach the beginning
	cursor        string // the last event id
	cursorError   string // describes how the cursor went back, which must never happen
	bytesUntilCut int    // the connection breaks after so many bytes; negative for never
	hangUp        func()
	closed        bool
	sawGone       bool     // the stream said that its user is no longer in the room
	lateAnswers   []string // answers to forms that have not arrived yet
}

// openReader loads the page of a conversation and opens its stream.
func openReader(b *client, f readerKind, place string) *streamReader {
	r := &streamReader{client: b, kind: f, place: place, done: make(chan struct{}), bytesUntilCut: -1}
	r.load()
	go r.run()
	return r
}

// load fetches the page, at first and after a resync.
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

// connect reads the stream until the connection breaks, and reports whether to reconnect.
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
	if response.StatusCode == http.StatusNotFound { // a program that reconnects after it left
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sawGone = true
		return false
	}
	var p sseParser
	cut, resync := false, false
	eachByte(response.Body, func(c byte) {
		if !cut { // bytes after the cut are lost
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

// feedByte reads one byte and reports whether the connection broke with it, and whether the page must be reloaded.
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

// shown returns all messages of the view.
func (r *streamReader) shown() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.view.lines(), "\n")
}

// freshView loads the conversation again.
func (r *streamReader) freshView() readerView {
	r.client.t.Helper()
	return r.kind.open(r.client.t, r.place,
		r.client.get("/messages?"+r.place, r.kind.headers...).is(http.StatusOK).body)
}

func (r *streamReader) isGone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sawGone
}

// lineAfter returns a message that shows a change later than seq, or nothing.
func (r *streamReader) lineAfter(seq int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view.lineAfter(seq)
}

// delayAnswer queues the answer to a form; at most three answers are under way.
func (r *streamReader) delayAnswer(answer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lateAnswers = append(r.lateAnswers, answer)
	if len(r.lateAnswers) > 3 {
		r.view.applyAnswer(r.lateAnswers[0])
		r.lateAnswers = r.lateAnswers[1:]
	}
}

// applyLateAnswers lets all queued answers arrive.
func (r *streamReader) applyLateAnswers() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.lateAnswers {
		r.view.applyAnswer(a)
	}
	r.lateAnswers = nil
}

// cutAfter breaks the connection after so many bytes.
func (r *streamReader) cutAfter(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytesUntilCut = bytes
}

// difference describes how the view differs from a fresh page in the messages that both hold; empty if it does not.
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
	return fmt.Sprintf("with cursor %s of a window of %d lines from %d on it shows\n%s\ninstead of\n%s", r.cursor,
		len(shown), from, strings.Join(slices.DeleteFunc(slices.Clone(shown), other(fresh)), "\n"),
		strings.Join(slices.DeleteFunc(slices.Clone(fresh), other(shown)), "\n"))
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
