package handlers

import (
	"bytes"
	"net"
	"net/http"
	"sync"
	"time"

	"charla/live"

	"github.com/labstack/echo/v4"
)

// pour sends an endless answer and takes care of the stream, unless it fails or panics. Over plain HTTP/1.1 the connection
// is taken over from the server, whose buffers and goroutines cost more than the stream does; the answer then ends where
// the connection does. Over TLS and HTTP/2 it is an ordinary answer.
func pour(c echo.Context, stream *live.Stream, contentType string, replay live.Replay, state live.State) error {
	h := c.Response().Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if r := c.Request(); r.ProtoMajor == 1 && r.TLS == nil {
		return detach(c, stream, replay, state)
	}
	to := &transport{w: c.Response(), control: http.NewResponseController(c.Response()), within: writeWithin}
	if err := to.control.SetReadDeadline(time.Time{}); err != nil { // the server's own would end the stream
		return err
	}
	c.Response().WriteHeader(http.StatusOK)
	stream.Run(c.Request().Context(), to, replay, state)
	stream.Close()
	return nil
}

// detach hands a stream its own connection.
func detach(c echo.Context, stream *live.Stream, replay live.Replay, state live.State) error {
	conn, err := takeOver(c)
	if err != nil {
		return err
	}
	kept := false
	defer func() {
		if !kept {
			conn.Close()
		}
	}()
	replay.Head = append(statusLine(c.Response().Header()), replay.Head...)
	stream.Detach(c.Request().Context(), conn, replay, state)
	kept = true
	return nil
}

// takeOver takes the connection of a request from its server. What the client sends from now on means nothing.
func takeOver(c echo.Context) (net.Conn, error) {
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

// statusLine is the head of an answer whose end is the end of the connection.
func statusLine(h http.Header) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n")
	h.Write(&b)
	b.WriteString("\r\n")
	return b.Bytes()
}

// writeWithin is how long one write may take before its reader is given up.
const writeWithin = 8 * time.Second

// transport writes to an ordinary answer and flushes.
type transport struct {
	w       http.ResponseWriter
	control *http.ResponseController

	mu     sync.Mutex    // guards within, and that the deadline set last is the right one
	within time.Duration // how long a write may take
}

// Hurry leaves a write that is under way, and any after it, a while to finish.
func (t *transport) Hurry(lastWords time.Duration) {
	t.mu.Lock()
	t.within = lastWords
	t.mu.Unlock()
	t.allow()
}

// allow sets the deadline of a write.
func (t *transport) allow() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.control.SetWriteDeadline(time.Now().Add(t.within))
}

func (t *transport) Write(p []byte) error {
	if err := t.allow(); err != nil {
		return err
	}
	if _, err := t.w.Write(p); err != nil {
		return err
	}
	return t.control.Flush()
}
