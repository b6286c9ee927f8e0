package emoji

import "strings"

// ToneCount is the number of skin tones: light, medium-light, medium, medium-dark and dark are the tones 1 to 5. Tone
// 0 is the default, yellow.
const ToneCount = 5

// variants returns the texts of an emoji in all skin tones, and, for an emoji of two people, in all pairs of tones.
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

// applyTones replaces the lightest tone in a pattern by the tone first, and the second lightest one by the tone second.
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
