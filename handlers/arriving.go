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

// patience is how long the other side may take where files go to and fro: longer than elsewhere, as long as they go.
type patience struct {
	silence time.Duration // without a byte of what arrives, or a piece of what departs
	slowest int64         // bytes a second that must arrive, on the whole and after a silence
	answer  time.Duration // to take the answer to what arrived
}

var patient = patience{silence: 15 * time.Second, slowest: 8 << 10, answer: 30 * time.Second}

// maxFields is how much of a form in parts may be anything but files: all that a body may be elsewhere. Each part counts as partCost
// bytes beside its value.
const (
	maxFields = 512 << 10
	partCost  = 100
)

var (
	errTooMuch = chat.Errorf(chat.TooLarge, "This is more than Charla takes at once.")
	errBroken  = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This did not arrive whole. Try again."}
)

// takesFiles tells whether a request may bring files, which have limits of their own.
func takesFiles(c echo.Context) bool {
	switch c.Request().Method + " " + c.Path() {
	case "POST /files":
		return true
	case "POST /messages", "POST /settings/avatar":
		return isForm(c.Request())
	}
	return false
}

// limitBody reads no more of a request than it may be.
func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	small := middleware.BodyLimit(maxBody)(next)
	return func(c echo.Context) error {
		if !takesFiles(c) {
			return small(c)
		}
		limits, r := s.chat.FileLimits(), c.Request()
		most := int64(limits.Message)*limits.Size + maxFields
		if r.ContentLength > most {
			return errTooMuch
		}
		body := http.MaxBytesReader(c.Response(), r.Body, most)
		r.Body = &arriving{ReadCloser: body, patience: s.patience, control: http.NewResponseController(c.Response()), began: time.Now()}
		return next(c)
	}
}

// arriving is a body with files. Its reader may ask to be told how much has come.
type arriving struct {
	io.ReadCloser
	patience
	control *http.ResponseController
	began   time.Time
	renewed time.Time // when a deadline was set last
	got     int64     // bytes
	told    func(got int64)
}

func (a *arriving) Read(p []byte) (int, error) {
	a.allow(time.Now())
	n, err := a.ReadCloser.Read(p)
	if a.got += int64(n); n > 0 && a.told != nil {
		a.told(a.got)
	}
	return n, arrived(err)
}

// allow sets the deadline of a read, now and then, and leaves time for an answer behind it. Where that cannot be
// set, the server's own holds.
func (a *arriving) allow(now time.Time) {
	if now.Sub(a.renewed) < a.silence/10 {
		return
	}
	a.renewed = now
	until := now.Add(a.silence)
	if average := a.began.Add(a.silence + time.Duration(a.got/a.slowest)*time.Second); average.Before(until) {
		until = average
	}
	a.control.SetReadDeadline(until)
	a.control.SetWriteDeadline(until.Add(a.answer))
}

// arrived says what is wrong with a body in words.
func arrived(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooMuch
	}
	if err != nil && err != io.EOF {
		return errBroken
	}
	return err
}

// takeFile is given each file of a form as it comes, with the fields before it. What it does not read is skipped.
type takeFile func(fields url.Values, name string, file io.Reader) error

// readParts reads a form in parts as it comes, and keeps its fields where others look for them.
func readParts(r *http.Request, take takeFile) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return errUnreadable
	}
	form, left := url.Values{}, int64(maxFields)
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
			return partsError(err)
		}
	}
}

// readPart gives a file on, or adds a field to the form. Left is how much fields may still be.
func readPart(form url.Values, part *multipart.Part, left *int64, take takeFile) error {
	field := part.FormName()
	if *left -= int64(partCost + len(field)); *left < 0 {
		return errTooMuch
	}
	if _, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition")); params["filename"] != "" {
		if field != "file" {
			return nil
		}
		return take(form, params["filename"], part)
	}
	value, err := io.ReadAll(io.LimitReader(part, *left+1))
	if *left -= int64(len(value)); *left < 0 {
		return errTooMuch
	}
	if field != "" && !(field == "file" && len(value) == 0) { // no file was chosen
		form.Add(field, string(value))
	}
	return err
}

// partsError leaves what has words as it is.
func partsError(err error) error {
	if _, ok := errors.AsType[*chat.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*echo.HTTPError](err); ok {
		return err
	}
	return errUnreadable
}
