package handlers

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"charla/chat"
	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) fileRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/files/:id", Handler: s.downloadFile, Access: web.Member,
			NoGzip: true,
			Doc: web.Operation{
				Summary:   "Returns a file or a byte range of it, to everybody who may read its message.",
				Query:     "size",
				Responses: web.Responses{200: web.MediaType("*/*"), 206: web.MediaType("*/*")},
			},
		},
	}
}

// fileCSP is the Content-Security-Policy of a file, so that a file that a browser opens as a page can load and run
// nothing.
const fileCSP = "default-src 'none'; sandbox"

// downloadFile answers with a file, or one variant of a picture.
func (s *Server) downloadFile(c echo.Context) error {
	ctx, variant := c.Request().Context(), chat.Variant(c.QueryParam("size"))
	f, err := s.chat.File(ctx, web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	// A file never changes, so its id is enough for an ETag. A hash of the content would reveal to somebody who uploads
	// the same bytes that Charla has them already.
	etag := fmt.Sprintf(`"%d-%s"`, f.ID, variant)
	if c.Request().Header.Get("If-None-Match") == etag && f.HasVariant(variant) {
		setFileCaching(c.Response().Header(), f, etag)
		return c.NoContent(http.StatusNotModified)
	}
	opened, err := s.chat.OpenFile(ctx, f, variant)
	if err != nil {
		return err
	}
	defer opened.Close()
	h := c.Response().Header()
	setFileCaching(h, f, etag)
	h.Set("Content-Type", opened.Type)
	h.Set("Content-Disposition", contentDisposition(f.File))
	h.Set("Content-Security-Policy", fileCSP)
	dropUnusableRange(c.Request().Header)
	http.ServeContent(s.newFileResponse(c), c.Request(), "", time.Time{}, opened.ReadSeekCloser)
	return nil
}

// dropUnusableRange removes a Range header that is not exactly one valid range of bytes, so that the whole file is
// sent. RFC 9110 requires that for invalid ranges, which ServeContent refuses, and allows it for several ranges. Each
// of several ranges could be a request to S3, and ServeContent would read them in a goroutine that may outlive the open
// file.
func dropUnusableRange(h http.Header) {
	if !isSingleRange(h.Get("Range")) {
		h.Del("Range")
	}
}

// isSingleRange reports whether s has the form bytes=5-9, bytes=5- or bytes=-9. A suffix of length 0 does not count.
func isSingleRange(s string) bool {
	s, inBytes := strings.CutPrefix(s, "bytes=")
	from, to, hasDash := strings.Cut(s, "-")
	first, firstErr := strconv.ParseUint(from, 10, 63)
	last, lastErr := strconv.ParseUint(to, 10, 63)
	switch {
	case !inBytes || !hasDash:
		return false
	case from == "":
		return lastErr == nil && last > 0
	case to == "":
		return firstErr == nil
	}
	return firstErr == nil && lastErr == nil && first <= last
}

// setFileCaching lets a browser cache a file and makes it revalidate each time: somebody who left the room or logged
// out must not see it again, and nobody a deleted one. Avatars are on every page and visible to all users, so they are
// revalidated once an hour; a new avatar has a new URL.
func setFileCaching(h http.Header, f chat.StoredFile, etag string) {
	h.Set("ETag", etag)
	h.Set("Cache-Control", "private, no-cache")
	if f.IsAvatar {
		h.Set("Cache-Control", "private, max-age=3600")
	}
}

// contentDisposition allows a browser to open a file as a page only if Charla re-encoded it or if it is audio or video.
// A browser must save any other file.
func contentDisposition(f chat.File) string {
	disposition := "attachment"
	if f.IsImage() || f.IsPlayable() {
		disposition = "inline"
	}
	return mime.FormatMediaType(disposition, map[string]string{"filename": f.Name})
}

// chunkSize is how many bytes of a file are sent under one deadline of 30 s. A client must read at least 8.5 KB a
// second.
const chunkSize = 256 << 10

// fileResponse writes a file in chunks, each with a deadline of its own, and lets the kernel copy where it can.
type fileResponse struct {
	*echo.Response
	control      *http.ResponseController
	chunkTimeout time.Duration
}

func (s *Server) newFileResponse(c echo.Context) fileResponse {
	return fileResponse{c.Response(), http.NewResponseController(c.Response()), 2 * s.transferTimeouts.Idle}
}

func (r fileResponse) Write(p []byte) (int, error) {
	if err := r.control.SetWriteDeadline(time.Now().Add(r.chunkTimeout)); err != nil {
		return 0, err
	}
	return r.Response.Write(p)
}

// ReadFrom is what io.Copy calls. It passes chunks to the ReadFrom of the connection, which uses sendfile for files.
// The connection recognizes a file only below a single LimitedReader, so a chunk replaces the given one and does not
// wrap it.
func (r fileResponse) ReadFrom(src io.Reader) (total int64, err error) {
	dst, ok := r.Response.Writer.(io.ReaderFrom)
	whole, limited := src.(*io.LimitedReader)
	if !ok || !limited {
		return io.Copy(struct{ io.Writer }{r}, src)
	}
	for whole.N > 0 {
		if err := r.control.SetWriteDeadline(time.Now().Add(r.chunkTimeout)); err != nil {
			return total, err
		}
		n, err := dst.ReadFrom(&io.LimitedReader{R: whole.R, N: min(whole.N, chunkSize)})
		whole.N -= n
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
	return total, nil
}
