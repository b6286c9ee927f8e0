package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const head = `# Made by cmd/charla-emoji from emojibase-data %s (LICENSE.emojibase), whose names are those of Unicode CLDR.
# The emoji, its group, its shortcodes, its English name and words, its Spanish name and words; and where it has skin
# tones, how it is written in the lightest one, and with the two lightest where two people have their own.
`

// components are no emoji of their own: skin tones, and hair.
const components = 2

func write(s source) ([]byte, error) {
	spanish := map[string]entry{}
	for _, e := range s.spanish {
		spanish[e.Hexcode] = e
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, head, version)
	for _, e := range s.english {
		if e.Group == nil || *e.Group == components {
			continue
		}
		es, ok := spanish[e.Hexcode]
		if !ok {
			return nil, fmt.Errorf("%s has no Spanish name", e.Label)
		}
		skins, err := skins(e)
		if err != nil {
			return nil, err
		}
		codes := shortcodes(s, e)
		fields := []string{text(e), strconv.Itoa(group(*e.Group)), strings.Join(codes, " "), e.Label, words(e, codes), es.Label, words(es, codes), skins}
		b.WriteString(strings.TrimRight(strings.Join(fields, "\t"), "\t") + "\n")
	}
	return b.Bytes(), nil
}

// group numbers the groups without a gap.
func group(n int) int {
	if n > components {
		return n - 1
	}
	return n
}

// text is how Unicode recommends to write an emoji: with the selector only where it would be drawn as text.
func text(e entry) string {
	s := decoded(e.Hexcode)
	if e.Type == 0 && !strings.Contains(e.Hexcode, "-") {
		s += "\uFE0F"
	}
	return s
}

func decoded(hexcode string) string {
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
func shortcodes(s source, e entry) (all []string) {
	named := strings.ReplaceAll(e.Label, " ", "_")
	for _, set := range s.codes {
		for _, code := range set[e.Hexcode] {
			if code != named && !slices.Contains(all, code) {
				all = append(all, code)
			}
		}
	}
	return all
}

// words are what else an emoji is found by: what is not part of its name or of a longer word.
func words(e entry, codes []string) string {
	said := strings.ToLower(e.Label + " " + strings.Join(codes, " "))
	var kept []string
	for _, tag := range e.Tags {
		tag = strings.ToLower(tag)
		longer := func(other string) bool {
			return len(other) > len(tag) && strings.HasPrefix(strings.ToLower(other), tag)
		}
		if !begins(said, tag) && !slices.ContainsFunc(e.Tags, longer) {
			kept = append(kept, strings.ReplaceAll(tag, " ", "_"))
		}
	}
	return strings.Join(kept, " ")
}

// begins tells whether a word in text begins with prefix.
func begins(text, prefix string) bool {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return false
}

// tone is the modifier of a skin tone, 1 to 5.
func tone(n int) string { return string(rune(0x1F3FA + n)) }

// skins writes the variants of an emoji as patterns, from which package emoji makes them all, and checks that it can.
func skins(e entry) (string, error) {
	if n := len(e.Skins); n != 0 && n != 5 && n != 25 {
		return "", fmt.Errorf("%s has %d skin tones", e.Label, n)
	}
	pattern := map[int]string{}
	for _, v := range e.Skins {
		if slices.Equal(v.Tone, tones{1}) || slices.Equal(v.Tone, tones{1, 2}) {
			pattern[len(v.Tone)] = decoded(v.Hexcode)
		}
	}
	for _, v := range e.Skins {
		first, last := v.Tone[0], v.Tone[len(v.Tone)-1]
		if made := strings.NewReplacer(tone(1), tone(first), tone(2), tone(last)).Replace(pattern[len(v.Tone)]); made != decoded(v.Hexcode) {
			return "", fmt.Errorf("%s: the skin tones %v do not follow the pattern", e.Label, v.Tone)
		}
	}
	return strings.TrimSpace(pattern[1] + " " + pattern[2]), nil
}
