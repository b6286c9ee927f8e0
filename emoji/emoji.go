// Package emoji knows the emoji of Unicode: what they are called, how they are found, and how they are written. It knows
// nothing else of Charla. Its data is made by cmd/gen-emoji.
package emoji

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"
)

// Emoji is one emoji in one skin tone.
type Emoji struct {
	Text         string   // as Unicode recommends to write it: with the selectors and the skin tones that belong to it
	Group        int      // 0 to Groups-1
	Shortcodes   []string // its shortcodes without the colons, the usual one first
	HasTones     bool     // whether it comes in skin tones
	nameEN       string
	nameES       string
	searchKey    string    // what people search for, folded: its names in the first line, then everything else
	tonePatterns [2]string // how it is written in the lightest tone, and with the two lightest; see variants
}

// GroupCount is the number of groups: faces, people, animals and nature, food and drink, travel and places, activities,
// objects, symbols, flags.
const GroupCount = 9

// MaxBytes bounds the text of an emoji: two people, a kiss between them and their skin tones take 35.
const MaxBytes = 40

// Frequent are the emoji that people use most to answer with.
var Frequent = []string{"👍", "❤️", "😂", "🎉", "😮", "😢"}

// Name is what an emoji is called in a language, "en" or "es". Its skin tone is not part of it.
func (e Emoji) Name(lang string) string {
	if lang == "es" {
		return e.nameES
	}
	return e.nameEN
}

// Lookup finds an emoji by the text of exactly one, in any of its skin tones. That variation selectors are left out or too
// many does not matter: Text of the answer is the one form in which it should be kept.
func Lookup(text string) (Emoji, bool) {
	if len(text) < 2 || len(text) > MaxBytes {
		return Emoji{}, false
	}
	at, ok := loadCatalog().variants[stripSelectors(text)]
	if !ok {
		return Emoji{}, false
	}
	e := loadCatalog().all[at.index]
	e.Text = at.text
	return e, true
}

// InGroup lists the emoji of a group in the order of Unicode, without skin tones.
func InGroup(group int) (found []Emoji) {
	for _, e := range loadCatalog().all {
		if e.Group == group {
			found = append(found, e)
		}
	}
	return found
}

// WithTone returns an emoji in a skin tone, 1 (light) to 5 (dark). With tone 0, and where it has no tones, it is as it was.
func (e Emoji) WithTone(tone int) Emoji {
	if e.HasTones && tone >= 1 && tone <= ToneCount {
		e.Text = applyTones(e.tonePatterns[0], tone, tone)
	}
	return e
}

// variationSelector asks for the drawing of a character as an emoji.
const variationSelector = "\uFE0F"

// stripSelectors leaves out what a text may or may not say.
func stripSelectors(text string) string { return strings.ReplaceAll(text, variationSelector, "") }

// variant is how an emoji is written in one of its skin tones.
type variant struct {
	index int // in all
	text  string
}

// catalog is all emoji, in the order of Unicode.
type catalog struct {
	all         []Emoji
	variants    map[string]variant // by their bare text
	byShortcode map[string]int     // index in all, by shortcode
}

//go:embed data.txt.gz
var compressedData []byte

// loadCatalog is unpacked when it is first needed.
var loadCatalog = sync.OnceValue(func() *catalog {
	unzipped, err := gzip.NewReader(bytes.NewReader(compressedData))
	if err != nil {
		panic(err) // embedded: it cannot be broken in a program that was built
	}
	data, err := io.ReadAll(unzipped)
	if err != nil {
		panic(err)
	}
	s := &catalog{variants: map[string]variant{}, byShortcode: map[string]int{}}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "# ") {
			s.add(parseLine(strings.TrimSuffix(line, "\n")))
		}
	}
	s.indexShortcodes()
	return s
})

func (s *catalog) add(e Emoji) {
	i := len(s.all)
	s.all = append(s.all, e)
	s.variants[stripSelectors(e.Text)] = variant{i, e.Text}
	for _, text := range e.variants() {
		s.variants[stripSelectors(text)] = variant{i, text}
	}
}

// parseLine reads a line of the data, which says itself what stands in it.
func parseLine(line string) Emoji {
	var fields [8]string
	copy(fields[:], strings.Split(line, "\t"))
	e := Emoji{Text: fields[0], Group: int(fields[1][0] - '0'), Shortcodes: strings.Fields(fields[2]), nameEN: fields[3], nameES: fields[5]}
	e.Shortcodes = append(e.Shortcodes, toShortcode(e.nameEN))
	e.searchKey = fold(e.nameEN+" "+e.nameES) + "\n" + fold(strings.Join(e.Shortcodes, " ")+" "+fields[4]+" "+fields[6])
	e.tonePatterns[0], e.tonePatterns[1], _ = strings.Cut(fields[7], " ")
	e.HasTones = e.tonePatterns[0] != ""
	return e
}
