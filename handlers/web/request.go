package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// StrictBool says whether something shall be. Unlike a flag it is never guessed: what is neither yes nor no could undo something.
type StrictBool bool

var errNotBool = &chat.Error{Code: chat.Invalid, Field: "mine", Format: "This is true or false."}

// UnmarshalParam reads a form's field.
func (w *StrictBool) UnmarshalParam(s string) error {
	yes, err := strconv.ParseBool(s)
	if err != nil {
		return errNotBool
	}
	*w = StrictBool(yes)
	return nil
}

// Bind reads a form or a JSON object into the tagged fields of in. What is neither is 415; what is not valid UTF-8 is
// Invalid: Go's decoder would quietly put a replacement character where the bytes are wrong.
func Bind(c echo.Context, in any) error {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.ContentLength == 0 && kind != echo.MIMEApplicationJSON:
		return nil // an empty form
	case err != nil: // none, or none that means anything
		return echo.ErrUnsupportedMediaType
	case kind == echo.MIMEApplicationJSON:
		return bindJSON(r, in)
	case kind == echo.MIMEApplicationForm:
		err = r.ParseForm()
	case kind == echo.MIMEMultipartForm && r.MultipartForm == nil:
		err = ReadMultipart(r, func(url.Values, string, io.Reader) error { return nil })
	case kind == echo.MIMEMultipartForm: // was read, with its files
	default:
		return echo.ErrUnsupportedMediaType
	}
	if err != nil {
		return BindError(err)
	}
	r.Form = r.PostForm // what stands in the address is no part of the form
	return BindError((&echo.DefaultBinder{}).BindBody(c, in))
}

var errMalformed = chat.Errorf(chat.Invalid, "Charla cannot read this form.")

func bindJSON(r *http.Request, in any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return BindError(err)
	}
	if !utf8.Valid(body) || hasLoneSurrogate(body) {
		return chat.Errorf(chat.Invalid, "This is not text in UTF-8.")
	}
	return BindError(json.Unmarshal(body, in))
}

// hasLoneSurrogate tells whether JSON escapes half of a surrogate pair, such as \ud83c alone, which is no character.
func hasLoneSurrogate(b []byte) bool {
	for i := bytes.IndexByte(b, '\\'); i >= 0; i = bytes.IndexByte(b, '\\') {
		b = b[i:]
		first, ok := parseUnicodeEscape(b)
		if !ok {
			b = b[min(2, len(b)):] // another escape
			continue
		}
		b = b[6:]
		if utf16.IsSurrogate(first) {
			second, _ := parseUnicodeEscape(b)
			if utf16.DecodeRune(first, second) == utf8.RuneError {
				return true
			}
			b = b[6:]
		}
	}
	return false
}

// parseUnicodeEscape reads a \uXXXX at the beginning of b.
func parseUnicodeEscape(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// BindError makes a refusal of what a reader says is malformed; that a body is too large stays as it is.
func BindError(err error) error {
	if e, ok := errors.AsType[*echo.HTTPError](err); err == nil || ok && e.Code == http.StatusRequestEntityTooLarge {
		return err
	}
	if _, ok := errors.AsType[*chat.Error](err); ok {
		return err
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // a number where text belongs, and the like
		field, _, _ := strings.Cut(e.Field, ".")
		return &chat.Error{Code: chat.Invalid, Field: field, Format: errMalformed.Format}
	}
	return errMalformed
}

// IsMultipart tells a form in parts, which may bring files.
func IsMultipart(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), echo.MIMEMultipartForm)
}

// ParseID reads an id from a URL or a form. What is no positive number names nothing: 0.
func ParseID(s string) int64 {
	n, _ := ParseNumber(s)
	return n
}

// ParseNumber reads a number from 0 on, to which one can be added. What is none is 0 and false.
func ParseNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n == math.MaxInt64 {
		return 0, false
	}
	return n, true
}

// InvalidNumber refuses a field that says where in a list one is, or how much of it one wants. Taken for none it would bring
// another part of the list than was meant.
func InvalidNumber(field string) *chat.Error {
	return &chat.Error{Code: chat.Invalid, Field: field, Format: "This is a number from 0 on."}
}

// QueryNumber reads a number from a URL; without one, 0.
func QueryNumber(c echo.Context, name string) (int64, error) {
	s := c.QueryParam(name)
	n, ok := ParseNumber(s)
	if s != "" && !ok {
		return 0, InvalidNumber(name)
	}
	return n, nil
}

// QueryConversation reads which conversation a URL names.
func QueryConversation(c echo.Context) chat.ConversationRef {
	return chat.ConversationRef{With: ParseID(c.QueryParam("with")), Room: ParseID(c.QueryParam("room"))}
}

// ID is an id in a form or JSON. What is no positive number names nothing: 0.
type ID int64

// UnmarshalParam reads a form's field.
func (n *ID) UnmarshalParam(s string) error {
	*n = ID(ParseID(s))
	return nil
}

// UnmarshalJSON reads a number, or one in quotes.
func (n *ID) UnmarshalJSON(b []byte) error {
	*n = ID(ParseID(strings.Trim(string(b), `"`)))
	return nil
}

// Checkbox is a choice of two in a form, where it is 1 or nothing, or in JSON.
type Checkbox bool

// UnmarshalParam reads a form's field.
func (f *Checkbox) UnmarshalParam(s string) error {
	*f = Checkbox(s == "1" || s == "true")
	return nil
}

func (f Checkbox) FormValue() string {
	if f {
		return "1"
	}
	return ""
}
