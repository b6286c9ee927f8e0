package views

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

// initials returns the text of an avatar without a picture: the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	letters := firstLetter(words[0])
	if len(words) > 1 {
		if isJoinedScript(letters) {
			letters += "\u200c" // keeps the letters from being joined like a word
		}
		letters += firstLetter(words[len(words)-1])
	}
	return letters
}

// isJoinedScript reports whether letters belong to a script such as Arabic, in which neighbouring letters join.
func isJoinedScript(letters string) bool {
	return strings.ContainsFunc(letters, func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.AL })
}

// firstLetter returns the first letter or digit of a word, in upper case. If the word has neither, it returns the
// word's first character.
func firstLetter(word string) string {
	at := strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	r, _ := utf8.DecodeRuneInString(word[max(at, 0):])
	return string(unicode.ToUpper(r))
}

// hueCount is the number of avatar colours. theme.css defines them as hue-0 to hue-11.
const hueCount = 12

// hueClass returns the CSS class with the avatar colour of a user. A user always has the same colour.
func hueClass(person int64) string { return "hue-" + formatInt(person%hueCount) }
