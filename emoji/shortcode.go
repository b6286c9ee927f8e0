package emoji

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenPattern matches possible shortcodes in a message. It also matches code blocks, inline code and web addresses, so
// that colons in them do not count.
var tokenPattern = regexp.MustCompile(
	"(?s)```.*?(?:```|\\z)|``.+?``|`[^`]+`|(?i:https?://)\\S+|:[\\p{L}\\p{M}\\p{N}_+-]{1,60}:")

// maxShortcodeBytes is an upper limit of the length of a shortcode in bytes.
const maxShortcodeBytes = 90

// Expand replaces each shortcode in a message, such as :tada:, by its emoji. It does not change unknown shortcodes,
// code, web addresses, or anything next to a letter or digit, as in 10:30:45.
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

// eachShortcode calls f with the position and the name of each possible shortcode in a message. If f returns false,
// because there is no such shortcode, the next one may begin at the same colon at which this one ends.
func eachShortcode(text string, f func(i int, name string) bool) {
	for from := 0; from < len(text); {
		match := tokenPattern.FindStringIndex(text[from:])
		if match == nil {
			return
		}
		start, end := from+match[0], from+match[1]
		from = end
		if text[start] == ':' && (touchesWord(text, start, end) || !f(start, text[start+1:end-1])) {
			from = end - 1
		}
	}
}

// touchesWord reports whether there is a letter or digit directly before or after text[start:end].
func touchesWord(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return isLetterOrDigit(before) || isLetterOrDigit(after)
}

func isLetterOrDigit(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// byShortcode returns the emoji with a shortcode, which has no colons. Case and accents do not matter. The names in
// both languages, with _ between the words, are shortcodes too.
func byShortcode(name string) (Emoji, bool) {
	i, ok := loadCatalog().byShortcode[toShortcode(name)]
	if !ok {
		return Emoji{}, false
	}
	return loadCatalog().all[i], true
}

// toShortcode converts a name to a shortcode.
func toShortcode(name string) string {
	return strings.ReplaceAll(strings.TrimSpace(fold(name)), " ", "_")
}

// indexShortcodes fills catalog.byShortcode. If two emoji have the same shortcode, it belongs to the first one. English
// shortcodes take precedence over Spanish names.
func (c *catalog) indexShortcodes() {
	add := func(name string, i int) {
		shortcode := toShortcode(name)
		if _, taken := c.byShortcode[shortcode]; !taken {
			c.byShortcode[shortcode] = i
		}
	}
	for i, e := range c.all {
		for _, shortcode := range e.Shortcodes {
			add(shortcode, i)
		}
	}
	for i, e := range c.all {
		add(e.nameES, i)
	}
}

// maxMistyped is how many unknown shortcodes FirstMistyped checks. It bounds the work for a message full of colons.
const maxMistyped = 5

// FirstMistyped returns the first unknown shortcode in a message for which there are suggestions, or "". It checks at
// most maxMistyped of them.
func FirstMistyped(text string) (found string) {
	checked := 0
	eachShortcode(text, func(_ int, name string) bool {
		_, ok := byShortcode(name)
		if ok || found != "" || checked == maxMistyped {
			return ok
		}
		checked++
		if len(Suggest(name, 1)) > 0 {
			found = name
		}
		return ok
	})
	return found
}

// Suggestion is an emoji that a mistyped shortcode may mean. Shortcode is the correct shortcode.
type Suggestion struct {
	Emoji
	Shortcode string
}

// Suggest returns at most limit emoji with shortcodes that are similar to a mistyped one: with one typing error, or
// with two in a longer word. The most similar ones come first.
func Suggest(name string, limit int) (found []Suggestion) {
	word := toShortcode(name)
	if !strings.ContainsFunc(word, unicode.IsLetter) || len(word) < 3 || len(word) > maxShortcodeBytes {
		return nil
	}
	index := loadCatalog().byShortcode
	distances := map[string]int{}
	for shortcode, i := range index {
		if n := editDistance(word, shortcode, 1+min(1, len(word)/6)); n >= 0 {
			distances[shortcode] = n
			found = append(found, Suggestion{loadCatalog().all[i], shortcode})
		}
	}
	slices.SortFunc(found, func(a, b Suggestion) int {
		return cmp.Or(
			cmp.Compare(distances[a.Shortcode], distances[b.Shortcode]),
			cmp.Compare(index[a.Shortcode], index[b.Shortcode]),
			cmp.Compare(a.Shortcode, b.Shortcode))
	})
	seen := map[string]bool{}
	found = slices.DeleteFunc(found, func(s Suggestion) bool {
		duplicate := seen[s.Text]
		seen[s.Text] = true
		return duplicate
	})
	return found[:min(len(found), limit)]
}
