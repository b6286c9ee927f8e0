package emoji

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece finds what may be a shortcode in a message, and what must be left alone because a colon in it is only a colon: a
// block of code, a piece of code, an address.
var piece = regexp.MustCompile("(?s)```.*?(?:```|\\z)|``.+?``|`[^`]+`|(?i:https?://)\\S+|:[\\p{L}\\p{M}\\p{N}_+-]{1,60}:")

// maxCode is more than the longest shortcode has, in bytes.
const maxCode = 90

// Expand puts the emoji in the place of each shortcode in a message, such as :tada:. It leaves alone what it does not
// know, what stands in code or in an address, and what touches a letter or a digit, as in 10:30:45.
func Expand(text string) string {
	var b strings.Builder
	rest := text
	each(text, func(i int, name string) bool {
		e, ok := named(name)
		if ok {
			b.WriteString(rest[:len(rest)-len(text)+i])
			b.WriteString(e.Text)
			rest = text[i+len(name)+2:]
		}
		return ok
	})
	return b.String() + rest
}

// each calls f with the place and the name of each shortcode in a message until the end. Where f does not take one, the
// next may begin at its last colon.
func each(text string, f func(i int, name string) bool) {
	for from := 0; from < len(text); {
		at := piece.FindStringIndex(text[from:])
		if at == nil {
			return
		}
		start, end := from+at[0], from+at[1]
		from = end
		if text[start] == ':' && (touches(text, start, end) || !f(start, text[start+1:end-1])) {
			from = end - 1
		}
	}
}

// touches tells whether a letter or a digit stands at text[start:end].
func touches(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return isWord(before) || isWord(after)
}

func isWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// named finds an emoji by a shortcode without its colons, whatever its case and accents. The names in both languages are
// shortcodes too, with _ between the words.
func named(name string) (Emoji, bool) {
	i, ok := known().codes[code(name)]
	if !ok {
		return Emoji{}, false
	}
	return known().all[i], true
}

// code writes a name as a shortcode.
func code(name string) string { return strings.ReplaceAll(strings.TrimSpace(fold(name)), " ", "_") }

// name collects the shortcodes. One that two emoji have belongs to the first, and English ones come before Spanish names.
func (s *set) name() {
	take := func(name string, i int) {
		c := code(name)
		if _, taken := s.codes[c]; !taken {
			s.codes[c] = i
		}
	}
	for i, e := range s.all {
		for _, c := range e.Codes {
			take(c, i)
		}
	}
	for i, e := range s.all {
		take(e.es, i)
	}
}

// maxTries bounds the work for a message that is full of colons.
const maxTries = 5

// Mistyped is the first thing in a message that looks like a shortcode, is none, and is near to one; empty for nothing.
// After a few that are near to nothing it looks no further.
func Mistyped(text string) (found string) {
	tries := 0
	each(text, func(_ int, name string) bool {
		_, ok := named(name)
		if !ok && found == "" && tries < maxTries {
			if tries++; len(Near(name, 1)) > 0 {
				found = name
			}
		}
		return ok
	})
	return found
}

// Guess is an emoji that a mistyped shortcode may have meant, by its shortcode.
type Guess struct {
	Emoji
	Code string
}

// Near are the shortcodes closest to a mistyped one, at most limit: one slip of the finger away, or two in a longer word.
func Near(name string, limit int) (found []Guess) {
	word := code(name)
	if !strings.ContainsFunc(word, unicode.IsLetter) || len(word) < 3 || len(word) > maxCode {
		return nil
	}
	slips := map[string]int{}
	for c, i := range known().codes {
		if n := distance(word, c, 1+min(1, len(word)/6)); n >= 0 {
			slips[c] = n
			found = append(found, Guess{known().all[i], c})
		}
	}
	slices.SortFunc(found, func(a, b Guess) int {
		return cmp.Or(cmp.Compare(slips[a.Code], slips[b.Code]), cmp.Compare(known().codes[a.Code], known().codes[b.Code]), cmp.Compare(a.Code, b.Code))
	})
	seen := map[string]bool{}
	found = slices.DeleteFunc(found, func(g Guess) bool {
		again := seen[g.Text]
		seen[g.Text] = true
		return again
	})
	return found[:min(len(found), limit)]
}
