// Package stream serves the live event streams of pages and programs. It encodes events as HTML or JSON, reads the
// events that a reconnected reader missed, and writes them to an ordinary response or to a hijacked connection (one
// that it took over from the server).
package stream

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"charla/live"

	"github.com/labstack/echo/v4"
)

// EventStreamType is the Content-Type of an event stream.
const EventStreamType = "text/event-stream"

// CloseOnError calls f and returns its error. If f returns an error or panics, CloseOnError closes the stream, because
// otherwise its user would appear to be online for ever.
func CloseOnError(stream *live.Stream, f func() error) error {
	succeeded := false
	defer func() {
		if !succeeded {
			stream.Close()
		}
	}()
	err := f()
	succeeded = err == nil
	return err
}

// EndNow answers with an event stream that only tells the client why it ends.
func EndNow(c echo.Context, reason live.EndReason) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Connection", "close")
	return c.Blob(http.StatusOK, EventStreamType, HTMLEvents{}.End(reason))
}

// Serve writes a stream to the client. If it returns an error or panics, the caller must close the stream. Over plain
// HTTP/1.1 it takes the connection away from the server and returns at once; the stream then goes on in the background,
// without the memory of a response and a goroutine. Otherwise, or if the server does not give the connection away, it
// writes an ordinary response, and returns when the stream has ended and is closed.
func Serve(c echo.Context, stream *live.Stream, contentType string, replay live.Replay, state live.StateFunc) error {
	setHeaders(c.Response().Header(), contentType)
	if r := c.Request(); r.ProtoMajor == 1 && r.TLS == nil {
		err := hijackStream(c, stream, replay, state)
		if !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	w := &responseWriter{
		response: c.Response(), controller: http.NewResponseController(c.Response()), timeout: live.WriteTimeout,
	}
	if err := w.controller.SetReadDeadline(time.Time{}); err != nil { // the server's deadline would end the stream
		return err
	}
	c.Response().WriteHeader(http.StatusOK)
	stream.Run(c.Request().Context(), w, replay, state)
	stream.Close()
	return nil
}

// ServeHead answers a HEAD request with the headers that Serve would send, and no body.
func ServeHead(c echo.Context, contentType string) error {
	setHeaders(c.Response().Header(), contentType)
	return c.NoContent(http.StatusOK)
}

func setHeaders(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx must not hold back events
}

// hijackStream takes over the connection of a request and starts writing the stream to it in the background. If the
// server does not allow that, it returns http.ErrNotSupported and changes nothing.
func hijackStream(c echo.Context, stream *live.Stream, replay live.Replay, state live.StateFunc) error {
	conn, err := hijack(c)
	if err != nil {
		return err
	}
	started := false
	defer func() {
		if !started {
			conn.Close()
		}
	}()
	replay.Head = append(responseHead(c.Response().Header()), replay.Head...)
	stream.StartHijacked(c.Request().Context(), conn, replay, state)
	started = true
	return nil
}

// hijack takes over the connection of a request. From then on the server neither reads from the connection nor closes
// it.
func hijack(c echo.Context) (net.Conn, error) {
	conn, _, err := http.NewResponseController(c.Response()).Hijack()
	if err != nil {
		return nil, err
	}
	c.Response().Status, c.Response().Committed = http.StatusOK, true
	if err := conn.SetDeadline(time.Time{}); err != nil { // the server's deadline would end the stream
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// responseHead returns the status line and the headers of a response that ends when the connection is closed.
func responseHead(h http.Header) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n")
	h.Write(&b)
	b.WriteString("\r\n")
	return b.Bytes()
}

// responseWriter is a live.BlockingWriter that writes to an ordinary HTTP response.
type responseWriter struct {
	response   http.ResponseWriter
	controller *http.ResponseController

	mu      sync.Mutex    // guards timeout and makes setting it and the deadline one step
	timeout time.Duration // how long a write may take
}

// ShortenDeadline sets the write timeout to d for all later writes. A write in progress must also end within d from
// now.
func (w *responseWriter) ShortenDeadline(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timeout = d
	w.controller.SetWriteDeadline(time.Now().Add(d))
}

// Write writes b and flushes it to the client. It fails if that takes longer than the write timeout.
func (w *responseWriter) Write(b []byte) error {
	if err := w.setWriteDeadline(); err != nil {
		return err
	}
	if _, err := w.response.Write(b); err != nil {
		return err
	}
	return w.controller.Flush()
}

// setWriteDeadline sets the connection's write deadline to the write timeout from now.
func (w *responseWriter) setWriteDeadline() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.controller.SetWriteDeadline(time.Now().Add(w.timeout))
}
