package views

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	letters := firstLetter(words[0])
	if len(words) > 1 {
		if isJoinedScript(letters) {
			letters += "\u200c" // two letters, not the beginning of a word
		}
		letters += firstLetter(words[len(words)-1])
	}
	return letters
}

// isJoinedScript tells whether the letters of a script are written joined, from right to left.
func isJoinedScript(letters string) bool {
	return strings.ContainsFunc(letters, func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.AL })
}

// firstLetter returns the first letter or digit of a word in upper case, or whatever the word begins with.
func firstLetter(word string) string {
	at := strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	r, _ := utf8.DecodeRuneInString(word[max(at, 0):])
	return string(unicode.ToUpper(r))
}

// hueCount is how many colours avatars have; theme.css names them hue-0 to hue-11.
const hueCount = 12

// hueClass is the class of a person's colour: theirs for ever.
func hueClass(person int64) string { return "hue-" + formatInt(person%hueCount) }
