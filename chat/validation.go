package chat

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The maximum lengths of texts that users write. Characters are counted as people do: one grapheme cluster is one
// character.
const (
	MaxName         = 40   // characters
	maxEmailBytes   = 254  // bytes, RFC 5321 section 4.5.3.1.3 less the angle brackets
	MaxMessage      = 4000 // characters
	maxMessageBytes = 16 << 10
	maxKeyBytes     = 64 // printable ASCII
)

// CleanName returns a name without white space around it, normalized to Unicode NFC. It returns Invalid for a name that
// is empty or too long, or that contains control, bidirectional or blank-looking characters, zero-width characters that
// its script does not need, or stacked combining marks.
func CleanName(s string) (string, error) {
	name := strings.Join(strings.Fields(stripVariationSelectors(norm.NFC.String(s))), " ")
	switch {
	case !isStorableText(s):
		return "", invalidf("name", "This name contains characters that can't be used.")
	case name == "":
		return "", invalidf("name", "Enter your name.")
	case uniseg.GraphemeClusterCount(name) > MaxName:
		return "", invalidf("name", "A name can have at most %d characters.", MaxName)
	case !isReadableName(name):
		return "", invalidf("name", "This name contains characters that can't be used.")
	}
	return name, nil
}

// stripVariationSelectors removes the characters that only choose how the previous character is drawn: those for
// symbols, and those for Han characters. With them, two different names could look the same.
func stripVariationSelectors(s string) string {
	var last rune
	return strings.Map(func(r rune) rune {
		if r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0100 && r <= 0xE01EF && unicode.Is(unicode.Han, last) {
			return -1
		}
		last = r
		return r
	}, s)
}

// cleanRoomName cleans the name of a room by the rules of CleanName. Its error messages speak of a room.
func cleanRoomName(s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", invalidf("name", "Enter a name for the room.")
	}
	return CleanName(s)
}

// isStorableText reports whether s is valid UTF-8 without NUL. Both databases can store such text.
func isStorableText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// blankRunes are characters that show nothing although Unicode does not classify them as space or format characters:
// fillers of Hangul and Khmer, the empty Braille cell, the combining grapheme joiner, and the object and replacement
// characters.
var blankRunes = map[rune]bool{
	0x034F: true, 0x115F: true, 0x1160: true, 0x17B4: true, 0x17B5: true, 0x2800: true, 0x3164: true,
	0xFFA0: true, 0xFFFC: true, 0xFFFD: true,
}

// isInvisible reports whether r is a blank rune or a variation selector.
func isInvisible(r rune) bool { return blankRunes[r] || unicode.Is(unicode.Variation_Selector, r) }

// newCharacters are the blocks of emoji and Han characters to which every version of Unicode adds some. Characters that
// the unicode package does not know yet are visible too.
var newCharacters = &unicode.RangeTable{R32: []unicode.Range32{
	{Lo: 0x1F300, Hi: 0x1FAFF, Stride: 1}, {Lo: 0x20000, Hi: 0x33FFF, Stride: 1},
}}

// isGraphic reports whether r shows something in a name: a letter, mark, number, punctuation mark or symbol.
func isGraphic(r rune) bool {
	return !isInvisible(r) &&
		unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, newCharacters)
}

// allVisible reports whether every character of s is a space or can be seen, and no letter has too many combining
// marks. Unassigned characters, control and format characters and variation selectors cannot be seen.
func allVisible(s string) bool {
	var marks markCounter
	for _, r := range norm.NFD.String(s) {
		if !isGraphic(r) && !unicode.Is(unicode.Zs, r) || !marks.add(r) {
			return false
		}
	}
	return true
}

// regionFlags replaces the flags of England, Scotland and Wales by a black flag. They consist of a black flag and
// characters that show nothing by themselves.
var regionFlags = strings.NewReplacer(
	"🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "🏴",
	"🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", "🏴",
	"🏴\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F", "🏴")

// isReadableName reports whether a name has only visible characters, as allVisible does, except that joiners and the
// hidden characters of flags are allowed where scripts and emoji need them.
func isReadableName(s string) bool {
	without, ok := removeJoiners(s)
	return ok && allVisible(regionFlags.Replace(without))
}

