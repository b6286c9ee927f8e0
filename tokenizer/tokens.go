package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/spanish"
)

// Mark begins every token that is not a word of a text. It is a character for private use, which no word contains.
const Mark = "\uE000"

// The marks of tokens that are derived from words.
const (
	exactMark = Mark + "e"
	stemMark  = Mark + "s"
)

// Tokens returns the tokens of a text for the index, each once, in the order of the text.
func Tokens(units []Unit) []string {
	var tokens []string
	known := map[string]bool{}
	for _, u := range units {
		for _, token := range u.tokens() {
			if !known[token] {
				known[token] = true
				tokens = append(tokens, token)
			}
		}
	}
	return tokens
}

// tokens returns the tokens of a unit of a text.
func (u Unit) tokens() []string {
	switch u.Kind {
	case Symbol:
		return []string{u.Exact}
	case Run:
		return pairs(u.Exact, true)
	}
	tokens := u.wholeTokens()
	if len(u.parts) == 0 {
		return append(tokens, u.stemTokens()...)
	}
	for _, p := range u.parts {
		tokens = append(tokens, p.wholeTokens()...)
		tokens = append(tokens, p.stemTokens()...)
	}
	return tokens
}

// maxSuffixes is how many endings of a joined word such as www.example.org can be searched.
const maxSuffixes = 8

// wholeTokens returns the tokens of a word as it is written, without its stems. A joined word with dots is also found
// by its endings: www.example.org by example.org.
func (u Unit) wholeTokens() []string {
	tokens := withExact(nil, u.Folded, u.Exact)
	folded, exact := u.Folded, u.Exact
	for range maxSuffixes {
		var ok bool
		if _, folded, ok = strings.Cut(folded, "."); !ok || !strings.Contains(folded, ".") {
			break
		}
		_, exact, _ = strings.Cut(exact, ".")
		if tail := strings.TrimLeft(folded, "._-"); tail != "" {
			tokens = withExact(tokens, tail, strings.TrimLeft(exact, "._-"))
		}
	}
	return tokens
}

// withExact appends the tokens of a word in both forms.
func withExact(tokens []string, folded, exact string) []string {
	tokens = append(tokens, folded)
	if exact != folded {
		tokens = append(tokens, exactMark+exact)
	}
	return tokens
}

// stemTokens returns the tokens of the stems of a word, except those that equal the word.
func (u Unit) stemTokens() (tokens []string) {
	for _, stem := range u.stems() {
		if stem != u.Folded {
			tokens = append(tokens, stemMark+stem)
		}
	}
	return tokens
}

// stems returns the Spanish and English stems of a word in Latin letters, without accents. Other words have none.
func (u Unit) stems() []string {
	notLatin := func(r rune) bool { return !unicode.Is(unicode.Latin, r) }
	if utf8.RuneCountInString(u.Folded) < 3 || strings.ContainsFunc(u.Folded, notLatin) {
		return nil
	}
	stems := []string{stem(u.Folded, spanish.Stem), stem(u.Folded, english.Stem)}
	if u.HasAccent() {
		stems = append(stems, stem(u.Exact, spanish.Stem))
	}
	slices.Sort(stems)
	return slices.DeleteFunc(slices.Compact(stems), func(stem string) bool { return stem == "" })
}

func stem(word string, stemmer func(*snowballstem.Env) bool) string {
	env := snowballstem.NewEnv(word)
	stemmer(env)
	return stripAccents(env.Current())
}

// pairs returns each pair of neighbouring characters of a run and, if withLast is set, its last character. For a run of
// one character it returns that character.
func pairs(run string, withLast bool) (tokens []string) {
	characters := []rune(run)
	for i := range len(characters) - 1 {
		tokens = append(tokens, string(characters[i:i+2]))
	}
	if withLast || len(characters) == 1 {
		tokens = append(tokens, string(characters[len(characters)-1:]))
	}
	return tokens
}

// Lookup is a token to look up in the index. With Prefix it stands for all tokens that begin with it.
type Lookup struct {
	Token  string
	Prefix bool
}

// Lookups returns what a text must contain to match a unit of a query: at least one lookup of each group. asPrefix says
// that a word may also be the beginning of a longer one; exactly, that words with the same stem do not match. The index
// may return more texts than those that match.
func (u Unit) Lookups(asPrefix, exactly bool) [][]Lookup {
	switch {
	case u.Kind == Symbol:
		return [][]Lookup{{{Token: u.Exact}}}
	case u.Kind == Run:
		var groups [][]Lookup
		for _, pair := range pairs(u.Exact, false) {
			groups = append(groups, []Lookup{{pair, utf8.RuneCountInString(pair) == 1}})
		}
		return groups
	case u.HasAccent():
		return [][]Lookup{{{exactMark + u.Exact, asPrefix}}}
	}
	group := []Lookup{{u.Folded, asPrefix}}
	if exactly || len(u.parts) > 0 {
		return [][]Lookup{group}
	}
	for _, stem := range u.stems() {
		group = append(group, Lookup{stemMark + stem, false})
		if stem != u.Folded {
			group = append(group, Lookup{stem, false})
		}
	}
	return [][]Lookup{group}
}
