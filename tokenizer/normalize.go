package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// normalize returns a word or run without differences of case and width. It keeps only letters, digits, marks,
// connectors and apostrophes.
func normalize(text string) string {
	if isPlain(text) {
		return text
	}
	if isASCII(text) {
		return strings.Map(keepWordCharacter, strings.ToLower(text))
	}
	folded := strings.ToLower(caseFolder.String(norm.NFKC.String(text)))
	return norm.NFKC.String(strings.Map(keepWordCharacter, norm.NFKC.String(folded)))
}

var caseFolder = cases.Fold() // has no state

// keepWordCharacter returns the ordinary form of a character of words and runs, and -1 for any other character.
func keepWordCharacter(r rune) rune {
	switch class := classOf(r); {
	case class == separator, class == ignored, class == mark && unicode.Is(unicode.Variation_Selector, r):
		return -1
	case class == apostrophe:
		return '\''
	}
	return r
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// isPlain reports whether a text has only small letters of ASCII and digits.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// stripAccents returns a normalized word without accents and vowel points.
func stripAccents(word string) string {
	if isASCII(word) {
		return word
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if isAccent(r) {
			return -1
		}
		return r
	}, norm.NFD.String(word)))
}

// isAccent reports whether r is an accent of Latin, Greek or Cyrillic letters, or a vowel point of Hebrew or Arabic.
// The marks of other scripts are part of their syllables.
func isAccent(r rune) bool {
	return r >= 0x0300 && r <= 0x036F || r >= 0x0591 && r <= 0x05C7 || r >= 0x064B && r <= 0x065F || r == 0x0670
}

// symbolAt returns the emoji or other symbol with which a text begins, or "" if the text begins with something else.
// r is the first character of the text and size the length of r.
func symbolAt(text string, r rune, size int) string {
	if r < utf8.RuneSelf && (size == len(text) || text[size] < utf8.RuneSelf) { // not the base of a keycap
		return ""
	}
	const keycap = "\u20E3"
	isSymbol := unicode.Is(unicode.S, r) && r >= utf8.RuneSelf && r != utf8.RuneError && asciiForm(r) != '+'
	if !isSymbol && r >= utf8.RuneSelf && r != '‼' && r != '⁉' && r != '〰' {
		return ""
	}
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(text, -1)
	if r < utf8.RuneSelf && !strings.Contains(cluster, keycap) {
		return ""
	}
	return cluster
}

// symbolToken returns the token of an emoji or another symbol. It leaves out what only changes how an emoji looks:
// variation selectors and skin tones.
func symbolToken(symbol string) string {
	token := cut(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Variation_Selector, r) || r >= 0x1F3FB && r <= 0x1F3FF {
			return -1
		}
		return r
	}, symbol))
	if token == "" { // a skin tone alone
		return symbol
	}
	return token
}
