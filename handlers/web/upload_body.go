package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// TransferTimeouts are the time limits of uploads and downloads. A transfer may go on as long as enough bytes keep
// arriving, even if it takes longer than other requests may.
type TransferTimeouts struct {
	Idle     time.Duration // how long an upload may pause; a download may take twice as long for each chunk
	MinRate  int64         // bytes per second that must arrive on average
	Response time.Duration // how long the client may take to read the response to an upload
}

// DefaultTransferTimeouts are the time limits that are used outside of tests.
var DefaultTransferTimeouts = TransferTimeouts{Idle: 15 * time.Second, MinRate: 8 << 10, Response: 30 * time.Second}

const (
	maxFieldBytes = 512 << 10 // of all fields of a multipart form that are not files, as of other bodies
	partOverhead  = 100       // bytes that each part counts in addition to its value
)

// These are the errors that a user sees when reading an upload fails.
var (
	ErrBodyTooLarge = chat.Errorf(chat.TooLarge, "This is too large to send.")
	errUploadBroken = &chat.Error{Code: chat.Invalid, Field: "file", Format: "The upload was interrupted. Try again."}
)

// AcceptsFiles reports whether the body of this request may contain files, according to its route and Content-Type.
func AcceptsFiles(c echo.Context) bool {
	switch RouteOf(c).Upload {
	case AnyUpload:
		return true
	case MultipartUpload:
		return IsMultipart(c.Request())
	}
	return false
}

// LimitUpload replaces the body of an upload request by an UploadBody, which has its own size limit and deadlines. The
// limit is that of all files of one message. LimitUpload returns TooLarge if the Content-Length already exceeds it.
func LimitUpload(c echo.Context, limits chat.FileLimits, timeouts TransferTimeouts) error {
	r := c.Request()
	fileBytes := int64(limits.FilesPerMessage) * limits.FileBytes
	maxBytes := fileBytes + maxFieldBytes
	tooLarge := &chat.Error{
		Code: chat.TooLarge, Field: "file",
		Format: "All files together can be at most %d MB.", Args: []any{fileBytes >> 20},
	}
	if r.ContentLength > maxBytes {
		return tooLarge
	}
	r.Body = &UploadBody{
		ReadCloser:       http.MaxBytesReader(c.Response(), r.Body, maxBytes),
		TransferTimeouts: timeouts,
		control:          http.NewResponseController(c.Response()),
		tooLarge:         tooLarge,
	}
	return nil
}

// UploadBody is a request body that may contain files. It extends the deadlines of the connection as long as bytes keep
// arriving.
type UploadBody struct {
	io.ReadCloser
	TransferTimeouts
	OnProgress func(received int64) // called after each read, unless nil

	control       *http.ResponseController
	tooLarge      error // for a body above the limit
	failed        bool
	deadlineSetAt time.Time
	waited        time.Duration // time spent in reads, without the time in which the server stores files
	received      int64         // bytes
}

// Failed reports whether the rest of the body cannot be read, because the connection failed or the body is too large.
func (a *UploadBody) Failed() bool { return a.failed }

// Read reads from the body. Instead of errors of net/http it returns errors that the user may see.
func (a *UploadBody) Read(p []byte) (int, error) {
	start := time.Now()
	a.extendDeadline(start)
	n, err := a.ReadCloser.Read(p)
	a.waited += time.Since(start)
	if a.received += int64(n); n > 0 && a.OnProgress != nil {
		a.OnProgress(a.received)
	}
	if err == nil || err == io.EOF {
		return n, err
	}
	a.failed = true
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return n, a.tooLarge
	}
	return n, errUploadBroken
}

// extendDeadline extends the read deadline by the idle timeout, or by less if the upload is slower than MinRate on
// average. It sets the write deadline later still, so that the response can follow. To save system calls it acts at
// most ten times per idle timeout. It ignores errors: if the connection does not allow deadlines, those of the server
// stay in force.
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

// FileFunc receives each file of a multipart form as it arrives. fields are the form fields that came before the file.
// ReadMultipart skips the bytes of the file that FileFunc does not read.
type FileFunc func(fields url.Values, name string, file io.Reader) error

// ReadMultipart reads a multipart form. It calls save for each file, and stores all other fields in r, where Bind finds
// them.
func ReadMultipart(r *http.Request, save FileFunc) error {
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
			err = readPart(form, part, &left, save)
		}
		if err != nil {
			return multipartError(err)
		}
	}
}

// readPart handles one part of a multipart form: it calls save if the part is a file, otherwise it adds the field to
// form. left is how many bytes all remaining fields together may have; readPart subtracts the bytes of this field.
func readPart(form url.Values, part *multipart.Part, left *int64, save FileFunc) error {
	field := part.FormName()
	if *left -= int64(partOverhead + len(field)); *left < 0 {
		return ErrBodyTooLarge
	}
	if name := partFileName(part.Header.Get("Content-Disposition")); name != "" {
		if field != "file" {
			return nil
		}
		if isLonger(name, defaultMaxLength) {
			return tooLong("file", defaultMaxLength)
		}
		return save(form, name, part)
	}
	value, err := io.ReadAll(io.LimitReader(part, *left+1))
	if *left -= int64(len(value)); *left < 0 {
		return ErrBodyTooLarge
	}
	if field != "" && !(field == "file" && len(value) == 0) { // an empty file field means that no file was chosen
		form.Add(field, string(value))
	}
	return err
}

// multipartError returns the error that the user sees if reading a multipart form fails with err. It returns an error
// that is meant for users unchanged, and replaces any other by an error about the form.
func multipartError(err error) error {
	if _, ok := errors.AsType[*chat.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*echo.HTTPError](err); ok {
		return err
	}
	return errMalformed
}
