// Package stream serves the live streams of pages and programs: it encodes events as HTML or JSON, reads what a reader missed,
// and writes to an ordinary response or to a hijacked connection.
package stream

import (
	"bytes"
	"net"
	"net/http"
	"sync"
	"time"

	"charla/live"

	"github.com/labstack/echo/v4"
)

// EventStreamType is the Content-Type of an event stream.
const EventStreamType = "text/event-stream"

// CloseOnError closes a stream that f fails to hand on to its reader, by an error or a panic: nobody would be here otherwise and
// seem to be.
func CloseOnError(stream *live.Stream, f func() error) error {
	kept := false
	defer func() {
		if !kept {
			stream.Close()
		}
	}()
	err := f()
	kept = err == nil
	return err
}

// EndNow says why there is nothing, and is over.
func EndNow(c echo.Context, why live.EndReason) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Connection", "close")
	return c.Blob(http.StatusOK, EventStreamType, HTMLEvents{}.End(why))
}

// Serve sends an endless answer and takes care of the stream, unless it fails or panics. Over plain HTTP/1.1 the connection
// is taken over from the server, whose buffers and goroutines cost more than the stream does; the answer then ends where
// the connection does. Over TLS and HTTP/2 it is an ordinary answer.
func Serve(c echo.Context, stream *live.Stream, contentType string, replay live.Replay, state live.StateFunc) error {
	setHeaders(c.Response().Header(), contentType)
	if r := c.Request(); r.ProtoMajor == 1 && r.TLS == nil {
		return hijackStream(c, stream, replay, state)
	}
	to := &responseTransport{response: c.Response(), controller: http.NewResponseController(c.Response()), timeout: writeTimeout}
	if err := to.controller.SetReadDeadline(time.Time{}); err != nil { // the server's own would end the stream
		return err
	}
	c.Response().WriteHeader(http.StatusOK)
	stream.Run(c.Request().Context(), to, replay, state)
	stream.Close()
	return nil
}

// ServeHead answers a HEAD request with the headers that Serve sends.
func ServeHead(c echo.Context, contentType string) error {
	setHeaders(c.Response().Header(), contentType)
	return c.NoContent(http.StatusOK)
}

func setHeaders(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx must not hold back events
}

// hijackStream hands a stream its own connection.
func hijackStream(c echo.Context, stream *live.Stream, replay live.Replay, state live.StateFunc) error {
	conn, err := hijack(c)
	if err != nil {
		return err
	}
	kept := false
	defer func() {
		if !kept {
			conn.Close()
		}
	}()
	replay.Head = append(responseHead(c.Response().Header()), replay.Head...)
	stream.StartHijacked(c.Request().Context(), conn, replay, state)
	kept = true
	return nil
}

// hijack takes the connection of a request from its server. What the client sends from now on means nothing.
func hijack(c echo.Context) (net.Conn, error) {
	conn, _, err := http.NewResponseController(c.Response()).Hijack()
	if err != nil {
		return nil, err
	}
	c.Response().Status, c.Response().Committed = http.StatusOK, true
	if err := conn.SetDeadline(time.Time{}); err != nil { // the server's would end the stream
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// responseHead is the head of an answer whose end is the end of the connection.
func responseHead(h http.Header) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n")
	h.Write(&b)
	b.WriteString("\r\n")
	return b.Bytes()
}

// writeTimeout is how long one write may take before its reader is given up.
const writeTimeout = 8 * time.Second

// responseTransport writes to an ordinary answer and flushes.
type responseTransport struct {
	response   http.ResponseWriter
	controller *http.ResponseController

	mu      sync.Mutex    // guards within, and that the deadline set last is the right one
	timeout time.Duration // how long a write may take
}

// SetTransferTimeouts leaves a write that is under way, and any after it, a while to finish.
func (t *responseTransport) ShortenDeadline(lastWords time.Duration) {
	t.mu.Lock()
	t.timeout = lastWords
	t.mu.Unlock()
	t.extendDeadline()
}

// extendDeadline sets the deadline of a write.
func (t *responseTransport) extendDeadline() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.controller.SetWriteDeadline(time.Now().Add(t.timeout))
}

func (t *responseTransport) Write(p []byte) error {
	if err := t.extendDeadline(); err != nil {
		return err
	}
	if _, err := t.response.Write(p); err != nil {
		return err
	}
	return t.controller.Flush()
}
