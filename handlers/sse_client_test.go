package handlers_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// event is one event of a stream. One without data has no effect on a browser but may move its cursor.
type event struct {
	name, data string
	id         string // empty if this event had none
	retry      int
	hasData    bool
}

// sseParser parses text/event-stream byte by byte, by section 9.2 of the HTML standard. It drops an incomplete event.
type sseParser struct {
	line    []byte
	current event
	started bool
}

// feed returns the event that b completes, if any.
func (p *sseParser) feed(b byte) (event, bool) {
	if b != '\n' {
		p.line = append(p.line, b)
		return event{}, false
	}
	line := string(p.line)
	p.line = p.line[:0]
	if line == "" {
		e, ok := p.current, p.started
		p.current, p.started = event{}, false
		e.data = strings.TrimSuffix(e.data, "\n")
		return e, ok
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "data":
		p.current.data += value + "\n"
		p.current.hasData = true
	case "event":
		p.current.name = value
	case "id":
		p.current.id = value
	case "retry":
		p.current.retry, _ = strconv.Atoi(value)
	default:
		return event{}, false // a comment
	}
	p.started = true
	return event{}, false
}

// eventStream is an open event stream.
type eventStream struct {
	t      testing.TB
	header http.Header
	proto  string
	events chan event // closed when the stream ends
	cancel context.CancelFunc
}

// listen opens an event stream.
func (b *client) listen(path string, headers ...string) *eventStream {
	b.t.Helper()
	response, cancel := b.openStream(path, headers...)
	if response.StatusCode != http.StatusOK {
		cancel()
		response.Body.Close()
		b.t.Fatalf("GET %s: status %d", path, response.StatusCode)
	}
	s := &eventStream{b.t, response.Header, response.Proto, make(chan event, 4096), cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(s.events)
		defer response.Body.Close()
		var p sseParser
		eachByte(response.Body, func(c byte) {
			if e, ok := p.feed(c); ok {
				s.events <- e
			}
		})
	}()
	b.t.Cleanup(func() { cancel(); <-done })
	return s
}

// openStream sends a request whose answer may never end. The caller cancels it.
func (b *client) openStream(path string, headers ...string) (*http.Response, context.CancelFunc) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	response, err := b.server.Client().Transport.RoundTrip(
		b.request(http.MethodGet, path, nil, headers...).WithContext(ctx))
	if err != nil {
		cancel()
		b.t.Fatal(err)
	}
	return response, cancel
}

// eachByte calls take with every byte until the reader ends or fails.
func eachByte(r io.Reader, take func(byte)) {
	buffer := make([]byte, 4096)
	for {
		n, err := r.Read(buffer)
		for _, c := range buffer[:n] {
			take(c)
		}
		if err != nil {
			return
		}
	}
}

var errStreamEnded = errors.New("the stream ended")

func (s *eventStream) next() (event, error) {
	select {
	case e, ok := <-s.events:
		if !ok {
			return event{}, errStreamEnded
		}
		return e, nil
	case <-time.After(20 * time.Second):
		s.t.Helper()
		s.t.Fatal("no event within 20 seconds")
		return event{}, nil
	}
}

// readUntil reads up to the first event that fits and returns it and the events before it.
func (s *eventStream) readUntil(what string, fits func(event) bool) (event, []event) {
	s.t.Helper()
	var before []event
	for {
		e, err := s.next()
		if err != nil {
			s.t.Fatalf("%v before %s; events: %+v", err, what, before)
		}
		if fits(e) {
			return e, before
		}
		before = append(before, e)
	}
}

// waitFor waits for an event whose data contains all parts.
func (s *eventStream) waitFor(parts ...string) event {
	s.t.Helper()
	e, _ := s.readUntil(strings.Join(parts, ", "), func(e event) bool {
		for _, part := range parts {
			if !strings.Contains(e.data, part) {
				return false
			}
		}
		return true
	})
	return e
}

// waitForNamed waits for an event with this name.
func (s *eventStream) waitForNamed(name string) event {
	s.t.Helper()
	e, _ := s.readUntil("event "+name, func(e event) bool { return e.name == name })
	return e
}

// readToEnd reads until the stream ends and returns the names of the events.
func (s *eventStream) readToEnd() (names []string) {
	s.t.Helper()
	for {
		e, err := s.next()
		if err != nil {
			return names
		}
		if e.name != "" {
			names = append(names, e.name)
		}
	}
}

// close closes the connection, as a browser does that leaves the page.
func (s *eventStream) close() {
	s.cancel()
	for range s.events {
	}
}
