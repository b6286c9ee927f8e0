package chat

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"charla/markdown"
)

// SearchRoom is a room that a user can search. Name is that of the channel, or of the other user.
type SearchRoom struct {
	Room int64    `db:"room"`
	Kind RoomKind `db:"kind"`
	Name string   `db:"name"`
	Peer int64    `db:"peer"`

	PeerHandleKey string `db:"handle_key"`
}

// SearchAuthor is how a query names an author: by handle or name, both as they are compared, or by id.
type SearchAuthor struct {
	HandleKey, NameKey string
	ID                 int64
}

// searchPlan is a query whose names were looked up.
type searchPlan struct {
	terms    []SearchTerm
	filters  []searchFilter // those that have an effect
	unknown  []string
	rooms    map[int64]SearchRoom // all rooms of the user
	allowed  map[int64]bool       // the rooms to search
	authors  map[int64]bool       // nil for everybody
	excluded map[int64]bool       // authors
	from, to Timestamp            // from <= posted_at < to
	skipped  [][2]Timestamp       // days to leave out
	has      map[string]bool      // whether a message must have a file, image or link; other kinds do not matter
	is       map[string]bool      // whether a message must be pinned or saved or a mention; other kinds do not matter
	reader   int64                // the user who searches
	saved    map[int64]bool       // messages that the reader saved, of those that are compared
	empty    bool                 // nothing to search for
}

const endOfTime = Timestamp(1 << 62)

// planSearch parses a query and looks up the rooms and people that it names.
func (s *Service) planSearch(ctx context.Context, by User, q SearchQuery) (*searchPlan, error) {
	p := &searchPlan{
		rooms: map[int64]SearchRoom{}, excluded: map[int64]bool{}, to: endOfTime, reader: by.ID,
		has: map[string]bool{}, is: map[string]bool{},
	}
	rooms, err := s.store.SearchRooms(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	p.allowed = map[int64]bool{}
	for _, r := range rooms {
		p.rooms[r.Room], p.allowed[r.Room] = r, true
	}
	terms, filters, unknown := parseSearch(q.Text)
	p.unknown = unknown
	for _, f := range append(filters, q.separate()...) {
		known, err := s.applyFilter(ctx, by, p, f)
		switch {
		case err != nil:
			return nil, err
		case known:
			p.filters = append(p.filters, f)
		case f.separate:
			p.unknown = append(p.unknown, f.typed)
			terms = slices.Insert(terms, 0, newSearchTerm(f.typed, f.value, false))
		default:
			p.unknown = append(p.unknown, f.typed)
			terms = slices.Insert(terms, 0, newSearchTerm(f.typed, strings.TrimPrefix(f.typed, "-"), f.negated))
		}
	}
	p.terms = prepareTerms(terms)
	p.empty = len(p.terms) == 0 && len(p.filters) == 0
	return p, nil
}

// separate returns the operators that were given outside the text of the query.
func (q SearchQuery) separate() (filters []searchFilter) {
	for _, f := range []searchFilter{
		{name: "in", value: q.In}, {name: "from", value: q.From}, {name: "with", value: q.With},
		{name: "before", value: q.Before}, {name: "after", value: q.After}, {name: "on", value: q.On},
		{name: "has", value: q.Has},
	} {
		f.value = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(f.value, "\x00", " "), " "))
		f.typed, f.separate = f.name+":"+f.value, true
		if f.value != "" {
			filters = append(filters, f)
		}
	}
	return filters
}

// applyFilter adds an operator to the plan. It returns false if the operator or its value is unknown.
func (s *Service) applyFilter(ctx context.Context, by User, p *searchPlan, f searchFilter) (known bool, err error) {
	switch f.name {
	case "in":
		return p.filterRooms(f, func(r SearchRoom) (int64, bool) { return r.Room, r.Kind != Direct }), nil
	case "with":
		return p.filterRooms(f, func(r SearchRoom) (int64, bool) { return r.Peer, r.Kind == Direct }), nil
	case "from":
		return s.filterAuthors(ctx, by, p, f)
	case "before", "after", "on":
		first, end, ok := dayRange(f.value, s.zone)
		if ok {
			p.filterTime(f, first, end)
		}
		return ok, nil
	case "has":
		return p.filterKind(p.has, f, "file", "image", "link"), nil
	case "is":
		return p.filterKind(p.is, f, isPinned, isSaved, isMention), nil
	}
	return false, nil
}

// filterKind adds an operator to a map of the plan that says of which kinds a message must or must not be. It returns
// false if the value is none of the kinds.
func (p *searchPlan) filterKind(wanted map[string]bool, f searchFilter, kinds ...string) bool {
	kind := strings.ToLower(f.value)
	if !slices.Contains(kinds, kind) {
		return false
	}
	if want, ok := wanted[kind]; ok && want == f.negated { // has:file -has:file
		clear(p.allowed)
	}
	wanted[kind] = !f.negated
	return true
}

