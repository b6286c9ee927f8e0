package emoji

import "strings"

// Tones is the number of skin tones: light, medium-light, medium, medium-dark, dark. Tone 0 is none: yellow.
const Tones = 5

// variants are all forms of an emoji in skin tones: of one person, or of two who have the same, then of two who differ.
func (e Emoji) variants() (texts []string) {
	for a := 1; a <= Tones && e.Toned; a++ {
		texts = append(texts, inTones(e.skins[0], a, a))
		for b := 1; b <= Tones && e.skins[1] != ""; b++ {
			if a != b {
				texts = append(texts, inTones(e.skins[1], a, b))
			}
		}
	}
	return texts
}

// inTones puts two tones in the places of the lightest ones.
func inTones(pattern string, first, second int) string {
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
