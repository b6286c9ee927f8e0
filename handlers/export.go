package handlers

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// exports are the people who are downloading what is theirs now: one file at a time for each.
type exports struct {
	mu  sync.Mutex // guards now
	now map[int64]bool
}

var errExporting = &chat.Error{Code: chat.TooMany, Format: "Your file is being made already. Wait until it is there.", RetryAfter: 10 * time.Second}

// begin answers TooMany while the same person has a file under way.
func (e *exports) begin(user int64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.now[user] {
		return errExporting
	}
	e.now[user] = true
	return nil
}

func (e *exports) end(user int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.now, user)
}

const zipType = "application/zip"

// export streams what is a person's own as a zip. What fails in the middle cuts the connection: a file that ends too early must
// not look whole.
func (s *Server) export(c echo.Context) error {
	if c.Request().Method == http.MethodHead {
		return head(c, zipType)
	}
	me := person(c)
	if err := s.exports.begin(me.ID); err != nil {
		return err
	}
	defer s.exports.end(me.ID)
	if err := s.limits.exports.takeFor(me); err != nil {
		return err
	}
	if err := http.NewResponseController(c.Response()).SetReadDeadline(time.Time{}); err != nil { // the server's own would end it
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", zipType)
	h.Set("Content-Disposition", `attachment; filename="charla.zip"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	z := zip.NewWriter(s.newDeparting(c))
	if err := s.pack(c.Request().Context(), z, me); err != nil {
		slog.Info("export broken off", "request", requestID(c), "user", me.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// pack writes all files of an export.
func (s *Server) pack(ctx context.Context, z *zip.Writer, me chat.User) error {
	for _, write := range []func(context.Context, *zip.Writer, chat.User) error{
		s.packAccount, s.packSessions, s.packRooms, s.packMessages, s.packReactions, s.packDrafts, s.packFiles,
	} {
		if err := write(ctx, z, me); err != nil {
			return err
		}
	}
	return z.Close()
}

// create begins the next file of a zip.
func create(z *zip.Writer, name string) (io.Writer, error) {
	return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()})
}

// encode writes one value as a line of JSON that people can read too.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// packList makes a file of a JSON list, of which it never holds more than one value.
func packList[T any](z *zip.Writer, name string, list iter.Seq2[T, error], form func(T) any) error {
	w, err := create(z, name)
	if err != nil {
		return err
	}
	between := "[\n"
	for value, err := range list {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
		if err := encode(w, form(value)); err != nil {
			return err
		}
		between = ","
	}
	if between == "[\n" {
		_, err = io.WriteString(w, "[]\n")
	} else {
		_, err = io.WriteString(w, "]\n")
	}
	return err
}
