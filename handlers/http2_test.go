package handlers_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"
)

// TestOverHTTP2 uses HTTP/2 that ends in this process: streams share a connection, use the ordinary response writer,
// and outlive the write timeout of the server.
func TestOverHTTP2(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *serverOptions) { c.TLS = true })
	server := httptest.NewUnstartedServer(s.handler)
	server.EnableHTTP2 = true
	const within = time.Second
	server.Config.ReadTimeout, server.Config.WriteTimeout, server.Config.IdleTimeout = within, within, within
	server.StartTLS()
	secure := *s
	secure.Server = server
	ana, berta := s.newUser("Ana").onNode(&secure), s.newUser("Berta").onNode(&secure)
	t.Cleanup(server.Close)
	t.Cleanup(s.hub.Shutdown) // runs before Close, which waits for all streams to end

	var streams []*eventStream
	for range 2 * maxStreamsOverHTTP1 {
		st := berta.listen("/events?room=1")
		st.readUntil("the cursor", isBareID)
		streams = append(streams, st)
	}
	response, cancel := ana.openStream("/events")
	equal(t, "the protocol", response.ProtoMajor, 2)
	cancel()
	response.Body.Close()
	<-time.After(2 * within)
	ana.sendMessage("room=1", "said late")
	for _, st := range streams {
		st.waitFor("said late")
	}
	berta.get("/chat").is(200).has("sse")
	berta.post("/logout", nil).is(303)
	for _, st := range streams {
		st.waitForNamed("logout")
		st.waitForNamed("bye")
		st.readToEnd()
	}
}

const maxStreamsOverHTTP1 = 4

// TestOverTLSAndHTTP1 uses HTTP/1.1 over TLS: a session has few streams, and its cookie is secure.
func TestOverTLSAndHTTP1(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *serverOptions) { c.TLS = true })
	server := httptest.NewTLSServer(s.handler)
	secure := *s
	secure.Server = server
	berta := s.newUser("Berta").onNode(&secure)
	t.Cleanup(server.Close)
	t.Cleanup(s.hub.Shutdown)
	first := berta.listen("/events?room=1")
	first.readUntil("the cursor", isBareID)
	for range maxStreamsOverHTTP1 {
		berta.listen("/events?room=1").readUntil("the cursor", isBareID)
	}
	first.readToEnd()
	a := berta.sendMessage("room=1", "hello")
	equal(t, "text", a.Body, "hello")
	cookie := berta.post("/logout", nil).is(303).header.Get("Set-Cookie")
	contains(t, cookie, "__Host-charla=", "Secure")
}

// A stream over HTTP/2 is an ordinary answer and must end like any other.
func TestStreamsOverHTTP2(t *testing.T) {
	s := openSQLite(t)
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	server := httptest.NewUnstartedServer(s.handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	plain := s.Server
	s.Server = server
	stream := ben.listen("/events?" + ana.peerQuery() + "&after=0")
	if stream.proto != "HTTP/2.0" {
		t.Fatalf("the protocol is %s, want HTTP/2.0", stream.proto)
	}
	ana.sendMessage(ben.peerQuery(), "over two")
	stream.waitFor("over two")
	ben.post("/logout", nil).is(303)
	equal(t, "names", fmt.Sprint(stream.readToEnd()), "[logout bye]")
	s.Server = plain
}
