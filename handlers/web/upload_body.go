package web

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
)

// transferLimits is how long the other side may take where files go to and fro: longer than elsewhere, as long as they go.
type TransferTimeouts struct {
	Idle     time.Duration // without a byte of what arrives, or a piece of what departs
	MinRate  int64         // bytes a second that must arrive, on the whole and after a silence
	Response time.Duration // to take the answer to what arrived
}

var DefaultTransferTimeouts = TransferTimeouts{Idle: 15 * time.Second, MinRate: 8 << 10, Response: 30 * time.Second}

// maxFieldBytes is how much of a form in parts may be anything but files: all that a body may be elsewhere. Each part counts as partOverhead
// bytes beside its value.
const (
	maxFieldBytes = 512 << 10
	partOverhead  = 100
)

var (
	ErrBodyTooLarge = chat.Errorf(chat.TooLarge, "This is more than Charla takes at once.")
	ErrUploadBroken = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This did not arrive whole. Try again."}
)

// AcceptsFiles reports whether the body of the request may hold files.
func AcceptsFiles(c echo.Context) bool {
	switch RouteOf(c).Upload {
	case AnyUpload:
		return true
	case MultipartUpload:
		return IsMultipart(c.Request())
	}
	return false
}

// LimitUpload replaces the body of a request that may hold files by one with a size limit and deadlines of its own. It
// returns ErrBodyTooLarge if the request announces more than limits allow.
func LimitUpload(c echo.Context, limits chat.FileLimits, timeouts TransferTimeouts) error {
	r := c.Request()
	maxBytes := int64(limits.FilesPerMessage)*limits.FileBytes + maxFieldBytes
	if r.ContentLength > maxBytes {
		return ErrBodyTooLarge
	}
	r.Body = &UploadBody{
		ReadCloser:       http.MaxBytesReader(c.Response(), r.Body, maxBytes),
		TransferTimeouts: timeouts,
		control:          http.NewResponseController(c.Response()),
	}
	return nil
}

// UploadBody is a body with files. Its reader may ask to be told how much has come.
type UploadBody struct {
	io.ReadCloser
	TransferTimeouts
	control       *http.ResponseController
	deadlineSetAt time.Time     // when a deadline was set last
	waited        time.Duration // for what came: what we do between is not the sender's fault
	received      int64         // bytes
	OnProgress    func(got int64)
}

func (a *UploadBody) Read(p []byte) (int, error) {
	asked := time.Now()
	a.extendDeadline(asked)
	n, err := a.ReadCloser.Read(p)
	a.waited += time.Since(asked)
	if a.received += int64(n); n > 0 && a.OnProgress != nil {
		a.OnProgress(a.received)
	}
	return n, uploadError(err)
}

// extendDeadline sets the deadline of a read, now and then, and leaves time for an answer behind it. Where that cannot be
// set, the server's own holds.
func (a *UploadBody) extendDeadline(now time.Time) {
	if now.Sub(a.deadlineSetAt) < a.Idle/10 {
		return
	}
	a.deadlineSetAt = now
	average := a.Idle + time.Duration(a.received/a.MinRate)*time.Second - a.waited
	until := now.Add(min(a.Idle, average))
	a.control.SetReadDeadline(until)
	a.control.SetWriteDeadline(until.Add(a.Response))
}

// uploadError says what is wrong with a body in words.
func uploadError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return ErrBodyTooLarge
	}
	if err != nil && err != io.EOF {
		return ErrUploadBroken
	}
	return err
}

// FileFunc is given each file of a form as it comes, with the fields before it. What it does not read is skipped.
type FileFunc func(fields url.Values, name string, file io.Reader) error

// ReadMultipart reads a form in parts as it comes, and keeps its fields where others look for them.
func ReadMultipart(r *http.Request, take FileFunc) error {
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
func readPart(form url.Values, part *multipart.Part, left *int64, take FileFunc) error {
	field := part.FormName()
	if *left -= int64(partOverhead + len(field)); *left < 0 {
		return ErrBodyTooLarge
	}
	if _, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition")); params["filename"] != "" {
		if field != "file" {
			return nil
		}
		return take(form, params["filename"], part)
	}
	value, err := io.ReadAll(io.LimitReader(part, *left+1))
	if *left -= int64(len(value)); *left < 0 {
		return ErrBodyTooLarge
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
