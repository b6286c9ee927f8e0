package chat

import (
	"context"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"charla/tokenizer"
)

// SearchReader reads the search index. What it returns are candidates: they are read again from the messages and
// compared with the query.
type SearchReader interface {
	// SearchRooms lists all rooms of a user, ordered by id.
	SearchRooms(ctx context.Context, user int64) ([]SearchRoom, error)
	// SearchAuthors lists the ids of people and bots that a query means. It returns only those who are visible to the
	// user, or whose messages are in the user's rooms.
	SearchAuthors(ctx context.Context, user int64, a SearchAuthor) ([]int64, error)
	// UnindexedMessages lists at most limit ids below an id, highest first, of messages in the user's rooms that are
	// not in the index yet or changed since they were indexed.
	UnindexedMessages(ctx context.Context, user, below int64, limit int) ([]int64, error)
	// IndexedMessages lists at most limit ids below an id, highest first, of messages in all rooms whose tokens match
	// the groups of lookups. Without lookups it lists all messages.
	IndexedMessages(ctx context.Context, groups [][]tokenizer.Lookup, below int64, limit int) ([]int64, error)
	// SearchMessages returns those of the given messages that are in the user's rooms and not deleted, highest id
	// first.
	SearchMessages(ctx context.Context, user int64, ids []int64) ([]Message, error)
}

// MaxSearchHits is the most messages that Search returns.
const MaxSearchHits = 25

// maxSearchCandidates is about how many messages one call of Search compares with the query. If it finds fewer than
// MaxSearchHits until then, the next call continues.
const maxSearchCandidates = 4000

// newestCandidates is how many messages a search compares before it asks the index. A frequent word is found among
// them, for which the index would have to read many entries.
const newestCandidates = 200

// SearchHit is a message that was found, with its room and an excerpt of its text.
type SearchHit struct {
	Message Message
	Room    SearchRoom
	Excerpt []ExcerptPart
}

// ExcerptPart is a part of an excerpt. Found marks what the user searched for.
type ExcerptPart struct {
	Text  string
	Found bool
}

// SearchResult is a page of search results, newest first.
type SearchResult struct {
	Terms   []SearchTerm
	Filters []SearchFilter // the operators that were understood
	Unknown []string       // operators that were not, as typed; they were searched as text
	Hits    []SearchHit
	Next    int64       // the cursor of the next page; 0 after the last one
	Empty   bool        // the query asks for nothing
	Scope   *SearchRoom // the room that is searched, if it is a single one
}

// SearchFilter is an operator of a query that was understood.
type SearchFilter struct {
	Name, Value, Typed string
	Negated            bool
}

// Search returns the messages in the rooms of the acting user that match a query, the newest first, starting below the
// cursor. It returns Invalid for a query that is too long.
func (s *Service) Search(ctx context.Context, by User, q SearchQuery, cursor int64) (SearchResult, error) {
	if utf8.RuneCountInString(q.Text) > maxSearchQuery {
		return SearchResult{}, invalidf("q", "This can have at most %d characters.", maxSearchQuery)
	}
	p, err := s.planSearch(ctx, by, q)
	if err != nil {
		return SearchResult{}, err
	}
	result := SearchResult{Terms: p.terms, Unknown: p.unknown, Empty: p.empty}
	for _, f := range p.filters {
		result.Filters = append(result.Filters, SearchFilter{f.name, f.value, f.typed, f.negated})
	}
	if len(p.allowed) == 1 {
		for room := range p.allowed {
			scope := p.rooms[room]
			result.Scope = &scope
		}
	}
	if p.findsNothing() {
		return result, nil
	}
	if cursor <= 0 {
		cursor = math.MaxInt64
	}
	hits, next, err := s.findMessages(ctx, by, p, cursor)
	if err != nil {
		return SearchResult{}, err
	}
	result.Next = next
	for _, m := range hits {
		result.Hits = append(result.Hits, SearchHit{Message: m, Room: p.rooms[m.Room], Excerpt: p.excerpt(m.Body)})
	}
	return result, nil
}

// findMessages returns the first messages below an id that match, and the cursor of the next page.
func (s *Service) findMessages(
	ctx context.Context, by User, p *searchPlan, below int64,
) (hits []Message, next int64, err error) {
	var groups [][]tokenizer.Lookup
	limit := newestCandidates
	for compared := 0; compared < maxSearchCandidates && below > 0; compared += limit {
		if compared > 0 {
			groups = p.lookups(s.now())
		}
		ids, lowest, err := s.candidates(ctx, by, p, groups, below, limit)
		if err != nil {
			return nil, 0, err
		}
		messages, err := s.store.SearchMessages(ctx, by.ID, ids)
		if err != nil {
			return nil, 0, err
		}
		if err := s.readSaved(ctx, by, p, ids); err != nil {
			return nil, 0, err
		}
		for _, m := range messages {
			if !p.matches(m) {
				continue
			}
			if len(hits) == MaxSearchHits {
				return hits, hits[MaxSearchHits-1].ID, nil
			}
			hits = append(hits, m)
		}
		below, limit = lowest, min(2*limit, maxSearchCandidates/4)
	}
	return hits, below, nil
}

