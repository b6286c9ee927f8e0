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
// shortcodes take precedence over Spanish names, and these over Spanish search words.
func (c *catalog) indexShortcodes() {
	for i, e := range c.all {
		c.addShortcodes(i, e.Shortcodes...)
	}
	for i, e := range c.all {
		c.addShortcodes(i, e.nameES)
	}
	c.indexSpanishWords()
}

// indexSpanishWords makes the Spanish search words and the words of the Spanish names shortcodes, because many emoji
// have only a long Spanish name: people type :corazon: for ❤️, whose name is "corazón rojo". Frequent emoji come first.
func (c *catalog) indexSpanishWords() {
	for _, text := range Frequent {
		i := c.variants[stripSelectors(text)].index
		c.addShortcodes(i, c.all[i].spanishWords()...)
	}
	for i, e := range c.all {
		c.addShortcodes(i, e.spanishWords()...)
	}
}

// addShortcodes adds those of the names that are no shortcodes yet.
func (c *catalog) addShortcodes(i int, names ...string) {
	for _, name := range names {
		shortcode := toShortcode(name)
		if _, taken := c.byShortcode[shortcode]; !taken && shortcode != "" {
			c.byShortcode[shortcode] = i
		}
	}
}

// functionWords are words of Spanish names that say nothing about an emoji.
var functionWords = strings.Fields("con del desde detrás las los más muy para por que sin sobre una unas uno unos")

// spanishWords returns the Spanish search words and the words of the Spanish name that can be shortcodes: they have a
// letter, those of the name have at least three characters, and none of them is a function word.
func (e Emoji) spanishWords() []string {
	words := slices.DeleteFunc(strings.Fields(e.nameES), func(word string) bool {
		return utf8.RuneCountInString(word) < 3 || slices.Contains(functionWords, word)
	})
	return slices.DeleteFunc(slices.Concat(e.wordsES, words), func(word string) bool {
		return !strings.ContainsFunc(word, unicode.IsLetter)
	})
}

// MaxMistyped is how many unknown shortcodes of a message get suggestions. It bounds the work for a message full of
// colons.
const MaxMistyped = 10

// Mistyped returns the different unknown shortcodes in a message for which there are suggestions, in order. It checks
// the first MaxMistyped unknown ones.
func Mistyped(text string) (found []string) {
	checked := map[string]bool{}
	eachShortcode(text, func(_ int, name string) bool {
		_, ok := byShortcode(name)
		if ok || checked[name] || len(checked) == MaxMistyped {
			return ok
		}
		checked[name] = true
		if len(Suggest(name, 1)) > 0 {
			found = append(found, name)
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
