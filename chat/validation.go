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

// Limits of what people write. Characters are grapheme clusters: what a person counts as one.
const (
	MaxName         = 40   // characters
	maxEmailBytes   = 254  // bytes, RFC 5321 section 4.5.3.1.3 less the angle brackets
	MaxMessage      = 4000 // characters
	maxMessageBytes = 16 << 10
	maxKeyBytes     = 64 // printable ASCII
	maxMarks        = 2  // combining marks on one letter; Vietnamese needs two
)

// CleanName trims a name and brings it to NFC. It answers Invalid for an empty or overlong name, and for one that holds
// control, bidi, zero-width or blank-looking characters or stacked combining marks.
func CleanName(s string) (string, error) {
	name := strings.Join(strings.Fields(stripVariationSelectors(norm.NFC.String(s))), " ")
	switch {
	case !isStorableText(s):
		return "", invalidf("name", "This name holds characters that cannot be used.")
	case name == "":
		return "", invalidf("name", "Tell us your name.")
	case uniseg.GraphemeClusterCount(name) > MaxName:
		return "", invalidf("name", "A name has at most %d characters.", MaxName)
	case !allVisible(name):
		return "", invalidf("name", "This name holds characters that cannot be used.")
	}
	return name, nil
}

// stripVariationSelectors drops the selectors that choose how a character is drawn: with them two names would look the
// same.
func stripVariationSelectors(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xFE00 && r <= 0xFE0F {
			return -1
		}
		return r
	}, s)
}

// cleanRoomName is CleanName for a room.
func cleanRoomName(s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", invalidf("name", "Give the room a name.")
	}
	return CleanName(s)
}

// isStorableText tells whether s is valid UTF-8 without NUL: what both databases can store.
func isStorableText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// blankRunes holds what draws nothing: fillers of Hangul and Khmer, the empty Braille cell, the joiner of graphemes,
// the place of an object, and what stands for a broken character.
var blankRunes = map[rune]bool{0x034F: true, 0x115F: true, 0x1160: true, 0x17B4: true, 0x17B5: true, 0x2800: true, 0x3164: true,
	0xFFA0: true, 0xFFFC: true, 0xFFFD: true}

// isInvisible tells fillers, and the selectors that only say how the character before them is drawn.
func isInvisible(r rune) bool { return blankRunes[r] || unicode.Is(unicode.Variation_Selector, r) }

// allVisible tells whether every character of s can be seen, and none is buried under marks. What Unicode has not
// assigned, keeps for control or format, or selects a variant with cannot be seen.
func allVisible(s string) bool {
	marks := maxMarks // none without a letter
	for _, r := range norm.NFD.String(s) {
		switch {
		case isInvisible(r):
			return false
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > maxMarks {
				return false
			}
		case unicode.In(r, unicode.L, unicode.Mc, unicode.N, unicode.P, unicode.S, unicode.Zs):
			marks = 0
		default:
			return false
		}
	}
	return true
}

// foldCase takes the case away. Folding alone turns Cherokee letters back and forth, so lower case has the last word.
func foldCase(s string) string { return strings.ToLower(cases.Fold().String(s)) }

// NameKey folds a name for searching: no case, no accents, compatible forms as one. It is idempotent.
func NameKey(name string) string {
	folded := foldCase(norm.NFKD.String(strings.ToValidUTF8(name, "")))
	folded = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(folded))
	return strings.Join(strings.Fields(folded), " ")
}

// CleanEmail checks an e-mail address and returns it as written, trimmed, and its normal form: the same for the same
// account in other case or another Unicode form, with the domain in ASCII. The normal form of a normal form is itself.
func CleanEmail(s string) (email, key string, err error) {
	email = norm.NFC.String(strings.TrimSpace(s))
	bad := invalidf("email", "This does not look like an e-mail address.")
	if email == "" {
		return "", "", invalidf("email", "Tell us your e-mail address.")
	}
	if !isStorableText(s) || len(email) > maxEmailBytes || strings.ContainsFunc(email, unicode.IsSpace) || !allVisible(email) {
		return "", "", bad
	}
	normal := norm.NFKC.String(foldCase(norm.NFKC.String(foldCase(norm.NFKC.String(email)))))
	at := strings.LastIndexByte(normal, '@')
	domain, err := idna.Lookup.ToASCII(normal[at+1:])
	if err != nil || domain == "" || at < 1 {
		return "", "", bad
	}
	key = normal[:at] + "@" + domain
	if !isMailAddress(email) || !isMailAddress(key) { // the normal form may hold what the letters only stood for, such as brackets
		return "", "", bad
	}
	return email, key, nil
}

func isMailAddress(s string) bool {
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s
}

// normalizeNewlines brings the line endings of a text to one form.
func normalizeNewlines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// cleanBody checks the text of a message that has nothing else.
func cleanBody(s string) (string, error) {
	body, err := cleanOptionalBody(s)
	if err == nil && !strings.ContainsFunc(body, isVisible) {
		err = invalidf("body", "Write something first.")
	}
	return body, err
}

// isVisible tells what is seen. What Unicode has not assigned may be an emoji of next year.
func isVisible(r rune) bool {
	return !unicode.IsSpace(r) && !isInvisible(r) && !unicode.In(r, unicode.Cc, unicode.Cf)
}

// cleanOptionalBody checks the text of a message, which may be empty. It is kept as typed, but for the space at its
// ends and the line endings.
func cleanOptionalBody(s string) (string, error) {
	body := strings.TrimRightFunc(strings.Trim(normalizeNewlines(s), "\n"), unicode.IsSpace)
	return body, checkBody(body)
}

// checkBody accepts what fits into a message and can be stored.
func checkBody(body string) error {
	switch {
	case !isStorableText(body):
		return invalidf("body", "This message holds bytes that are not text.")
	case len(body) > 4*maxMessageBytes || uniseg.GraphemeClusterCount(body) > MaxMessage:
		return invalidf("body", "A message has at most %d characters. Send it in parts.", MaxMessage)
	case len(body) > maxMessageBytes:
		return invalidf("body", "A message has at most %d KB; characters of many parts take more. Send it in parts.", maxMessageBytes>>10)
	}
	return nil
}

// checkKey accepts what a sender may use to name a message: 1 to 64 printable ASCII characters.
func checkKey(key string) error {
	if key == "" || len(key) > maxKeyBytes || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return invalidf("key", "A key has 1 to %d printable ASCII characters.", maxKeyBytes)
	}
	return nil
}

// truncate cuts s to at most n bytes of valid text.
func truncate(s string, n int) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), n)], ""), "\x00", "")
}