// candidates returns ids of messages that may match, as searchCandidates does. If only messages of one kind match, it
// reads the list of these, which is short.
func (s *Service) candidates(
	ctx context.Context, by User, p *searchPlan, groups [][]tokenizer.Lookup, below int64, limit int,
) (ids []int64, lowest int64, err error) {
	switch {
	case p.is[isSaved]:
		ids, err = s.store.SavedIDs(ctx, by.ID, below, limit)
	case p.is[isPinned]:
		ids, err = s.store.PinnedIDs(ctx, by.ID, below, limit)
	case p.is[isMention]:
		ids, err = s.store.MentionIDs(ctx, by.ID, below, limit)
	default:
		return s.searchCandidates(ctx, by, groups, below, limit)
	}
	if len(ids) == limit {
		lowest = ids[limit-1]
	}
	return ids, lowest, err
}

// searchCandidates returns ids of messages that may match, highest first: at least all of those from the result lowest
// up to the id below, excluding the latter. lowest is 0 if there are none below it. It reads what is not indexed before
// it reads the index, so that a message that is being indexed is in one of them.
func (s *Service) searchCandidates(
	ctx context.Context, by User, groups [][]tokenizer.Lookup, below int64, limit int,
) (ids []int64, lowest int64, err error) {
	unindexed, err := s.store.UnindexedMessages(ctx, by.ID, below, limit)
	if err != nil {
		return nil, 0, err
	}
	indexed, err := s.store.IndexedMessages(ctx, groups, below, limit)
	if err != nil {
		return nil, 0, err
	}
	for _, list := range [][]int64{unindexed, indexed} {
		if len(list) == limit {
			lowest = max(lowest, list[limit-1])
		}
	}
	ids = slices.DeleteFunc(append(unindexed, indexed...), func(id int64) bool { return id < lowest })
	slices.Sort(ids)
	return slices.Compact(ids), lowest, nil
}

// maxExcerpt is about how many bytes of a message an excerpt has, and excerptLead how many of them come before what was
// found.
const (
	maxExcerpt  = 300
	excerptLead = 80
)

// excerpt returns the part of a text around the first word that was searched, as one line.
func (p *searchPlan) excerpt(text string) []ExcerptPart {
	marks := p.foundParts(text)
	start, end := 0, len(text)
	if len(marks) > 0 && len(text) > maxExcerpt {
		start = max(0, marks[0][0]-excerptLead)
	}
	end = min(end, start+maxExcerpt)
	start, end = wordStart(text, start), wordStart(text, end)
	var parts []ExcerptPart
	add := func(from, to int, found bool) {
		if from < to {
			parts = append(parts, ExcerptPart{inOneLine(text[from:to]), found})
		}
	}
	if start > 0 {
		parts = append(parts, ExcerptPart{Text: "…"})
	}
	at := start
	for _, mark := range marks {
		if mark[0] < at || mark[1] > end {
			continue
		}
		add(at, mark[0], false)
		add(mark[0], mark[1], true)
		at = mark[1]
	}
	add(at, end, false)
	if end < len(text) {
		parts = append(parts, ExcerptPart{Text: "…"})
	}
	return parts
}

// foundParts returns the ranges of bytes of a text that match the terms of the query, in their order.
func (p *searchPlan) foundParts(text string) (marks [][2]int) {
	for _, u := range tokenizer.Split(text) {
		for _, t := range p.terms {
			for _, m := range t.matchers {
				if start, end, ok := m.Find(u, text); ok && !t.Negated {
					marks = append(marks, [2]int{start, end})
				}
			}
		}
	}
	slices.SortFunc(marks, func(a, b [2]int) int { return a[0] - b[0] })
	return marks
}

// wordStart returns the position of the last space before a position of a text, if it is near, and otherwise the
// beginning of the character at the position.
func wordStart(text string, at int) int {
	if at >= len(text) {
		return len(text)
	}
	for !utf8.RuneStart(text[at]) {
		at--
	}
	const near = 20
	if i := strings.LastIndexAny(text[:at], " \n"); i >= 0 && at-i < near {
		return i + 1
	}
	return at
}

// inOneLine replaces all white space by single spaces, also at the ends.
func inOneLine(text string) string { return whiteSpace.ReplaceAllString(text, " ") }
