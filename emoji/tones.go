package emoji

import "strings"

// ToneCount is the number of skin tones: light, medium-light, medium, medium-dark, dark. Tone 0 is none: yellow.
const ToneCount = 5

// variants are all forms of an emoji in skin tones: of one person, or of two who have the same, then of two who differ.
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

// applyTones puts two tones in the places of the lightest ones.
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
