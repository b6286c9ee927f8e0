package web

import (
	"net/http"
	"net/url"
	"strings"
)

// maxFormFields is how many fields a form or a query may have.
const maxFormFields = 10_000

// ParseForm parses the body of a form or a query, which have the media type application/x-www-form-urlencoded. It reads
// them as the URL standard says and as browsers do: a semicolon, and a percent sign without two hexadecimal digits
// after it, are text. url.ParseQuery refuses both. ParseForm returns errMalformed only if there are more than
// maxFormFields fields.
func ParseForm(s string) (url.Values, error) {
	form := url.Values{}
	if strings.Count(s, "&") >= maxFormFields {
		return form, errMalformed
	}
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		form.Add(decodeFormText(name), decodeFormText(value))
	}
	return form, nil
}

// decodeFormText replaces plus signs by spaces and decodes the percent-encoded bytes of s.
func decodeFormText(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte(hexValue(s[i+1])<<4 | hexValue(s[i+2]))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// hexValue returns the value of a hexadecimal digit.
func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// NormalizeRequest changes those parts of a request that clients write in several ways, so that the router and the
// handlers see one form. It must be called before the router.
//
//   - Percent-encoded characters of the path that need no encoding are decoded, except a slash, and a slash at the end
//     is removed: /%63hat and /chat/ mean /chat.
//   - A query that url.ParseQuery would not read completely is written in its standard form.
//   - A Range header is removed unless the method is GET (RFC 9110, section 14.2). The name of its unit has no case.
func NormalizeRequest(r *http.Request) {
	u := *r.URL
	if !strings.Contains(strings.ToLower(u.RawPath), "%2f") {
		u.RawPath = ""
	}
	if trimmed := strings.TrimRight(u.Path, "/"); trimmed != "" && u.RawPath == "" {
		u.Path = trimmed
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		if query, err := ParseForm(u.RawQuery); err == nil {
			u.RawQuery = query.Encode()
		}
	}
	r.URL = &u
	unit, ranges, hasUnit := strings.Cut(r.Header.Get("Range"), "=")
	switch {
	case r.Method != http.MethodGet:
		r.Header.Del("Range")
	case hasUnit && strings.EqualFold(unit, "bytes"):
		r.Header.Set("Range", "bytes="+ranges)
	}
}
