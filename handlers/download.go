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

	"github.com/labstack/echo/v4"
)

// fileCSP makes of a file that is opened by itself, whatever it holds, a page that can do nothing.
const fileCSP = "default-src 'none'; sandbox"

// file gives a file to who may see it.
func (s *Server) file(c echo.Context) error {
	ctx, size := c.Request().Context(), chat.Size(c.QueryParam("size"))
	f, err := s.chat.File(ctx, person(c), number(c.Param("id")))
	if err != nil {
		return err
	}
	tag := fmt.Sprintf(`"%d-%s"`, f.ID, size) // a file never changes; what names its content would tell who sends the same bytes that they are known
	if c.Request().Header.Get("If-None-Match") == tag && f.Has(size) {
		cacheFile(c.Response().Header(), f, tag)
		return c.NoContent(http.StatusNotModified)
	}
	opened, err := s.chat.OpenFile(ctx, f, size)
	if err != nil {
		return err
	}
	defer opened.Close()
	h := c.Response().Header()
	cacheFile(h, f, tag)
	h.Set("Content-Type", opened.Type)
	h.Set("Content-Disposition", disposition(f.File))
	h.Set("Content-Security-Policy", fileCSP)
	oneRange(c.Request().Header)
	http.ServeContent(s.newDeparting(c), c.Request(), "", time.Time{}, opened.ReadSeekCloser)
	return nil
}

// oneRange forgets every Range but one range of bytes, so that the whole file goes. HTTP wants that for what makes no sense, which
// ServeContent refuses, and allows it for several ranges: each could be a request to S3, and ServeContent reads them in a goroutine that
// may still do so when the file is closed.
func oneRange(h http.Header) {
	if !isRange(h.Get("Range")) {
		h.Del("Range")
	}
}

// isRange tells bytes=5-9, bytes=5- and bytes=-9 from all else. The last 0 bytes are no range either.
func isRange(s string) bool {
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

// cacheFile lets a browser keep a file and ask each time whether it still may: who left the room, or whose session is over,
// must not see it again, and what was deleted nobody. Somebody's picture, which everybody sees in every line, is asked for
// once an hour; another one has another address.
func cacheFile(h http.Header, f chat.StoredFile, tag string) {
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if f.Avatar {
		h.Set("Cache-Control", "private, max-age=3600")
	}
}

// disposition lets only that be shown in a page of its own which we made ourselves, or which is nothing but sound and film.
func disposition(f chat.File) string {
	how := "attachment"
	if f.Picture() || f.Plays() {
		how = "inline"
	}
	return mime.FormatMediaType(how, map[string]string{"filename": f.Name})
}

// sendAtOnce is a piece of a file that goes, in bytes. Twice the patience with what arrives makes 8.5 KB a second.
const sendAtOnce = 256 << 10

// departing writes a file. It lets the kernel copy where it can, and gives every piece its own deadline.
type departing struct {
	*echo.Response
	control *http.ResponseController
	within  time.Duration // for a piece
}

func (s *Server) newDeparting(c echo.Context) departing {
	return departing{c.Response(), http.NewResponseController(c.Response()), 2 * s.patience.silence}
}

func (d departing) Write(p []byte) (int, error) {
	if err := d.control.SetWriteDeadline(time.Now().Add(d.within)); err != nil {
		return 0, err
	}
	return d.Response.Write(p)
}

// ReadFrom makes departing an io.ReaderFrom, which io.Copy prefers.
func (d departing) ReadFrom(r io.Reader) (total int64, err error) {
	to, ok := d.Response.Writer.(io.ReaderFrom)
	whole, limited := r.(*io.LimitedReader)
	if !ok || !limited {
		return io.Copy(struct{ io.Writer }{d}, r)
	}
	for whole.N > 0 {
		if err := d.control.SetWriteDeadline(time.Now().Add(d.within)); err != nil {
			return total, err
		}
		piece := &io.LimitedReader{R: whole.R, N: min(whole.N, sendAtOnce)} // one layer, through which the kernel's way is seen
		n, err := to.ReadFrom(piece)
		whole.N -= n
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
	return total, nil
}
