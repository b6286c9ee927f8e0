package handlers

import (
	"bytes"
	"net"
	"net/http"
	"time"

	"charla/live"

	"github.com/labstack/echo/v4"
)

// pour sends an endless answer. Over plain HTTP/1.1 the connection is taken over from the server, whose buffers and
// goroutines cost four times what the stream does; the answer then ends where the connection does. Over TLS and HTTP/2
// it is an ordinary answer.
func pour(c echo.Context, stream *live.Stream, contentType string, replay live.Replay, state live.State) error {
	h := c.Response().Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if r := c.Request(); r.ProtoMajor == 1 && r.TLS == nil {
		return detach(c, stream, replay, state)
	}
	defer stream.Close()
	to := &transport{w: c.Response(), control: http.NewResponseController(c.Response())}
	if err := to.control.SetReadDeadline(time.Time{}); err != nil { // the server's own would end the stream
		return err
	}
	c.Response().WriteHeader(http.StatusOK)
	stream.Run(c.Request().Context(), to, replay, state)
	return nil
}

// detach hands a stream its own connection.
func detach(c echo.Context, stream *live.Stream, replay live.Replay, state live.State) error {
	conn, err := takeOver(c)
	if err != nil {
		stream.Close()
		return err
	}
	replay.Head = append(statusLine(c.Response().Header()), replay.Head...)
	if !stream.Detach(c.Request().Context(), conn, replay, state) {
		stream.Close()
		conn.Close()
	}
	return nil
}

// takeOver takes the connection of a request from its server. What the client sends from now on means nothing.
func takeOver(c echo.Context) (net.Conn, error) {
	conn, _, err := http.NewResponseController(c.Response()).Hijack()
	if err != nil {
		return nil, err
	}
	c.Response().Status, c.Response().Committed = http.StatusOK, true
	return conn, conn.SetDeadline(time.Time{}) // the server's would end the stream
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

// transport writes to an ordinary answer and flushes. The deadline is renewed only when half of it is used.
type transport struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	deadline time.Time
}

func (t *transport) Write(p []byte) error {
	if now := time.Now(); t.deadline.Sub(now) < writeWithin/2 {
		t.deadline = now.Add(writeWithin)
		if err := t.control.SetWriteDeadline(t.deadline); err != nil {
			return err
		}
	}
	if _, err := t.w.Write(p); err != nil {
		return err
	}
	return t.control.Flush()
}
