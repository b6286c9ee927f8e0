package chat

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"charla/tokenizer"
)

// maxSearchQuery is how many characters (code points) a search query may have.
const maxSearchQuery = 500

// SearchQuery is what a user searches for. Text may contain operators, such as from:ana; the other fields are the
// values of operators that were given separately. Their ids count as names, too.
type SearchQuery struct {
	Text                                   string
	In, From, With, Before, After, On, Has string
}

// SearchTerm is a word, or words in double quotes, of a query.
type SearchTerm struct {
	Text    string // as typed
	Phrase  bool   // the words must stand in this order, without other words between them
	Negated bool   // a message must not match
	Prefix  bool   // the last word may be the beginning of a longer one

	units    []tokenizer.Unit
	matchers []tokenizer.Matcher
}

// searchFilter is an operator of a query with its value.
type searchFilter struct {
	name, value string
	negated     bool
	typed       string // as the user wrote it
	separate    bool   // not part of the text of the query
}

// searchOperators are the names of the operators.
var searchOperators = []string{"from", "in", "with", "before", "after", "on", "has", "is"}

// parseSearch divides the text of a query into terms and operators. Operators without a value and unknown ones remain
// terms; they are also listed in unknown.
func parseSearch(text string) (terms []SearchTerm, filters []searchFilter, unknown []string) {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), " ")
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			break
		}
		var word string
		word, text = nextSearchWord(text)
		bare, negated := strings.CutPrefix(word, "-")
		name, value, isOperator := strings.Cut(bare, ":")
		switch lower := strings.ToLower(name); {
		case !isOperator || !isOperatorName(name) || strings.HasPrefix(value, "//"):
			terms = append(terms, newSearchTerm(word, bare, negated))
		case slices.Contains(searchOperators, lower) && unquote(value) != "":
			filters = append(filters, searchFilter{name: lower, value: unquote(value), negated: negated, typed: word})
		default:
			unknown = append(unknown, word)
			terms = append(terms, newSearchTerm(word, bare, negated))
		}
	}
	return terms, filters, unknown
}

// nextSearchWord cuts the first word off a text that does not begin with white space. A word ends at white space that
// is not between double quotes. Quotes begin only a word or the value of an operator.
func nextSearchWord(text string) (word, rest string) {
	quoted, canOpen := false, true
	for i, r := range text {
		switch {
		case r == '"' && quoted:
			return text[:i+1], text[i+1:]
		case r == '"' && canOpen && strings.Contains(text[i+1:], `"`):
			quoted = true
		case !quoted && unicode.IsSpace(r):
			return text[:i], text[i:]
		}
		canOpen = r == ':' || r == '-' && i == 0
	}
	return text, ""
}

func isOperatorName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r)
	})
}

func unquote(value string) string { return strings.TrimSpace(strings.Trim(value, `"`)) }

func newSearchTerm(typed, bare string, negated bool) SearchTerm {
	t := SearchTerm{
		Text: typed, Negated: negated, Phrase: len(bare) > 1 && bare[0] == '"' && strings.HasSuffix(bare, `"`),
	}
	t.units = tokenizer.Split(bare)
	return t
}

// prepareTerms removes terms without words and makes the others ready for comparison. If the last term is neither
// negated nor a phrase, its last word also matches the beginnings of words.
func prepareTerms(terms []SearchTerm) []SearchTerm {
	terms = slices.DeleteFunc(terms, func(t SearchTerm) bool { return len(t.units) == 0 })
	for i := range terms {
		t := &terms[i]
		t.Prefix = i == len(terms)-1 && !t.Negated && !t.Phrase
		for j, u := range t.units {
			asPrefix := t.Prefix && j == len(t.units)-1
			t.matchers = append(t.matchers, tokenizer.NewMatcher(u, asPrefix, t.Phrase))
		}
	}
	return terms
}

// matches reports whether a text matches the term, without regard to Negated.
func (t SearchTerm) matches(units []tokenizer.Unit) bool {
	if t.Phrase {
		return tokenizer.MatchPhrase(units, t.units) >= 0
	}
	for _, m := range t.matchers {
		if !slices.ContainsFunc(units, m.Matches) {
			return false
		}
	}
	return true
}

// lookups returns what the index must contain for a message to match the term, as tokenizer.Unit.Lookups does.
func (t SearchTerm) lookups() (groups [][]tokenizer.Lookup) {
	for i, u := range t.units {
		groups = append(groups, u.Lookups(t.Prefix && i == len(t.units)-1, t.Phrase)...)
	}
	return groups
}

// dayRange returns the first and last moment of a day, such as 2026-11-22, in a time zone.
func dayRange(day string, zone *time.Location) (first, end Timestamp, ok bool) {
	t, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return 0, 0, false
	}
	next := time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, zone)
	return TimestampOf(t), TimestampOf(next), true
}