// foldCase returns s without differences of case. Case folding alone gives unstable results for Cherokee letters, so
// the result is also converted to lower case.
func foldCase(s string) string { return strings.ToLower(cases.Fold().String(s)) }

// NameKey returns the folded form of a name, by which names are searched: without case, accents and compatibility
// variants of characters. Folding a name twice gives the same result as once.
func NameKey(name string) string {
	folded := foldCase(norm.NFKD.String(strings.ToValidUTF8(name, "")))
	folded = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || isJoiner(r) {
			return -1
		}
		return r
	}, norm.NFKD.String(folded))
	return strings.Join(strings.Fields(folded), " ")
}

// CleanEmail checks an e-mail address and returns it in two forms: as it was written, without white space around it,
// and normalized. The normalized form is the same for all ways to write the address that differ only in case or Unicode
// form; its domain is in ASCII. Normalizing an address twice gives the same result as once.
func CleanEmail(s string) (email, key string, err error) {
	email = norm.NFC.String(strings.TrimSpace(s))
	bad := invalidf("email", "Enter a valid e-mail address.")
	if email == "" {
		return "", "", invalidf("email", "Enter your e-mail address.")
	}
	hasSpace := strings.ContainsFunc(email, unicode.IsSpace)
	if !isStorableText(s) || len(email) > maxEmailBytes || hasSpace || !allVisible(email) {
		return "", "", bad
	}
	normal := norm.NFKC.String(foldCase(norm.NFKC.String(foldCase(norm.NFKC.String(email)))))
	at := strings.LastIndexByte(normal, '@')
	domain, err := idna.Lookup.ToASCII(normal[at+1:])
	if err != nil || domain == "" || at < 1 {
		return "", "", bad
	}
	key = normal[:at] + "@" + domain
	if !isMailAddress(email) || !isMailAddress(key) { // normalizing can turn other characters into brackets
		return "", "", bad
	}
	return email, key, nil
}

// isMailAddress reports whether s is an e-mail address in the syntax of RFC 5322, without a name before it.
func isMailAddress(s string) bool {
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s
}

// normalizeNewlines replaces all line endings by \n.
func normalizeNewlines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// cleanBody checks and cleans the text of a message without files. It returns Invalid if the text shows nothing.
func cleanBody(s string) (string, error) {
	body, err := cleanOptionalBody(s)
	if err != nil {
		return "", err
	}
	if !strings.ContainsFunc(body, isVisible) {
		return "", invalidf("body", "Write a message first.")
	}
	return body, nil
}

// isVisible reports whether r shows something on the screen. Unassigned characters count as visible, because they may
// be emoji of a newer Unicode version.
func isVisible(r rune) bool {
	return !unicode.IsSpace(r) && !isInvisible(r) && !unicode.In(r, unicode.Cc, unicode.Cf)
}

// cleanOptionalBody checks and cleans the text of a message with files, which may be empty. It changes only line
// endings, white space at the end and blank lines at the start.
func cleanOptionalBody(s string) (string, error) {
	body := strings.TrimRightFunc(strings.Trim(normalizeNewlines(s), "\n"), unicode.IsSpace)
	return body, checkBody(body)
}

// checkBody returns Invalid for a message text that is too long or cannot be stored.
func checkBody(body string) error {
	switch {
	case !isStorableText(body):
		return invalidf("body", "This message contains characters that can't be stored.")
	case len(body) > 4*maxMessageBytes || uniseg.GraphemeClusterCount(body) > MaxMessage:
		return invalidf("body", "A message can have at most %d characters. Send it in parts.", MaxMessage)
	case len(body) > maxMessageBytes:
		return invalidf("body",
			"This message is too long: at most %d KB. Send it in parts.",
			maxMessageBytes>>10)
	}
	return nil
}

// checkKey returns Invalid if key is not a valid idempotency key, which has 1 to 64 printable ASCII characters.
func checkKey(key string) error {
	notPrintable := func(r rune) bool { return r < ' ' || r > '~' }
	if key == "" || len(key) > maxKeyBytes || strings.ContainsFunc(key, notPrintable) {
		return invalidf("key", "A key must have 1 to %d printable ASCII characters.", maxKeyBytes)
	}
	return nil
}

// truncate shortens s to at most n bytes and removes NUL and bytes that are not valid UTF-8.
func truncate(s string, n int) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), n)], ""), "\x00", "")
}
