package emoji

import "strings"

// Tones is the number of skin tones: light, medium-light, medium, medium-dark, dark. Tone 0 is none: yellow.
const Tones = 5

// Tone is the character of a skin tone, 1 to 5.
func Tone(n int) string { return string(rune(0x1F3FA + n)) }

// variants are all forms of an emoji in skin tones: of one person, or of two who have the same, then of two who differ.
func (e Emoji) variants() (texts []string) {
	for a := 1; a <= Tones && e.Tones; a++ {
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
	return strings.NewReplacer(Tone(1), Tone(first), Tone(2), Tone(second)).Replace(pattern)
}
