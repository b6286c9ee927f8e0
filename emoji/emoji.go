// Package emoji contains the emoji of Unicode with their names, search words and shortcodes in English and Spanish. The
// command gen-emoji generates its data.
package emoji

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"
)

// Emoji is an emoji in one skin tone, with its names and shortcodes.
type Emoji struct {
	Text         string   // the characters, with the variation selectors that Unicode recommends
	Group        int      // 0 to GroupCount-1
	Shortcodes   []string // without colons, the most common one first
	HasTones     bool     // whether there are variants with skin tones
	nameEN       string
	nameES       string
	wordsES      []string  // search words in Spanish, with _ within a phrase
	searchKey    string    // folded for search: the names in the first line, other search words in the second
	tonePatterns [2]string // the variants in the lightest tone and, for two people, in the two lightest tones
}

// GroupCount is the number of groups into which Unicode divides the emoji. The groups are, in this order: faces,
// people, animals and nature, food and drink, travel and places, activities, objects, symbols, flags.
const GroupCount = 9

// MaxBytes is an upper limit of the length of an emoji in bytes. The longest emoji, a kiss of two people with skin
// tones, has 35 bytes.
const MaxBytes = 40

// Frequent lists the emoji that people use most often as reactions.
var Frequent = []string{"👍", "❤️", "😂", "🎉", "😮", "😢"}

// Name returns the name of an emoji in Spanish if lang is "es", and in English otherwise. The name does not mention the
// skin tone.
func (e Emoji) Name(lang string) string {
	if lang == "es" {
		return e.nameES
	}
	return e.nameEN
}

// Lookup returns the emoji that a text consists of, in any skin tone. It returns false if the text is not exactly one
// emoji. Variation selectors may be missing or superfluous; the field Text of the result has the recommended ones and
// is the form to store.
func Lookup(text string) (Emoji, bool) {
	if len(text) < 2 || len(text) > MaxBytes {
		return Emoji{}, false
	}
	v, ok := loadCatalog().variants[stripSelectors(text)]
	if !ok {
		return Emoji{}, false
	}
	e := loadCatalog().all[v.index]
	e.Text = v.text
	return e, true
}

// InGroup returns the emoji of a group in the order of Unicode, without skin tones.
func InGroup(group int) (found []Emoji) {
	for _, e := range loadCatalog().all {
		if e.Group == group {
			found = append(found, e)
		}
	}
	return found
}

// WithTone returns an emoji in a skin tone from 1 (light) to 5 (dark). It returns the emoji unchanged if tone is
// another number or the emoji has no skin tones.
func (e Emoji) WithTone(tone int) Emoji {
	if e.HasTones && tone >= 1 && tone <= ToneCount {
		e.Text = applyTones(e.tonePatterns[0], tone, tone)
	}
	return e
}

// variationSelector is a character that follows another character and asks to display that as an emoji instead of as
// text.
const variationSelector = "\uFE0F"

// stripSelectors removes the variation selectors from a text. Many emoji may be written with or without them.
func stripSelectors(text string) string { return strings.ReplaceAll(text, variationSelector, "") }

// variant is an emoji in one skin tone: its text and the position of the emoji in the catalog.
type variant struct {
	index int // in catalog.all
	text  string
}

// catalog contains all emoji, and indexes that find an emoji by its text or by a shortcode.
type catalog struct {
	all         []Emoji            // in the order of Unicode, without skin tones
	variants    map[string]variant // by text without variation selectors
	byShortcode map[string]int     // indexes in all
}

//go:embed data.txt.gz
var compressedData []byte

// loadCatalog returns the catalog of all emoji. The first call decompresses and parses the data.
var loadCatalog = sync.OnceValue(func() *catalog {
	r, err := gzip.NewReader(bytes.NewReader(compressedData))
	if err != nil {
		panic(err) // impossible, because the data is embedded
	}
	data, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	c := &catalog{variants: map[string]variant{}, byShortcode: map[string]int{}}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "# ") {
			c.add(parseLine(strings.TrimSuffix(line, "\n")))
		}
	}
	c.indexShortcodes()
	return c
})

// add adds an emoji and the texts of all its skin tones to the catalog.
func (c *catalog) add(e Emoji) {
	i := len(c.all)
	c.all = append(c.all, e)
	c.variants[stripSelectors(e.Text)] = variant{i, e.Text}
	for _, text := range e.variants() {
		c.variants[stripSelectors(text)] = variant{i, text}
	}
}

// parseLine parses a line of the data, which describes one emoji. The comments at the top of the data describe the
// fields of a line.
func parseLine(line string) Emoji {
	var fields [8]string
	copy(fields[:], strings.Split(line, "\t"))
	e := Emoji{
		Text: fields[0], Group: int(fields[1][0] - '0'), Shortcodes: strings.Fields(fields[2]),
		nameEN: fields[3], nameES: fields[5], wordsES: strings.Fields(fields[6]),
	}
	e.Shortcodes = append(e.Shortcodes, toShortcode(e.nameEN))
	names, others := e.nameEN+" "+e.nameES, strings.Join(e.Shortcodes, " ")+" "+fields[4]+" "+fields[6]
	e.searchKey = fold(names) + "\n" + fold(others)
	e.tonePatterns[0], e.tonePatterns[1], _ = strings.Cut(fields[7], " ")
	e.HasTones = e.tonePatterns[0] != ""
	return e
}
