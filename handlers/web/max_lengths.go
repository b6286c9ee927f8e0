package web

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// Every parameter of every route has a maximum length, so that no request can make the server search for or validate a
// huge text. These are the ones that most parameters have. A struct field may have another, in its tag max, and a query
// parameter in queryMaxLengths. Package chat has its own, smaller limits, which it explains to people.
const (
	defaultMaxLength = 1000 // characters (code points) of a text
	maxPathParameter = 200  // bytes; a token has 43
	maxNumberLength  = 19   // digits of the largest id
)

// tooLong returns the error for a field with more than max characters.
func tooLong(field string, max int) *chat.Error {
	return &chat.Error{
		Code: chat.Invalid, Field: field, Format: "This can have at most %d characters.", Args: []any{max},
	}
}

// isLonger reports whether s has more than max characters.
func isLonger(s string, max int) bool { return len(s) > max && utf8.RuneCountInString(s) > max }

// CheckParameters returns an error if a parameter in the path or the query of the request is too long: chat.ErrNotFound
// for the path and for ids, otherwise chat.Invalid with the name of the parameter. Bind checks the body.
func CheckParameters(c echo.Context) error {
	isLong := func(value string) bool { return len(value) > maxPathParameter }
	if slices.ContainsFunc(c.ParamValues(), isLong) {
		return chat.ErrNotFound
	}
	if len(c.Request().URL.RawQuery) <= maxNumberLength {
		return nil
	}
	return checkQuery(c.QueryParams(), RouteOf(c))
}

func checkQuery(query url.Values, route *Route) error {
	for name, values := range query {
		p := route.Doc.queryParameter(name)
		for _, value := range values {
			switch p.Type.(type) {
			case ID:
				if len(value) > maxNumberLength {
					return chat.ErrNotFound
				}
			case string:
				if isLonger(value, p.maxLength()) {
					return tooLong(name, p.maxLength())
				}
			default:
				if len(value) > maxNumberLength && route.Stream != EventStream { // streams answer with resync
					return InvalidNumber(name)
				}
			}
		}
	}
	return nil
}

// checkLengths returns chat.Invalid if a text in a request body is longer than its field allows. in is a pointer to the
// struct into which the body was read.
func checkLengths(in any) error { return checkValue(reflect.ValueOf(in), "", defaultMaxLength) }

// checkValue checks a value of a request body. field is the name of the outermost field that contains it.
func checkValue(v reflect.Value, field string, max int) error {
	switch v.Kind() {
	case reflect.String:
		if isLonger(v.String(), max) {
			return tooLong(field, max)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return checkValue(v.Elem(), field, max)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := checkValue(v.Index(i), field, max); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return checkFields(v, field)
	}
	return nil
}

func checkFields(v reflect.Value, outer string) error {
	for f := range v.Type().Fields() {
		field := outer
		if field == "" {
			field = jsonName(f)
		}
		if err := checkValue(v.FieldByIndex(f.Index), field, maxLength(f)); err != nil {
			return err
		}
	}
	return nil
}

// maxLength returns how many characters a text in a field of a request may have.
func maxLength(f reflect.StructField) int {
	if max, err := strconv.Atoi(f.Tag.Get("max")); err == nil {
		return max
	}
	return defaultMaxLength
}

// isText reports whether a field of a request holds text of any kind, rather than one of a few values.
func isText(f reflect.StructField) bool {
	t := f.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, isRequest := f.Tag.Lookup("form")
	_, isEnum := f.Tag.Lookup("enum")
	return t.Kind() == reflect.String && !isEnum && (isRequest || f.Tag.Get("max") != "")
}

// BindUpload reads the fields that came before a file in a multipart form into in, a pointer to a struct of texts and
// ids. It returns the errors that Bind returns for fields that are too long.
func BindUpload(fields url.Values, in any) error {
	v := reflect.ValueOf(in).Elem()
	for f := range v.Type().Fields() {
		value, field := fields.Get(jsonName(f)), v.FieldByIndex(f.Index)
		if id, ok := field.Addr().Interface().(*ID); !ok {
			field.SetString(value)
		} else if err := id.UnmarshalParam(value); err != nil {
			return err
		}
	}
	return checkLengths(in)
}
