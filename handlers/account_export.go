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
				Summary: "Returns a zip with everything that the caller wrote and chose, if the password was given " +
					"in the last 15 minutes. One download at a time.",
				Responses: web.Responses{200: web.MediaType(zipType)},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/export", Handler: s.exportAccount, Access: web.Member,
			Stream: web.OtherStream,
			Doc: web.Operation{
				Summary:   "The same, with the password.",
				Body:      confirmationRequest{},
				Responses: web.Responses{200: web.MediaType(zipType)},
			},
		},
	}
}

// activeExports stores which users are downloading their data at the moment. Each user may run one export at a time.
type activeExports struct {
	mu    sync.Mutex // guards users
	users map[int64]bool
}

var errExportRunning = &chat.Error{
	Code: chat.TooMany, Format: "Your download is already running. Wait until it has finished.",
	RetryAfter: 10 * time.Second,
}

// begin records that an export of the user has started. The caller must call end when the export is finished. If the
// user already has a running export, begin returns errExportRunning, and the caller must not call end.
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

// exportAccount answers with a zip file of the caller's data. It reads the data from the database while it sends the
// file. If an error occurs half-way, it closes the connection, so that the browser reports a broken download.
func (s *Server) exportAccount(c echo.Context) error {
	if err := s.confirmPassword(c); err != nil {
		return s.askPassword(c, err, "/settings")
	}
	me := web.CurrentUser(c)
	if err := s.exports.begin(me.ID); err != nil {
		return err
	}
	defer s.exports.end(me.ID)
	if err := s.limits.Exports.AllowUser(me); err != nil {
		return err
	}
	// The read deadline of the server would end a long download.
	if err := http.NewResponseController(c.Response()).SetReadDeadline(time.Time{}); err != nil {
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
		slog.Info("export account failed", "request", web.RequestID(c), "user", me.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// writeExport writes all files of a user's export to the zip file and finishes the zip file.
func (s *Server) writeExport(ctx context.Context, z *zip.Writer, me chat.User) error {
	for _, write := range []func(context.Context, *zip.Writer, chat.User) error{
		s.exportAccountInfo, s.exportSessions, s.exportRooms, s.exportMessages, s.exportReactions, s.exportDrafts,
		s.exportInvitations, s.exportInbox, s.exportPins, s.exportSavedMessages, s.exportFiles,
	} {
		if err := write(ctx, z, me); err != nil {
			return err
		}
	}
	return z.Close()
}

// createExportEntry starts the next file inside the zip file and returns the writer for its content. The caller must
// write the whole content before it starts another file.
func createExportEntry(z *zip.Writer, name string) (io.Writer, error) {
	return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()})
}

// writeExportJSON writes a value as one line of JSON. It leaves < and > unescaped, so that people can read the file.
func writeExportJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// writeExportList writes a JSON file with a list to the zip file. It converts each value with toJSON. It reads the
// values one by one, so that a long list needs little memory.
func writeExportList[T any](z *zip.Writer, name string, list iter.Seq2[T, error], toJSON func(T) any) error {
	w, err := createExportEntry(z, name)
	if err != nil {
		return err
	}
	separator := "[\n"
	for value, err := range list {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if err := writeExportJSON(w, toJSON(value)); err != nil {
			return err
		}
		separator = ","
	}
	end := "]\n"
	if separator == "[\n" { // the list is empty
		end = "[]\n"
	}
	_, err = io.WriteString(w, end)
	return err
}
