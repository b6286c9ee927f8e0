package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const header = `# Made by cmd/charla-emoji from emojibase-data %s (LICENSE.emojibase), whose names are those of Unicode CLDR.
# The emoji, its group, its shortcodes, its English name and words, its Spanish name and words; and where it has skin
# tones, how it is written in the lightest one, and with the two lightest where two people have their own.
`

// componentGroup are no emoji of their own: skin tones, and hair.
const componentGroup = 2

func encode(s emojibase) ([]byte, error) {
	spanish := map[string]entry{}
	for _, e := range s.spanish {
		spanish[e.Hexcode] = e
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, header, version)
	for _, e := range s.english {
		if e.Group == nil || *e.Group == componentGroup {
			continue
		}
		es, ok := spanish[e.Hexcode]
		if !ok {
			return nil, fmt.Errorf("%s has no Spanish name", e.Label)
		}
		skins, err := skinPatterns(e)
		if err != nil {
			return nil, err
		}
		codes := shortcodes(s, e)
		fields := []string{presentation(e), strconv.Itoa(groupIndex(*e.Group)), strings.Join(codes, " "), e.Label, keywords(e, codes), es.Label, keywords(es, codes), skins}
		b.WriteString(strings.TrimRight(strings.Join(fields, "\t"), "\t") + "\n")
	}
	return b.Bytes(), nil
}

// groupIndex numbers the groups without a gap.
func groupIndex(n int) int {
	if n > componentGroup {
		return n - 1
	}
	return n
}

// presentation is how Unicode recommends to write an emoji: with the selector only where it would be drawn as text.
func presentation(e entry) string {
	s := decodeHexcode(e.Hexcode)
	if e.Type == 0 && !strings.Contains(e.Hexcode, "-") {
		s += "\uFE0F"
	}
	return s
}

func decodeHexcode(hexcode string) string {
	var s []rune
	for part := range strings.SplitSeq(hexcode, "-") {
		r, err := strconv.ParseInt(part, 16, 32)
		if err != nil {
			panic(err) // the checksum says that there are none such
		}
		s = append(s, rune(r))
	}
	return string(s)
}

// shortcodes leaves out the one that the name says.
func shortcodes(s emojibase, e entry) (all []string) {
	named := strings.ReplaceAll(e.Label, " ", "_")
	for _, set := range s.shortcodes {
		for _, code := range set[e.Hexcode] {
			if code != named && !slices.Contains(all, code) {
				all = append(all, code)
			}
		}
	}
	return all
}

// keywords are what else an emoji is found by: what is not part of its name or of a longer word.
func keywords(e entry, codes []string) string {
	said := strings.ToLower(e.Label + " " + strings.Join(codes, " "))
	var kept []string
	for _, tag := range e.Tags {
		tag = strings.ToLower(tag)
		longer := func(other string) bool {
			return len(other) > len(tag) && strings.HasPrefix(strings.ToLower(other), tag)
		}
		if !hasWordWithPrefix(said, tag) && !slices.ContainsFunc(e.Tags, longer) {
			kept = append(kept, strings.ReplaceAll(tag, " ", "_"))
		}
	}
	return strings.Join(kept, " ")
}

// hasWordWithPrefix tells whether a word in text begins with prefix.
func hasWordWithPrefix(text, prefix string) bool {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return false
}

// toneModifier is the modifier of a skin tone, 1 to 5.
func toneModifier(n int) string { return string(rune(0x1F3FA + n)) }

// skinPatterns writes the variants of an emoji as patterns, from which package emoji makes them all, and checks that it can.
func skinPatterns(e entry) (string, error) {
	if n := len(e.Skins); n != 0 && n != 5 && n != 25 {
		return "", fmt.Errorf("%s has %d skin tones", e.Label, n)
	}
	pattern := map[int]string{}
	for _, v := range e.Skins {
		if slices.Equal(v.Tone, skinTones{1}) || slices.Equal(v.Tone, skinTones{1, 2}) {
			pattern[len(v.Tone)] = decodeHexcode(v.Hexcode)
		}
	}
	for _, v := range e.Skins {
		first, last := v.Tone[0], v.Tone[len(v.Tone)-1]
		if made := strings.NewReplacer(toneModifier(1), toneModifier(first), toneModifier(2), toneModifier(last)).Replace(pattern[len(v.Tone)]); made != decodeHexcode(v.Hexcode) {
			return "", fmt.Errorf("%s: the skin tones %v do not follow the pattern", e.Label, v.Tone)
		}
	}
	return strings.TrimSpace(pattern[1] + " " + pattern[2]), nil
}