// filterRooms keeps only the rooms that an operator names, or removes them. The function id returns the id by which a
// room can be named and whether the operator can name this kind of room. It returns false if there is no such room.
func (p *searchPlan) filterRooms(f searchFilter, id func(SearchRoom) (int64, bool)) bool {
	named := map[int64]bool{}
	number := f.id()
	name := strings.TrimLeft(f.value, "#@")
	byName := func(r SearchRoom) bool {
		_, ok := id(r)
		return ok && r.Name != "" &&
			(NameKey(r.Name) == NameKey(name) || r.PeerHandleKey != "" && r.PeerHandleKey == HandleKey(name))
	}
	byID := func(r SearchRoom) bool { n, ok := id(r); return ok && n == number && number != 0 }
	ways := []func(SearchRoom) bool{byName, byID}
	if f.separate { // programs and links pass ids
		slices.Reverse(ways)
	}
	for _, way := range ways {
		for room, r := range p.rooms {
			if way(r) {
				named[room] = true
			}
		}
		if len(named) > 0 {
			break
		}
	}
	if len(named) == 0 {
		return false
	}
	maps.DeleteFunc(p.allowed, func(room int64, _ bool) bool { return named[room] == f.negated })
	return true
}

// id returns the value of an operator as an id, or 0 if it is not a number.
func (f searchFilter) id() int64 {
	n, err := strconv.ParseInt(f.value, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// filterAuthors keeps only messages of the people that an operator names, or leaves them out.
func (s *Service) filterAuthors(ctx context.Context, by User, p *searchPlan, f searchFilter) (known bool, err error) {
	authors := []int64{by.ID}
	if strings.ToLower(f.value) != "me" {
		name := strings.TrimPrefix(f.value, "@")
		a := SearchAuthor{HandleKey: HandleKey(name), NameKey: NameKey(name), ID: f.id()}
		if authors, err = s.store.SearchAuthors(ctx, by.ID, a); err != nil || len(authors) == 0 {
			return false, err
		}
	}
	named := map[int64]bool{}
	for _, a := range authors {
		if f.negated {
			p.excluded[a] = true
		} else if p.authors == nil || p.authors[a] {
			named[a] = true
		}
	}
	if !f.negated {
		p.authors = named
	}
	return true, nil
}

// filterTime adds an operator for the day between two moments to the plan.
func (p *searchPlan) filterTime(f searchFilter, first, end Timestamp) {
	name := f.name
	switch {
	case name == "on" && f.negated:
		p.skipped = append(p.skipped, [2]Timestamp{first, end})
	case name == "on":
		p.from, p.to = max(p.from, first), min(p.to, end)
	case name == "before" && !f.negated:
		p.to = min(p.to, first)
	case name == "before":
		p.from = max(p.from, first)
	case !f.negated:
		p.from = max(p.from, end)
	default:
		p.to = min(p.to, end)
	}
}

// findsNothing reports whether no message can match.
func (p *searchPlan) findsNothing() bool {
	return p.empty || len(p.allowed) == 0 || p.from >= p.to || p.authors != nil && len(p.authors) == 0
}

// matches reports whether a message is one that the query asks for.
func (p *searchPlan) matches(m Message) bool {
	if !p.allowed[m.Room] || p.authors != nil && !p.authors[m.AuthorID] || p.excluded[m.AuthorID] ||
		m.PostedAt < p.from || m.PostedAt >= p.to || !isSearchable(m) {
		return false
	}
	for _, day := range p.skipped {
		if m.PostedAt >= day[0] && m.PostedAt < day[1] {
			return false
		}
	}
	for kind, want := range p.has {
		if messageHas(m, kind) != want {
			return false
		}
	}
	for kind, want := range p.is {
		if p.messageIs(m, kind) != want {
			return false
		}
	}
	return p.matchesText(m)
}

func (p *searchPlan) matchesText(m Message) bool {
	if len(p.terms) == 0 {
		return true
	}
	units := splitMessage(m)
	return !slices.ContainsFunc(p.terms, func(t SearchTerm) bool { return t.matches(units) == t.Negated })
}

// isSearchable reports whether a message can be found at all.
func isSearchable(m Message) bool { return m.DeletedAt == 0 && (m.Body != "" || len(m.Files) > 0) }

// messageHas reports whether a message has a file, an image or a link.
func messageHas(m Message, kind string) bool {
	switch kind {
	case "file":
		return len(m.Files) > 0
	case "image":
		return slices.ContainsFunc(m.Files, File.IsImage)
	}
	return markdown.HasLink(m.HTML)
}
