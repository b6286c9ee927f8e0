package handlers

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"charla/chat"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// transferLimits is how long the other side may take where files go to and fro: longer than elsewhere, as long as they go.
type transferTimeouts struct {
	idle     time.Duration // without a byte of what arrives, or a piece of what departs
	minRate  int64         // bytes a second that must arrive, on the whole and after a silence
	response time.Duration // to take the answer to what arrived
}

var defaultTransferTimeouts = transferTimeouts{idle: 15 * time.Second, minRate: 8 << 10, response: 30 * time.Second}

// maxFieldBytes is how much of a form in parts may be anything but files: all that a body may be elsewhere. Each part counts as partOverhead
// bytes beside its value.
const (
	maxFieldBytes = 512 << 10
	partOverhead  = 100
)

var (
	errBodyTooLarge = chat.Errorf(chat.TooLarge, "This is more than Charla takes at once.")
	errUploadBroken = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This did not arrive whole. Try again."}
)

// acceptsFiles tells whether a request may bring files, which have limits of their own.
func acceptsFiles(c echo.Context) bool {
	switch c.Request().Method + " " + c.Path() {
	case "POST /files":
		return true
	case "POST /messages", "POST /settings/avatar":
		return IsMultipart(c.Request())
	}
	return false
}

// limitBody reads no more of a request than it may be.
func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	small := middleware.BodyLimit(maxBodySize)(next)
	return func(c echo.Context) error {
		if !acceptsFiles(c) {
			return small(c)
		}
		limits, r := s.chat.FileLimits(), c.Request()
		most := int64(limits.FilesPerMessage)*limits.FileBytes + maxFieldBytes
		if r.ContentLength > most {
			return errBodyTooLarge
		}
		body := http.MaxBytesReader(c.Response(), r.Body, most)
		r.Body = &uploadBody{ReadCloser: body, transferTimeouts: s.transferLimits, control: http.NewResponseController(c.Response())}
		return next(c)
	}
}

// uploadBody is a body with files. Its reader may ask to be told how much has come.
type uploadBody struct {
	io.ReadCloser
	transferTimeouts
	control       *http.ResponseController
	deadlineSetAt time.Time     // when a deadline was set last
	waited        time.Duration // for what came: what we do between is not the sender's fault
	received      int64         // bytes
	onProgress    func(got int64)
}

func (a *uploadBody) Read(p []byte) (int, error) {
	asked := time.Now()
	a.extendDeadline(asked)
	n, err := a.ReadCloser.Read(p)
	a.waited += time.Since(asked)
	if a.received += int64(n); n > 0 && a.onProgress != nil {
		a.onProgress(a.received)
	}
	return n, uploadError(err)
}

// extendDeadline sets the deadline of a read, now and then, and leaves time for an answer behind it. Where that cannot be
// set, the server's own holds.
func (a *uploadBody) extendDeadline(now time.Time) {
	if now.Sub(a.deadlineSetAt) < a.idle/10 {
		return
	}
	a.deadlineSetAt = now
	average := a.idle + time.Duration(a.received/a.minRate)*time.Second - a.waited
	until := now.Add(min(a.idle, average))
	a.control.SetReadDeadline(until)
	a.control.SetWriteDeadline(until.Add(a.response))
}

// uploadError says what is wrong with a body in words.
func uploadError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errBodyTooLarge
	}
	if err != nil && err != io.EOF {
		return errUploadBroken
	}
	return err
}

// fileFunc is given each file of a form as it comes, with the fields before it. What it does not read is skipped.
type fileFunc func(fields url.Values, name string, file io.Reader) error

// readMultipart reads a form in parts as it comes, and keeps its fields where others look for them.
func readMultipart(r *http.Request, take fileFunc) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return errMalformed
	}
	form, left := url.Values{}, int64(maxFieldBytes)
	r.PostForm, r.Form = form, form
	r.MultipartForm = &multipart.Form{Value: form}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = readPart(form, part, &left, take)
		}
		if err != nil {
			return multipartError(err)
		}
	}
}

// readPart gives a file on, or adds a field to the form. Left is how much fields may still be.
func readPart(form url.Values, part *multipart.Part, left *int64, take fileFunc) error {
	field := part.FormName()
	if *left -= int64(partOverhead + len(field)); *left < 0 {
		return errBodyTooLarge
	}
	if _, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition")); params["filename"] != "" {
		if field != "file" {
			return nil
		}
		return take(form, params["filename"], part)
	}
	value, err := io.ReadAll(io.LimitReader(part, *left+1))
	if *left -= int64(len(value)); *left < 0 {
		return errBodyTooLarge
	}
	if field != "" && !(field == "file" && len(value) == 0) { // no file was chosen
		form.Add(field, string(value))
	}
	return err
}

// multipartError leaves what has words as it is.
func multipartError(err error) error {
	if _, ok := errors.AsType[*chat.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*echo.HTTPError](err); ok {
		return err
	}
	return errMalformed
}
