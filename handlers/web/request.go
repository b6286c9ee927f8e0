package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// Bind reads the form or the JSON object in the request body into in, a pointer to a struct with tagged fields. It
// returns status 415 for other media types, and chat.Invalid for malformed bodies and for a text that is longer than
// its field allows. JSON with invalid UTF-8 counts as malformed; Go's decoder would silently replace the invalid bytes.
func Bind(c echo.Context, in any) error {
	r := c.Request()
	name := MediaTypeOf(r.Header)
	if r.ContentLength == 0 && name != echo.MIMEApplicationJSON {
		return nil // an empty form
	}
	var err error
	switch name {
	case echo.MIMEApplicationJSON:
		return bindJSON(r, in)
	case echo.MIMEApplicationForm:
		err = readForm(r)
	case echo.MIMEMultipartForm:
		if r.MultipartForm == nil { // otherwise the handler has read it, with its files
			err = ReadMultipart(r, func(url.Values, string, io.Reader) error { return nil })
		}
	default:
		return echo.ErrUnsupportedMediaType
	}
	if err != nil {
		return BindError(err)
	}
	r.Form = r.PostForm                        // without the parameters of the query
	r.Header.Set(echo.HeaderContentType, name) // in lower case, as the binder needs it
	if err := (&echo.DefaultBinder{}).BindBody(c, in); err != nil {
		return BindError(err)
	}
	return checkLengths(in)
}

var errMalformed = chat.Errorf(chat.Invalid, "The form can't be read.")

// readForm reads a form into r.PostForm. If the form has already been read, it does nothing.
func readForm(r *http.Request) error {
	if r.PostForm != nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.PostForm, err = ParseForm(string(body))
	return err
}

// utf8BOM is the byte order mark that some programs write before a text.
const utf8BOM = "\xef\xbb\xbf"

// bindJSON reads a JSON object into in. It skips a byte order mark before the object, as RFC 8259 allows.
func bindJSON(r *http.Request, in any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return BindError(err)
	}
	body = bytes.TrimPrefix(body, []byte(utf8BOM))
	if !utf8.Valid(body) || HasLoneSurrogate(body) {
		return chat.Errorf(chat.Invalid, "The text must be UTF-8.")
	}
	if err := json.Unmarshal(body, in); err != nil {
		return BindError(err)
	}
	return checkLengths(in)
}

// HasLoneSurrogate reports whether a JSON text contains half of a surrogate pair, such as \ud83c without a second half.
// Half a pair is not a valid character.
func HasLoneSurrogate(b []byte) bool {
	for i := bytes.IndexByte(b, '\\'); i >= 0; i = bytes.IndexByte(b, '\\') {
		b = b[i:]
		first, ok := parseUnicodeEscape(b)
		if !ok {
			b = b[min(2, len(b)):] // an escape of another form
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

// EachMember calls f for each member of a JSON object, in the order of the text. Go's maps would lose the order.
func EachMember(object []byte, f func(name string, value json.RawMessage)) error {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return errMalformed
	}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return errMalformed
		}
		f(name.(string), value)
	}
	if _, err := decoder.Token(); err != nil {
		return errMalformed
	}
	return nil
}

// parseUnicodeEscape returns the UTF-16 code unit of the JSON escape \uXXXX at the beginning of b. It returns false if
// b does not begin with such an escape.
func parseUnicodeEscape(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// BindError returns the error that the caller sees when reading a request body failed with err. It is chat.Invalid and
// names the JSON field if a field has a wrong type. Errors that say more, such as that the body is too large, stay
// unchanged.
func BindError(err error) error {
	if e, ok := errors.AsType[*echo.HTTPError](err); err == nil || ok && e.Code == http.StatusRequestEntityTooLarge {
		return err
	}
	if _, ok := errors.AsType[*chat.Error](err); ok {
		return err
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field, _, _ := strings.Cut(e.Field, ".")
		return &chat.Error{Code: chat.Invalid, Field: field, Format: errMalformed.Format}
	}
	return errMalformed
}

// IsMultipart reports whether the Content-Type says that the body is a multipart form, even if the rest of that header
// is malformed.
func IsMultipart(r *http.Request) bool { return MediaTypeOf(r.Header) == echo.MIMEMultipartForm }

// ParseID parses an id. If s is not a positive number it returns 0, which is no valid id.
func ParseID(s string) int64 {
	n, _ := ParseNumber(s)
	return n
}

// ParseNumber parses a number from 0 up. It returns false if s is not such a number. It rejects the largest int64 too,
// so that callers can add 1 without overflow.
func ParseNumber(s string) (int64, bool) {
	if len(s) > maxNumberLength {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 63) // accepts no sign
	if err != nil || n == math.MaxInt64 {
		return 0, false
	}
	return int64(n), true
}

// InvalidNumber returns the error for a field whose value must be a number and is not. Ignoring the wrong value could
// return another page of a list than the caller asked for.
func InvalidNumber(field string) *chat.Error {
	return &chat.Error{Code: chat.Invalid, Field: field, Format: "Must be 0 or more."}
}

// QueryNumber returns the number in a query parameter, or 0 if the parameter is missing or empty.
func QueryNumber(c echo.Context, name string) (int64, error) {
	s := c.QueryParam(name)
	n, ok := ParseNumber(s)
	if s != "" && !ok {
		return 0, InvalidNumber(name)
	}
	return n, nil
}

// QueryConversation returns the conversation that the query parameter "room" or "with" names.
func QueryConversation(c echo.Context) chat.ConversationRef {
	return chat.ConversationRef{With: ParseID(c.QueryParam("with")), Room: ParseID(c.QueryParam("room"))}
}

// ID is an id in a form or in JSON. A value that is not a positive number becomes 0, which is no valid id.
type ID int64

// UnmarshalParam reads the id from the value of a form field. It returns chat.ErrNotFound if the value is longer than
// any id.
func (n *ID) UnmarshalParam(s string) error {
	if len(s) > maxNumberLength {
		return chat.ErrNotFound
	}
	*n = ID(ParseID(s))
	return nil
}

// UnmarshalJSON reads the id from a JSON number or string, as UnmarshalParam does.
func (n *ID) UnmarshalJSON(b []byte) error { return n.UnmarshalParam(strings.Trim(string(b), `"`)) }

// Checkbox is a boolean in a form or in JSON that is false unless it is set. In a form, 1 and true mean true, and
// anything else means false, because browsers send nothing for an unchecked box.
type Checkbox bool

// UnmarshalParam reads the boolean from the value of a form field.
func (f *Checkbox) UnmarshalParam(s string) error {
	*f = Checkbox(s == "1" || s == "true")
	return nil
}

// FormValue returns the text for this boolean in a form field.
func (f Checkbox) FormValue() string {
	if f {
		return "1"
	}
	return ""
}

// StrictBool is a boolean in a form or in JSON that must have a valid value. It is for fields where treating a wrong
// value as false could undo something.
type StrictBool bool

var errNotBool = &chat.Error{Code: chat.Invalid, Field: "mine", Format: "Must be true or false."}

// UnmarshalParam reads the boolean from the value of a form field.
func (b *StrictBool) UnmarshalParam(s string) error {
	value, err := strconv.ParseBool(s)
	if err != nil {
		return errNotBool
	}
	*b = StrictBool(value)
	return nil
}
