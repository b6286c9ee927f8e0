package tokenizer

import (
	"slices"
	"strings"
)

// Matcher compares a unit of a query with the units of texts.
type Matcher struct {
	unit           Unit
	prefix         string // a word may begin with it; "" for none
	words, stemmed []string
}

// NewMatcher returns a Matcher for a unit of a query. asPrefix and exactly are as in Unit.Lookups.
func NewMatcher(u Unit, asPrefix, exactly bool) Matcher {
	m := Matcher{unit: u}
	if u.Kind == Run {
		return m
	}
	for _, l := range u.Lookups(asPrefix, exactly)[0] {
		switch {
		case l.Prefix:
			m.prefix = l.Token
		case strings.HasPrefix(l.Token, stemMark):
			m.stemmed = append(m.stemmed, l.Token)
		default:
			m.words = append(m.words, l.Token)
		}
	}
	return m
}

// Matches reports whether a unit of a text matches.
func (m Matcher) Matches(u Unit) bool {
	if m.unit.Kind != u.Kind {
		return false
	}
	switch u.Kind {
	case Run:
		return strings.Contains(u.Exact, m.unit.Exact)
	case Symbol:
		return u.Exact == m.unit.Exact
	}
	if len(u.parts) == 0 {
		return m.matchesWord(u) || m.matchesStem(u)
	}
	return m.matchesWord(u) || slices.ContainsFunc(u.parts, func(p Unit) bool {
		return m.matchesWord(p) || m.matchesStem(p)
	})
}

func (m Matcher) matchesWord(u Unit) bool {
	return slices.ContainsFunc(u.wholeTokens(), func(token string) bool {
		return slices.Contains(m.words, token) || m.prefix != "" && strings.HasPrefix(token, m.prefix)
	})
}

// matchesStem compares stems. A stem begins with the same letter as its word, so most words need no stem.
func (m Matcher) matchesStem(u Unit) bool {
	return len(m.stemmed) > 0 && u.Folded[:1] == m.unit.Folded[:1] &&
		slices.ContainsFunc(u.stemTokens(), func(token string) bool { return slices.Contains(m.stemmed, token) })
}

// Find returns the part of a unit of a text that matches, as a range of bytes in the text. Of a run it is only the
// characters that were searched, unless the run is written in another width than the query.
func (m Matcher) Find(u Unit, text string) (start, end int, ok bool) {
	if !m.Matches(u) {
		return 0, 0, false
	}
	if u.Kind == Run {
		if i := strings.Index(text[u.Start:u.End], m.unit.Exact); i >= 0 {
			return u.Start + i, u.Start + i + len(m.unit.Exact), true
		}
	}
	return u.Start, u.End, true
}

// MatchPhrase returns the position in units of the first text that has all units of a phrase in this order, without
// other units between them, or -1. Stems do not match. A run at the beginning or the end of a phrase of several units
// may be part of a longer run.
func MatchPhrase(units, phrase []Unit) int {
	if len(phrase) == 1 {
		return slices.IndexFunc(units, NewMatcher(phrase[0], false, true).Matches)
	}
	for at := 0; at+len(phrase) <= len(units); at++ {
		if matchesAt(units[at:], phrase) {
			return at
		}
	}
	return -1
}

func matchesAt(units, phrase []Unit) bool {
	for i, p := range phrase {
		if !p.equals(units[i], i == 0, i == len(phrase)-1) {
			return false
		}
	}
	return true
}

// equals reports whether a unit of a phrase equals a unit of a text. first and last say where in the phrase it is.
func (u Unit) equals(text Unit, first, last bool) bool {
	switch {
	case u.Kind != text.Kind:
		return false
	case u.Kind == Run && first:
		return strings.HasSuffix(text.Exact, u.Exact)
	case u.Kind == Run && last:
		return strings.HasPrefix(text.Exact, u.Exact)
	case u.Kind == Word && u.HasAccent():
		return slices.Contains(text.wholeTokens(), exactMark+u.Exact)
	case u.Kind == Word:
		return slices.Contains(text.wholeTokens(), u.Folded)
	}
	return u.Exact == text.Exact
}
