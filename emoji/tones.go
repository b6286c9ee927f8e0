package emoji

import "strings"

// ToneCount is the number of skin tones: 1 is light, 2 medium-light, 3 medium, 4 medium-dark and 5 dark. Tone 0 means
// the default color, yellow.
const ToneCount = 5

// variants returns the texts of an emoji in all skin tones. For an emoji of two people, it also returns the texts for
// all pairs of different tones.
func (e Emoji) variants() (texts []string) {
	for a := 1; a <= ToneCount && e.HasTones; a++ {
		texts = append(texts, applyTones(e.tonePatterns[0], a, a))
		for b := 1; b <= ToneCount && e.tonePatterns[1] != ""; b++ {
			if a != b {
				texts = append(texts, applyTones(e.tonePatterns[1], a, b))
			}
		}
	}
	return texts
}

// applyTones returns the text of an emoji in other skin tones. In the pattern, it replaces the lightest tone by the
// tone first, and the second lightest tone by the tone second.
func applyTones(pattern string, first, second int) string {
	const light, mediumLight = 0x1F3FB, 0x1F3FC
	return strings.Map(func(r rune) rune {
		switch r {
		case light:
			return light - 1 + rune(first)
		case mediumLight:
			return light - 1 + rune(second)
		}
		return r
	}, pattern)
}
