// Package emoji knows the emoji of Unicode: what they are called, how they are found, and how they are written. It knows
// nothing else of Charla. Its data is made by cmd/charla-emoji.
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
	Text  string   // as Unicode recommends to write it: with the selectors and the skin tones that belong to it
	Group int      // 0 to Groups-1
	Codes []string // its shortcodes without the colons, the usual one first
	Toned bool     // whether it comes in skin tones
	en    string
	es    string
	key   string    // what people search for, folded: its names in the first line, then everything else
	skins [2]string // how it is written in the lightest tone, and with the two lightest; see variants
}

// Groups is the number of groups: faces, people, animals and nature, food and drink, travel and places, activities,
// objects, symbols, flags.
const Groups = 9

// MaxBytes bounds the text of an emoji: two people, a kiss between them and their skin tones take 35.
const MaxBytes = 40

// Frequent are the emoji that people use most to answer with.
var Frequent = []string{"👍", "❤️", "😂", "🎉", "😮", "😢"}

// Name is what an emoji is called in a language, "en" or "es". Its skin tone is not part of it.
func (e Emoji) Name(lang string) string {
	if lang == "es" {
		return e.es
	}
	return e.en
}

// Find finds an emoji by the text of exactly one, in any of its skin tones. That variation selectors are left out or too
// many does not matter: Text of the answer is the one form in which it should be kept.
func Find(text string) (Emoji, bool) {
	if len(text) < 2 || len(text) > MaxBytes {
		return Emoji{}, false
	}
	at, ok := known().forms[bare(text)]
	if !ok {
		return Emoji{}, false
	}
	e := known().all[at.index]
	e.Text = at.text
	return e, true
}

// InGroup lists the emoji of a group in the order of Unicode, without skin tones.
func InGroup(group int) (found []Emoji) {
	for _, e := range known().all {
		if e.Group == group {
			found = append(found, e)
		}
	}
	return found
}

// InTone returns an emoji in a skin tone, 1 (light) to 5 (dark). With tone 0, and where it has no tones, it is as it was.
func (e Emoji) InTone(tone int) Emoji {
	if e.Toned && tone >= 1 && tone <= Tones {
		e.Text = inTones(e.skins[0], tone, tone)
	}
	return e
}

// selector asks for the drawing of a character as an emoji.
const selector = "\uFE0F"

// bare leaves out what a text may or may not say.
func bare(text string) string { return strings.ReplaceAll(text, selector, "") }

// form is how an emoji is written in one of its skin tones.
type form struct {
	index int // in all
	text  string
}

// set is all emoji, in the order of Unicode.
type set struct {
	all   []Emoji
	forms map[string]form // by their bare text
	codes map[string]int  // index in all, by shortcode
}

//go:embed data.txt.gz
var packed []byte

// known is unpacked when it is first needed.
var known = sync.OnceValue(func() *set {
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err) // embedded: it cannot be broken in a program that was built
	}
	data, err := io.ReadAll(unzipped)
	if err != nil {
		panic(err)
	}
	s := &set{forms: map[string]form{}, codes: map[string]int{}}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "# ") {
			s.add(read(strings.TrimSuffix(line, "\n")))
		}
	}
	s.name()
	return s
})

func (s *set) add(e Emoji) {
	i := len(s.all)
	s.all = append(s.all, e)
	s.forms[bare(e.Text)] = form{i, e.Text}
	for _, text := range e.variants() {
		s.forms[bare(text)] = form{i, text}
	}
}

// read reads a line of the data, which says itself what stands in it.
func read(line string) Emoji {
	var fields [8]string
	copy(fields[:], strings.Split(line, "\t"))
	e := Emoji{Text: fields[0], Group: int(fields[1][0] - '0'), Codes: strings.Fields(fields[2]), en: fields[3], es: fields[5]}
	e.Codes = append(e.Codes, code(e.en))
	e.key = fold(e.en+" "+e.es) + "\n" + fold(strings.Join(e.Codes, " ")+" "+fields[4]+" "+fields[6])
	e.skins[0], e.skins[1], _ = strings.Cut(fields[7], " ")
	e.Toned = e.skins[0] != ""
	return e
}
