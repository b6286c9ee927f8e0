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

// fileCSP makes of a file that is opened by itself, whatever it holds, a page that can do nothing.
const fileCSP = "default-src 'none'; sandbox"

// downloadFile gives a file to who may see it.
func (s *Server) downloadFile(c echo.Context) error {
	ctx, size := c.Request().Context(), chat.Variant(c.QueryParam("size"))
	f, err := s.chat.File(ctx, web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	tag := fmt.Sprintf(`"%d-%s"`, f.ID, size) // a file never changes; what names its content would tell who sends the same bytes that they are known
	if c.Request().Header.Get("If-None-Match") == tag && f.HasVariant(size) {
		setFileCaching(c.Response().Header(), f, tag)
		return c.NoContent(http.StatusNotModified)
	}
	opened, err := s.chat.OpenFile(ctx, f, size)
	if err != nil {
		return err
	}
	defer opened.Close()
	h := c.Response().Header()
	setFileCaching(h, f, tag)
	h.Set("Content-Type", opened.Type)
	h.Set("Content-Disposition", contentDisposition(f.File))
	h.Set("Content-Security-Policy", fileCSP)
	dropUnusableRange(c.Request().Header)
	http.ServeContent(s.newFileResponse(c), c.Request(), "", time.Time{}, opened.ReadSeekCloser)
	return nil
}

// dropUnusableRange forgets every Range but one range of bytes, so that the whole file goes. HTTP wants that for what makes no sense, which
// ServeContent refuses, and allows it for several ranges: each could be a request to S3, and ServeContent reads them in a goroutine that
// may still do so when the file is closed.
func dropUnusableRange(h http.Header) {
	if !isSingleRange(h.Get("Range")) {
		h.Del("Range")
	}
}

// isSingleRange tells bytes=5-9, bytes=5- and bytes=-9 from all else. The last 0 bytes are no range either.
func isSingleRange(s string) bool {
	s, bytes := strings.CutPrefix(s, "bytes=")
	from, to, found := strings.Cut(s, "-")
	first, noFirst := strconv.ParseUint(from, 10, 63)
	last, noLast := strconv.ParseUint(to, 10, 63)
	switch {
	case !bytes || !found:
		return false
	case from == "":
		return noLast == nil && last > 0
	case to == "":
		return noFirst == nil
	}
	return noFirst == nil && noLast == nil && first <= last
}

// setFileCaching lets a browser keep a file and ask each time whether it still may: who left the room, or whose session is over,
// must not see it again, and what was deleted nobody. Somebody's picture, which everybody sees in every line, is asked for
// once an hour; another one has another address.
func setFileCaching(h http.Header, f chat.StoredFile, tag string) {
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if f.IsAvatar {
		h.Set("Cache-Control", "private, max-age=3600")
	}
}

// contentDisposition lets only that be shown in a page of its own which we made ourselves, or which is nothing but sound and film.
func contentDisposition(f chat.File) string {
	how := "attachment"
	if f.IsImage() || f.IsPlayable() {
		how = "inline"
	}
	return mime.FormatMediaType(how, map[string]string{"filename": f.Name})
}

// chunkSize is a piece of a file that goes, in bytes. Twice the patience with what arrives makes 8.5 KB a second.
const chunkSize = 256 << 10

// fileResponse writes a file. It lets the kernel copy where it can, and gives every piece its own deadline.
type fileResponse struct {
	*echo.Response
	control      *http.ResponseController
	chunkTimeout time.Duration // for a piece
}

func (s *Server) newFileResponse(c echo.Context) fileResponse {
	return fileResponse{c.Response(), http.NewResponseController(c.Response()), 2 * s.transferTimeouts.Idle}
}

func (d fileResponse) Write(p []byte) (int, error) {
	if err := d.control.SetWriteDeadline(time.Now().Add(d.chunkTimeout)); err != nil {
		return 0, err
	}
	return d.Response.Write(p)
}

// ReadFrom makes departing an io.ReaderFrom, which io.Copy prefers.
func (d fileResponse) ReadFrom(r io.Reader) (total int64, err error) {
	to, ok := d.Response.Writer.(io.ReaderFrom)
	whole, limited := r.(*io.LimitedReader)
	if !ok || !limited {
		return io.Copy(struct{ io.Writer }{d}, r)
	}
	for whole.N > 0 {
		if err := d.control.SetWriteDeadline(time.Now().Add(d.chunkTimeout)); err != nil {
			return total, err
		}
		piece := &io.LimitedReader{R: whole.R, N: min(whole.N, chunkSize)} // one layer, through which the kernel's way is seen
		n, err := to.ReadFrom(piece)
		whole.N -= n
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
	return total, nil
}
