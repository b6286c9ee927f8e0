package markdown

import (
	"strings"
	"unicode/utf8"
)

// isPlain reports whether no character of a text can be part of formatting. Most messages are plain, and their HTML is
// just the escaped text. A text for which isPlain returns false may still turn out to have no formatting.
func isPlain(source string) bool {
	if source == "" || !utf8.ValidString(source) || strings.ContainsAny(source, "*_~`[:\\") {
		return false
	}
	startsBlock := strings.ContainsRune("-+>0123456789", rune(source[0])) // a list or a quote
	return !startsBlock && !strings.ContainsFunc(source, func(r rune) bool { return r < ' ' || r == 0x7f }) &&
		strings.TrimSpace(source) == source
}
