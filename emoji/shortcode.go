package emoji

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenPattern matches the parts of a message that matter when looking for shortcodes: possible shortcodes, and also
// code blocks, inline code and web addresses. The latter are matched in order to skip them, because a colon in them
// does not begin a shortcode.
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

// eachShortcode calls f with the position and the name of each possible shortcode in a message. f reports whether the
// shortcode exists. If it does not, its closing colon may also open the next shortcode: in ":nope:smile:", f first gets
// "nope" and then "smile".
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

// byShortcode returns the emoji with the given shortcode, without colons. Case and accents do not matter. The English
// and Spanish names, with _ between words, and single Spanish words are shortcodes too.
func byShortcode(name string) (Emoji, bool) {
	i, ok := loadCatalog().byShortcode[toShortcode(name)]
	if !ok {
		return Emoji{}, false
	}
	return loadCatalog().all[i], true
}

// toShortcode converts a name or a typed shortcode to the form of the index: lower case without accents, and _ between
// words.
func toShortcode(name string) string {
	return strings.ReplaceAll(strings.TrimSpace(fold(name)), " ", "_")
}

// indexShortcodes fills catalog.byShortcode. A shortcode that fits several emoji belongs to the first one. English
// shortcodes take precedence over Spanish names, and Spanish names over single Spanish words.
func (c *catalog) indexShortcodes() {
	for i, e := range c.all {
		c.addShortcodes(i, e.Shortcodes...)
	}
	for i, e := range c.all {
		c.addShortcodes(i, e.nameES)
	}
	c.indexSpanishWords()
}

// indexSpanishWords registers each emoji's Spanish search words, and the single words of its Spanish name, as
// shortcodes. So :corazon: finds ❤️, although its full name is "corazón rojo". If several emoji share a word, it goes
// to a frequent emoji, or else to the first one in the catalog.
func (c *catalog) indexSpanishWords() {
	for _, text := range Frequent {
		i := c.variants[stripSelectors(text)].index
		c.addShortcodes(i, c.all[i].spanishWords()...)
	}
	for i, e := range c.all {
		c.addShortcodes(i, e.spanishWords()...)
	}
}

// addShortcodes registers names as shortcodes of the emoji with index i. It ignores a name that is already the
// shortcode of some emoji.
func (c *catalog) addShortcodes(i int, names ...string) {
	for _, name := range names {
		shortcode := toShortcode(name)
		if _, taken := c.byShortcode[shortcode]; !taken && shortcode != "" {
			c.byShortcode[shortcode] = i
		}
	}
}

// functionWords are words in Spanish names, such as "con", that are no shortcodes because they say nothing about the
// emoji.
var functionWords = strings.Fields("con del desde detrás las los más muy para por que sin sobre una unas uno unos")

// spanishWords returns the Spanish words that may become shortcodes of an emoji: its search words, and the words of its
// name that have at least three characters and are not function words. Every word must contain a letter.
func (e Emoji) spanishWords() []string {
	words := slices.DeleteFunc(strings.Fields(e.nameES), func(word string) bool {
		return utf8.RuneCountInString(word) < 3 || slices.Contains(functionWords, word)
	})
	return slices.DeleteFunc(slices.Concat(e.wordsES, words), func(word string) bool {
		return !strings.ContainsFunc(word, unicode.IsLetter)
	})
}

// MaxMistyped is how many unknown shortcodes of a message can get suggestions. The limit bounds the work for a message
// full of colons.
const MaxMistyped = 10

// Mistyped returns the unknown shortcodes in a message for which Suggest finds an emoji, in the order of the message
// and each only once. It ignores further unknown shortcodes after MaxMistyped different ones.
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

// Suggestion is an emoji that the author of a mistyped shortcode may have meant. Shortcode is the correct shortcode of
// the emoji.
type Suggestion struct {
	Emoji
	Shortcode string
}

// Suggest returns at most limit emoji that have a shortcode similar to name, a mistyped one. Similar means one typing
// error, or up to two if name has at least six bytes. The most similar shortcodes come first.
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
