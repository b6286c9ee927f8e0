package handlers

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/static"

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

// fileCSP is the Content-Security-Policy of downloaded files. If a browser opens a file as a page, the page cannot load
// anything or run scripts.
const fileCSP = "default-src 'none'; sandbox"

// downloadFile answers with the content of an uploaded file. For a picture the query may ask for a variant, such as a
// thumbnail.
func (s *Server) downloadFile(c echo.Context) error {
	ctx, variant := c.Request().Context(), chat.Variant(c.QueryParam("size"))
	f, err := s.chat.File(ctx, web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	// A file never changes, so its id is enough for an ETag. A hash of the content would tell an uploader of the same
	// bytes that somebody has uploaded them before.
	etag := fmt.Sprintf(`"%d-%s"`, f.ID, variant)
	if static.NotModified(c.Request(), etag) && f.HasVariant(variant) {
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

// dropUnusableRange removes the Range header unless it asks for a single valid range of bytes. Without the header, the
// whole file is sent. RFC 9110 requires that for invalid ranges, to which http.ServeContent would answer with an error,
// and allows it for several ranges. Several ranges could cause as many requests to S3, and http.ServeContent reads them
// in a goroutine that may outlive the open file.
func dropUnusableRange(h http.Header) {
	if !isSingleRange(h.Get("Range")) {
		h.Del("Range")
	}
}

// isSingleRange reports whether s is a single range of bytes: bytes=5-9, bytes=5- (from byte 5) or bytes=-9 (the last 9
// bytes). It returns false for bytes=-0.
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

// setFileCaching sets the headers that let a browser cache a file. The browser must ask the server before it shows the
// file again, because the user may have left the room or signed out, or the file may have been deleted. Only an avatar
// may be shown for an hour without asking: all users may see it, and a new avatar has a new URL.
func setFileCaching(h http.Header, f chat.StoredFile, etag string) {
	h.Set("ETag", etag)
	h.Set("Cache-Control", "private, no-cache")
	if f.IsAvatar {
		h.Set("Cache-Control", "private, max-age=3600")
	}
}

// contentDisposition returns the Content-Disposition header of a file. It lets browsers show pictures, which Charla has
// re-encoded, and play audio and video. It makes them save any other file.
func contentDisposition(f chat.File) string {
	disposition := "attachment"
	if f.IsImage() || f.IsPlayable() {
		disposition = "inline"
	}
	return web.ContentDisposition(disposition, f.Name)
}

// chunkSize is how many bytes of a file are sent before the write deadline is extended. With the usual deadline of 30
// s, a client must read at least 8.5 KB a second.
const chunkSize = 256 << 10

// fileResponse is a response that sends a file in chunks and extends the write deadline before each chunk, so that only
// clients that stop reading are cut off. If possible, the kernel copies the bytes from the file to the connection.
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

// ReadFrom sends the content of src in chunks, each with its own write deadline; io.Copy calls it. The connection uses
// the system call sendfile only if it gets a file in at most one LimitedReader. src is already a LimitedReader around
// the file, so ReadFrom takes the file out of it and puts it into a new LimitedReader for each chunk.
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
