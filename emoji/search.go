package emoji

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxQueryWords is how many words of a query Search uses. Search ignores further words, so that it stays fast.
const maxQueryWords = 8

// Search returns at most limit emoji that match a query in English or Spanish. Each word of the query must be the
// start of a word of the emoji; case and accents do not matter. Matches by name come before matches by other search
// words.
func Search(query string, limit int) []Emoji {
	words := strings.Fields(fold(query))
	words = words[:min(len(words), maxQueryWords)]
	if len(words) == 0 {
		return nil
	}
	var byName, byOther []Emoji
	for _, e := range loadCatalog().all {
		names, others, _ := strings.Cut(e.searchKey, "\n")
		switch {
		case matchesPrefixes(words, names):
			byName = append(byName, e)
		case matchesPrefixes(words, names+others):
			byOther = append(byOther, e)
		}
	}
	found := append(byName, byOther...)
	return found[:min(len(found), limit)]
}

// matchesPrefixes reports whether each of the words is the start of a word in text. Both the words and the text must
// have been normalized by fold.
func matchesPrefixes(words []string, text string) bool {
	for _, w := range words {
		if !strings.Contains(text, " "+w) {
			return false
		}
	}
	return true
}

// fold normalizes text for search. It converts letters to lower case, removes accents and punctuation, and writes a
// space before each word.
func fold(text string) string {
	var b strings.Builder
	betweenWords := true
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '+', r == '-' && betweenWords:
			if betweenWords {
				b.WriteByte(' ')
			}
			betweenWords = false
			b.WriteRune(r)
		default:
			betweenWords = true
		}
	}
	return b.String()
}
