package emoji

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenPattern finds what may be a shortcode in a message, and what must be left alone because a colon in it is only a colon: a
// block of code, a piece of code, an address.
var tokenPattern = regexp.MustCompile("(?s)```.*?(?:```|\\z)|``.+?``|`[^`]+`|(?i:https?://)\\S+|:[\\p{L}\\p{M}\\p{N}_+-]{1,60}:")

// maxShortcodeBytes is more than the longest shortcode has, in bytes.
const maxShortcodeBytes = 90

// Expand puts the emoji in the place of each shortcode in a message, such as :tada:. It leaves alone what it does not
// know, what stands in code or in an address, and what touches a letter or a digit, as in 10:30:45.
func Expand(text string) string {
	var b strings.Builder
	rest := text
	eachShortcode(text, func(i int, name string) bool {
		e, ok := byShortcode(name)
		if ok {
			b.WriteString(rest[:len(rest)-len(text)+i])
			b.WriteString(e.Text)
			rest = text[i+len(name)+2:]
		}
		return ok
	})
	return b.String() + rest
}

// eachShortcode calls f with the place and the name of each shortcode in a message until the end. Where f does not take one, the
// next may begin at its last colon.
func eachShortcode(text string, f func(i int, name string) bool) {
	for from := 0; from < len(text); {
		at := tokenPattern.FindStringIndex(text[from:])
		if at == nil {
			return
		}
		start, end := from+at[0], from+at[1]
		from = end
		if text[start] == ':' && (touchesWord(text, start, end) || !f(start, text[start+1:end-1])) {
			from = end - 1
		}
	}
}

// touchesWord tells whether a letter or a digit stands at text[start:end].
func touchesWord(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return isLetterOrDigit(before) || isLetterOrDigit(after)
}

func isLetterOrDigit(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// byShortcode finds an emoji by a shortcode without its colons, whatever its case and accents. The names in both languages are
// shortcodes too, with _ between the words.
func byShortcode(name string) (Emoji, bool) {
	i, ok := loadCatalog().byShortcode[toShortcode(name)]
	if !ok {
		return Emoji{}, false
	}
	return loadCatalog().all[i], true
}

// toShortcode writes a name as a shortcode.
func toShortcode(name string) string {
	return strings.ReplaceAll(strings.TrimSpace(fold(name)), " ", "_")
}

// indexShortcodes collects the shortcodes. One that two emoji have belongs to the first, and English ones come before Spanish names.
func (s *catalog) indexShortcodes() {
	take := func(name string, i int) {
		c := toShortcode(name)
		if _, taken := s.byShortcode[c]; !taken {
			s.byShortcode[c] = i
		}
	}
	for i, e := range s.all {
		for _, c := range e.Shortcodes {
			take(c, i)
		}
	}
	for i, e := range s.all {
		take(e.nameES, i)
	}
}

// maxMistyped bounds the work for a message that is full of colons.
const maxMistyped = 5

// FirstMistyped is the first thing in a message that looks like a shortcode, is none, and is near to one; empty for nothing.
// After a few that are near to nothing it looks no further.
func FirstMistyped(text string) (found string) {
	tries := 0
	eachShortcode(text, func(_ int, name string) bool {
		_, ok := byShortcode(name)
		if !ok && found == "" && tries < maxMistyped {
			if tries++; len(Suggest(name, 1)) > 0 {
				found = name
			}
		}
		return ok
	})
	return found
}

// Suggestion is an emoji that a mistyped shortcode may have meant, by its shortcode.
type Suggestion struct {
	Emoji
	Shortcode string
}

// Suggest are the shortcodes closest to a mistyped one, at most limit: one slip of the finger away, or two in a longer word.
func Suggest(name string, limit int) (found []Suggestion) {
	word := toShortcode(name)
	if !strings.ContainsFunc(word, unicode.IsLetter) || len(word) < 3 || len(word) > maxShortcodeBytes {
		return nil
	}
	slips := map[string]int{}
	for c, i := range loadCatalog().byShortcode {
		if n := editDistance(word, c, 1+min(1, len(word)/6)); n >= 0 {
			slips[c] = n
			found = append(found, Suggestion{loadCatalog().all[i], c})
		}
	}
	slices.SortFunc(found, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(slips[a.Shortcode], slips[b.Shortcode]), cmp.Compare(loadCatalog().byShortcode[a.Shortcode], loadCatalog().byShortcode[b.Shortcode]), cmp.Compare(a.Shortcode, b.Shortcode))
	})
	seen := map[string]bool{}
	found = slices.DeleteFunc(found, func(g Suggestion) bool {
		again := seen[g.Text]
		seen[g.Text] = true
		return again
	})
	return found[:min(len(found), limit)]
}
