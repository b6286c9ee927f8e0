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
	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) accountExportRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/settings/export", Handler: s.exportAccount, Access: web.Member,
			Stream: web.OtherStream,
			Doc: web.Operation{
				Summary:   "Returns a zip with everything that the caller wrote and chose. One download at a time.",
				Responses: web.Responses{200: web.MediaType(zipType)},
			},
		},
	}
}

// Exports are the people who are downloading what is theirs now: one file at a time for each.
type activeExports struct {
	mu    sync.Mutex // guards now
	users map[int64]bool
}

var errExportRunning = &chat.Error{Code: chat.TooMany, Format: "Your file is being made already. Wait until it is there.", RetryAfter: 10 * time.Second}

// begin answers TooMany while the same person has a file under way.
func (e *activeExports) begin(user int64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.users[user] {
		return errExportRunning
	}
	e.users[user] = true
	return nil
}

func (e *activeExports) end(user int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.users, user)
}

const zipType = "application/zip"

// exportAccount streams what is a person's own as a zip. What fails in the middle cuts the connection: a file that ends too early must
// not look whole.
func (s *Server) exportAccount(c echo.Context) error {
	me := web.CurrentUser(c)
	if err := s.exports.begin(me.ID); err != nil {
		return err
	}
	defer s.exports.end(me.ID)
	if err := s.limits.Exports.AllowUser(me); err != nil {
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
	if web.IsHead(c) {
		return c.NoContent(http.StatusOK)
	}
	z := zip.NewWriter(s.newFileResponse(c))
	if err := s.writeExport(c.Request().Context(), z, me); err != nil {
		slog.Info("export broken off", "request", web.RequestID(c), "user", me.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// writeExport writes all files of an export.
func (s *Server) writeExport(ctx context.Context, z *zip.Writer, me chat.User) error {
	for _, write := range []func(context.Context, *zip.Writer, chat.User) error{
		s.exportAccountInfo, s.exportSessions, s.exportRooms, s.exportMessages, s.exportReactions, s.exportDrafts, s.exportFiles,
	} {
		if err := write(ctx, z, me); err != nil {
			return err
		}
	}
	return z.Close()
}

// createExportEntry begins the next file of a zip.
func createExportEntry(z *zip.Writer, name string) (io.Writer, error) {
	return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()})
}

// writeExportJSON writes one value as a line of JSON that people can read too.
func writeExportJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// writeExportList makes a file of a JSON list, of which it never holds more than one value.
func writeExportList[T any](z *zip.Writer, name string, list iter.Seq2[T, error], form func(T) any) error {
	w, err := createExportEntry(z, name)
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
		if err := writeExportJSON(w, form(value)); err != nil {
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
