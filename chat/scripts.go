package chat

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// The zero-width characters that some scripts and emoji need: they join the characters beside them or keep them apart.
const (
	zeroWidthNonJoiner = '\u200C'
	zeroWidthJoiner    = '\u200D'
)

// viramaClass is the canonical combining class of a virama, the sign that removes the vowel of a consonant.
const viramaClass = 9

// The maximum numbers of combining marks on one letter. Vietnamese needs two marks that belong to no script. Tibetan,
// Hebrew and Burmese letters carry several marks of their own script.
const (
	maxGeneralMarks = 2
	maxScriptMarks  = 6
)

// generalMarks are the blocks of combining marks that belong to no script. People stack many of these marks to make
// text unreadable.
var generalMarks = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0300, Hi: 0x036F, Stride: 1}, {Lo: 0x1AB0, Hi: 0x1AFF, Stride: 1}, {Lo: 0x1DC0, Hi: 0x1DFF, Stride: 1},
	{Lo: 0x20D0, Hi: 0x20FF, Stride: 1}, {Lo: 0xFE20, Hi: 0xFE2F, Stride: 1},
}}

// joiningScripts are the scripts in which a joiner (a zero-width character) between two characters changes how they are
// written.
var joiningScripts = []*unicode.RangeTable{
	unicode.Adlam, unicode.Arabic, unicode.Balinese, unicode.Bengali, unicode.Brahmi, unicode.Chakma,
	unicode.Devanagari, unicode.Grantha, unicode.Gujarati, unicode.Gurmukhi, unicode.Hanifi_Rohingya,
	unicode.Javanese, unicode.Kaithi, unicode.Kannada, unicode.Khmer, unicode.Malayalam, unicode.Mandaic,
	unicode.Manichaean, unicode.Meetei_Mayek, unicode.Mongolian, unicode.Myanmar, unicode.Newa, unicode.Nko,
	unicode.Oriya, unicode.Phags_Pa, unicode.Sinhala, unicode.Sogdian, unicode.Syriac, unicode.Tamil,
	unicode.Telugu, unicode.Tibetan, unicode.Tirhuta,
}

func isJoiner(r rune) bool { return r == zeroWidthJoiner || r == zeroWidthNonJoiner }

// removeJoiners returns s without joiners, and whether all joiners in s were allowed. A joiner is allowed right after a
// virama, between letters or marks of one of the joiningScripts, and inside an emoji. Elsewhere it changes nothing that
// people see, so two different names could look the same.
func removeJoiners(s string) (string, bool) {
	if !strings.ContainsFunc(s, isJoiner) {
		return s, true
	}
	runes := []rune(s)
	inEmoji := emojiJoiners(s)
	for i, r := range runes {
		if !isJoiner(r) || inEmoji[i] {
			continue
		}
		if i == 0 || !isVirama(runes[i-1]) && (i+1 == len(runes) || !shareJoiningScript(runes[i-1], runes[i+1])) {
			return "", false
		}
	}
	return dropJoiners(s), true
}

// dropJoiners returns s without joiners.
func dropJoiners(s string) string {
	return strings.Map(func(r rune) rune {
		if isJoiner(r) {
			return -1
		}
		return r
	}, s)
}

func isVirama(r rune) bool {
	return norm.NFC.PropertiesString(string(r)).CCC() == viramaClass
}

// shareJoiningScript reports whether both runes are letters or marks of the same script, and a joiner can matter in
// that script.
func shareJoiningScript(a, b rune) bool {
	if !unicode.In(a, unicode.L, unicode.M) || !unicode.In(b, unicode.L, unicode.M) {
		return false
	}
	for _, script := range joiningScripts {
		if unicode.Is(script, a) {
			return unicode.Is(script, b)
		}
	}
	return false
}

// emojiJoiners returns the positions, counted in runes, of the zero-width joiners that combine several emoji into one,
// such as a family.
func emojiJoiners(s string) map[int]bool {
	found := map[int]bool{}
	position := 0
	for clusters := uniseg.NewGraphemes(s); clusters.Next(); {
		runes := clusters.Runes()
		for i, r := range runes {
			if r == zeroWidthJoiner && i+1 < len(runes) && unicode.Is(unicode.S, runes[0]) {
				found[position+i] = true
			}
		}
		position += len(runes)
	}
	return found
}

// markCounter counts the combining marks on the current letter of a text in NFD.
type markCounter struct {
	onLetter        bool
	general, script int
	lastMark        rune
}

// add takes the next character of the text and reports whether it may stand there. A mark needs a letter before it, a
// letter may carry only a limited number of marks, and no mark may come twice in a row.
func (c *markCounter) add(r rune) bool {
	if !unicode.Is(unicode.M, r) {
		*c = markCounter{onLetter: true}
		return true
	}
	count, limit := &c.script, maxScriptMarks
	if unicode.Is(generalMarks, r) {
		count, limit = &c.general, maxGeneralMarks
	}
	if !c.onLetter || r == c.lastMark || *count == limit {
		return false
	}
	*count++
	c.lastMark = r
	return true
}
