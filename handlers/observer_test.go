package handlers_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// requestObserver records the requests it is called for.
type requestObserver struct {
	mu   sync.Mutex // guards seen
	seen []observedRequest
}

type observedRequest struct {
	route  string
	status int
	took   time.Duration
}

func (o *requestObserver) note(route string, status int, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, observedRequest{route, status, took})
}

func (o *requestObserver) all() []observedRequest {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.seen)
}

// last waits for the request number after; it is observed after its answer was sent.
func (o *requestObserver) last(t *testing.T, after int) observedRequest {
	t.Helper()
	eventually(t, "a request is told of", func() bool { return len(o.all()) > after })
	return o.all()[after]
}

func TestEveryRequestIsObserved(t *testing.T) {
	t.Parallel()
	o := &requestObserver{}
	s := openSQLite(t, func(c *serverOptions) { c.ObserveRequest = o.note })
	ana := s.newUser("Ana")
	m := ana.sendMessage("room=1", "hello")
	known := map[string]bool{"other": true}
	for _, l := range routeCases {
		known[l.route] = true
	}
	for _, c := range []struct{ method, path, route string }{
		{"GET", "/chat", "GET /chat"},
		{"HEAD", "/chat", "GET /chat"},
		{"GET", m.path(), "GET /messages/:id"},
		{"GET", "/messages/99999", "GET /messages/:id"},
		{"GET", "/static/nothing", "GET /static/*"},
		{"GET", "/nowhere", "other"},
		{"GET", "/metrics", "other"},
		{"DELETE", "/chat", "other"},
		{"BREW", "/chat", "other"},
		{"GET", "/" + strings.Repeat("x", 1000), "other"},
	} {
		before := len(o.all())
		answer := ana.do(c.method, c.path, nil)
		told := o.last(t, before)
		equal(t, c.method+" "+c.path, told.route, c.route)
		equal(t, "its status", told.status, answer.status)
		if told.took <= 0 || told.took > time.Minute || !known[told.route] {
			t.Errorf("%+v", told)
		}
	}
	equal(t, "GET /metrics", ana.get("/metrics").status, 404)
}

// The duration of a stream is the time until it opened, not the time that it stayed open.
func TestStreamIsObservedWhenItOpens(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			o := &requestObserver{}
			s := openSQLite(t, func(c *serverOptions) { c.ObserveRequest, c.TLS = o.note, protocol == "HTTP/2.0" })
			ana := s.newUser("Ana")
			if protocol == "HTTP/2.0" {
				server := httptest.NewUnstartedServer(s.handler)
				server.EnableHTTP2 = true
				server.StartTLS()
				secure := *s
				secure.Server = server
				ana = ana.onNode(&secure)
				t.Cleanup(server.Close)
				t.Cleanup(s.hub.Shutdown)
			}
			ana.get("/chat").is(200) // opens the connection
			equal(t, "the first route", o.last(t, 0).route, "GET /chat")
			start := time.Now()
			stream := ana.listen("/events?room=1")
			equal(t, "the protocol", stream.proto, protocol)
			stream.readUntil("the cursor", isBareID)
			opened := time.Since(start)
			equal(t, "streams", s.hub.Stats().Streams["/events"], 1)
			const lasts = 500 * time.Millisecond
			<-time.After(lasts)
			stream.close()
			eventually(t, "the stream is over", func() bool { return s.hub.Stats().StreamsEnded["gone"] == 1 })
			told := o.last(t, 1)
			equal(t, "the route", told.route, "GET /events")
			if told.took >= opened+lasts/2 {
				t.Errorf("the observed duration is %v, but opening took %v", told.took, opened)
			}
		})
	}
}
