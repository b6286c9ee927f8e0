package chat

import (
	"iter"
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// The zero-width characters that some scripts and emoji need: they join the characters beside them or keep them apart.
const (
	zeroWidthNonJoiner = '\u200C'
	zeroWidthJoiner    = '\u200D'
	vowelSeparator     = '\u180E' // Mongolian
)

// mongolianSelectors choose the form of the Mongolian letter before them.
var mongolianSelectors = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x180B, Hi: 0x180D, Stride: 1}, {Lo: 0x180F, Hi: 0x180F, Stride: 1},
}}

// viramaClass is the canonical combining class of a virama, the sign that removes the vowel of a consonant.
const viramaClass = 9

// The maximum numbers of combining marks on one letter. Vietnamese needs two marks that belong to no script. Tibetan,
// Hebrew and Burmese letters carry several marks of their own script.
const (
	maxGeneralMarks = 2
	maxScriptMarks  = 6
)

// generalMarks are the blocks of combining marks that belong to no script, without the two marks that only Greek uses.
// People stack many of these marks to make text unreadable.
var generalMarks = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0300, Hi: 0x0341, Stride: 1}, {Lo: 0x0343, Hi: 0x0344, Stride: 1}, {Lo: 0x0346, Hi: 0x036F, Stride: 1},
	{Lo: 0x1AB0, Hi: 0x1AFF, Stride: 1}, {Lo: 0x1DC0, Hi: 0x1DFF, Stride: 1},
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

// isJoiner reports whether r is a zero-width character that changes only how letters or emoji beside it are written.
func isJoiner(r rune) bool {
	return r == zeroWidthJoiner || r == zeroWidthNonJoiner || r == vowelSeparator || unicode.Is(mongolianSelectors, r)
}

// removeJoiners returns s without joiners, and whether all joiners in s were allowed. A joiner is allowed right after a
// virama, between letters or marks of one of the joiningScripts, and inside an emoji; a selector right after a
// Mongolian letter. Elsewhere it changes nothing that people see, so two different names could look the same.
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
		if !mayJoin(runes[:i], r, runes[i+1:]) {
			return "", false
		}
	}
	return dropJoiners(s), true
}

// mayJoin reports whether a joiner may stand between two parts of a text.
func mayJoin(before []rune, joiner rune, after []rune) bool {
	switch {
	case len(before) == 0:
		return false
	case unicode.Is(mongolianSelectors, joiner):
		return unicode.Is(unicode.Mongolian, before[len(before)-1])
	case isVirama(before[len(before)-1]):
		return true
	}
	a, b := joiningScript(slices.Backward(before)), joiningScript(slices.All(after))
	return a != nil && a == b
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

// joiningScript returns the script of the first characters of a text if a joiner can matter in that script, or nil. It
// skips characters that several scripts share, such as Arabic vowel signs.
func joiningScript(text iter.Seq2[int, rune]) *unicode.RangeTable {
	for _, r := range text {
		if !unicode.In(r, unicode.L, unicode.M) {
			return nil
		}
		for _, script := range joiningScripts {
			if unicode.Is(script, r) {
				return script
			}
		}
		if !unicode.In(r, unicode.Inherited, unicode.Common) {
			return nil
		}
	}
	return nil
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
