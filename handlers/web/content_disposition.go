package web

import (
	"fmt"
	"mime"
	"regexp"
	"strings"
)

// ContentDisposition returns the value of a Content-Disposition header with the name under which a browser saves the
// file. The parameter filename is always in ASCII, with "_" for every other character and for percent signs, which some
// browsers would decode. If the name differs from that, or has characters that must be escaped, the parameter filename*
// has the name itself, and every current browser prefers it (RFC 6266, RFC 8187).
func ContentDisposition(disposition, name string) string {
	name = strings.ToValidUTF8(name, "")
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '%' {
			return '_'
		}
		return r
	}, name)
	value := mime.FormatMediaType(disposition, map[string]string{"filename": ascii})
	if ascii == name && !strings.ContainsAny(name, `"\`) {
		return value
	}
	return value + "; filename*=UTF-8''" + escapeExtendedValue(name)
}

// escapeExtendedValue percent-encodes all bytes of s except those that RFC 8187 allows in a parameter such as
// filename*.
func escapeExtendedValue(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		isAlphanumeric := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if isAlphanumeric || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// decodeFileName decodes what browsers encode in the file names of multipart forms: %22, %0A and %0D, in upper case.
// Every other percent sign is part of the name (HTML standard, multipart/form-data encoding algorithm).
var decodeFileName = strings.NewReplacer("%22", `"`, "%0A", "\n", "%0D", "\r")

// extendedFileName matches the beginning of the parameter filename* of a Content-Disposition.
var extendedFileName = regexp.MustCompile(`(?i);\s*filename\*`)

// partFileName returns the name of the file in a part of a multipart form, given the Content-Disposition of the part.
// It returns "" if the part is no file. A name in the parameter filename* is decoded already.
func partFileName(disposition string) string {
	_, params, _ := mime.ParseMediaType(disposition)
	if extendedFileName.MatchString(disposition) {
		return params["filename"]
	}
	return decodeFileName.Replace(params["filename"])
}
