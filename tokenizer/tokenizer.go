// Package tokenizer divides texts into words, runs of characters of scripts without spaces, and symbols such as emoji.
// The search index stores the tokens of messages, and a query is compared with messages by the same rules on every
// database.
package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what a Unit is.
type Kind int

// The kinds of units.
const (
	Word   Kind = iota // a word, or words joined by connectors, such as C++, foo_bar and example.org
	Run                // characters of scripts that are written without spaces, such as 上海
	Symbol             // an emoji or another symbol
)

// maxTokenLength is how many characters of a unit are compared.
const maxTokenLength = 64

// Unit is a part of a text that is searched as a whole.
type Unit struct {
	Start, End int // position in the text, in bytes
	Kind       Kind
	Exact      string // with accents, but without differences of case and width
	Folded     string // also without accents
	parts      []Unit // the words of a joined word
}

// HasAccent reports whether the unit has an accent or another mark that folding removes.
func (u Unit) HasAccent() bool { return u.Exact != u.Folded }

// Split returns the units of a text in their order. It ignores invalid UTF-8, punctuation and white space.
func Split(text string) []Unit {
	s := scanner{text: text, start: -1}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if symbol := symbolAt(text[at:], r, size); symbol != "" {
			s.flush(at)
			token := symbolToken(symbol)
			s.units = append(s.units, Unit{
				Start: at, End: at + len(symbol), Kind: Symbol, Exact: token, Folded: token,
			})
			size = len(symbol)
		} else {
			s.scan(at, classOf(r))
		}
		at += size
	}
	s.flush(len(text))
	return s.units
}

// scanner collects the characters of words and runs.
type scanner struct {
	text  string
	units []Unit
	start int // where the current word or run began; -1 if there is none
	kind  Kind
}

func (s *scanner) add(u Unit) {
	if u.Exact != "" {
		s.units = append(s.units, u)
	}
}

// scan reads a character of the given class at a position of the text.
func (s *scanner) scan(at int, class class) {
	joins := class == connector || class == apostrophe
	switch {
	case class == ignored:
	case class == separator, joins && s.kind == Run:
		s.flush(at)
	case class == mark, joins: // belongs to what came before
	case s.start < 0:
		s.begin(at, class)
	case class == unspaced != (s.kind == Run):
		s.flush(at)
		s.begin(at, class)
	}
}

func (s *scanner) begin(at int, class class) {
	s.start, s.kind = at, Word
	if class == unspaced {
		s.kind = Run
	}
}

// flush ends the current word or run at a position.
func (s *scanner) flush(end int) {
	if s.start < 0 {
		return
	}
	text := s.text[s.start:end]
	if s.kind == Run {
		exact := normalize(text)
		s.add(Unit{Start: s.start, End: end, Kind: Run, Exact: exact, Folded: exact})
	} else {
		s.add(newWord(s.start, text))
	}
	s.start = -1
}

// newWord returns the unit for a word that begins at a position of the text. A dot, a hyphen and an underscore at its
// end do not belong to it.
func newWord(start int, text string) Unit {
	text = strings.TrimRightFunc(text, func(r rune) bool { return strings.ContainsRune("._-'’", asciiForm(r)) })
	u := Unit{Start: start, End: start + len(text), Exact: cut(normalize(text))}
	u.Folded = stripAccents(u.Exact)
	joins := func(r rune) bool { return isConnector(asciiForm(r)) }
	if !strings.ContainsFunc(text, joins) {
		return u
	}
	for part := range strings.FieldsFuncSeq(text, joins) {
		p := Unit{Exact: cut(normalize(part))}
		p.Folded = stripAccents(p.Exact)
		if p.Exact != "" {
			u.parts = append(u.parts, p)
		}
	}
	return u
}

// cut returns the first characters of a token.
func cut(token string) string {
	if len(token) <= maxTokenLength {
		return token
	}
	n := 0
	for i := range token {
		if n == maxTokenLength {
			return token[:i]
		}
		n++
	}
	return token
}

// class says how a character takes part in words.
type class int

const (
	separator class = iota
	letter          // a letter or a digit
	mark            // belongs to the character before it
	apostrophe
	connector // joins words: + # . _ -
	unspaced  // a character of a script that is written without spaces
	ignored   // an invisible character
)

// unspacedScripts are scripts in which words are not separated by spaces, and Hangul, in which particles follow the
// words without a space.
var unspacedScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer,
	unicode.Myanmar,
}

func classOf(r rune) class {
	switch {
	case r == utf8.RuneError:
		return separator
	case r < utf8.RuneSelf && ('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'):
		return letter
	case isConnector(asciiForm(r)):
		return connector
	case r == '\'' || r == '’':
		return apostrophe
	case r < utf8.RuneSelf:
		return separator
	case r >= 0xC0 && r <= 0x24F && r != '×' && r != '÷': // Latin letters
		return letter
	case unicode.In(r, unspacedScripts...) && unicode.In(r, unicode.L, unicode.M, unicode.N), isKanaSign(r):
		return unspaced
	case unicode.Is(unicode.M, r):
		return mark
	case unicode.In(r, unicode.L, unicode.N):
		return letter
	case unicode.Is(unicode.Cf, r):
		return ignored
	}
	return separator
}

// asciiForm returns the ordinary form of a full-width character.
func asciiForm(r rune) rune {
	if r >= 0xFF01 && r <= 0xFF5E {
		return r - 0xFF01 + '!'
	}
	return r
}

// isKanaSign reports whether r is a Japanese sign that Unicode assigns to no script: a long vowel or a voiced sound.
func isKanaSign(r rune) bool { return r == 'ー' || r == 'ｰ' || r == 'ﾞ' || r == 'ﾟ' }

func isConnector(r rune) bool { return r == '+' || r == '#' || r == '.' || r == '_' || r == '-' }
