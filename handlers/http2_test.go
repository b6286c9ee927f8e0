package handlers_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"charla/handlers"
)

// Streams, posts and log-out over HTTP/2 that ends in our process: streams run on ordinary answers, share a connection,
// and outlive the time that the server gives a request.
func TestOverHTTP2(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *handlers.Config) { c.TLS = true })
	server := httptest.NewUnstartedServer(s.site)
	server.EnableHTTP2 = true
	const within = time.Second
	server.Config.ReadTimeout, server.Config.WriteTimeout, server.Config.IdleTimeout = within, within, within
	server.StartTLS()
	secure := *s
	secure.Server = server
	ana, berta := s.person("Ana").at(&secure), s.person("Berta").at(&secure)
	t.Cleanup(server.Close)
	t.Cleanup(s.hub.Shutdown) // first: a server waits for its streams

	var streams []*stream
	for range 2 * maxStreamsOverHTTP1 {
		st := berta.listen("/events?room=1")
		st.until("the cursor", isCursor)
		streams = append(streams, st)
	}
	response, cancel := ana.endless("/events")
	equal(t, "the protocol", response.ProtoMajor, 2)
	cancel()
	response.Body.Close()
	<-time.After(2 * within)
	ana.say("room=1", "said late")
	for _, st := range streams {
		st.brings("said late")
	}
	berta.get("/chat").is(200).has("sse")
	berta.post("/logout", nil).is(303)
	for _, st := range streams {
		st.named("logout")
		st.named("bye")
		st.ends()
	}
}

const maxStreamsOverHTTP1 = 4

// Over HTTP/1.1 under our own TLS a browser has few connections, and cookies are secure all the same.
func TestOverTLSAndHTTP1(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *handlers.Config) { c.TLS = true })
	server := httptest.NewTLSServer(s.site)
	secure := *s
	secure.Server = server
	berta := s.person("Berta").at(&secure)
	t.Cleanup(server.Close)
	t.Cleanup(s.hub.Shutdown)
	first := berta.listen("/events?room=1")
	first.until("the cursor", isCursor)
	for range maxStreamsOverHTTP1 {
		berta.listen("/events?room=1").until("the cursor", isCursor)
	}
	first.ends()
	a := berta.say("room=1", "hello")
	equal(t, "what was said", a.Body, "hello")
	cookie := berta.post("/logout", nil).is(303).header.Get("Set-Cookie")
	contains(t, cookie, "__Host-charla=", "Secure")
}
