package emoji

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxQueryWords bounds the work of a search; what follows is not looked at.
const maxQueryWords = 8

// Search finds the emoji of which each word of a query begins a word of theirs, in English or Spanish, whatever its case
// and accents; at most limit. What is called so comes before what only has to do with it.
func Search(query string, limit int) []Emoji {
	words := strings.Fields(fold(query))
	words = words[:min(len(words), maxQueryWords)]
	if len(words) == 0 {
		return nil
	}
	var called, related []Emoji
	for _, e := range loadCatalog().all {
		names, rest, _ := strings.Cut(e.searchKey, "\n")
		switch {
		case matchesPrefixes(words, names):
			called = append(called, e)
		case matchesPrefixes(words, names+rest):
			related = append(related, e)
		}
	}
	found := append(called, related...)
	return found[:min(len(found), limit)]
}

// matchesPrefixes tells whether each of the words begins a word of text, in which a space stands before each.
func matchesPrefixes(words []string, text string) bool {
	for _, w := range words {
		if !strings.Contains(text, " "+w) {
			return false
		}
	}
	return true
}

// fold writes words for searching: without case and accents, with a space before each.
func fold(text string) string {
	var b strings.Builder
	between := true
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '+', r == '-' && between:
			if between {
				b.WriteByte(' ')
			}
			between = false
			b.WriteRune(r)
		default:
			between = true
		}
	}
	return b.String()
}
