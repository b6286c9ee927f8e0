package views

import (
	"net/url"
	"strings"

	"charla/chat"

	"github.com/a-h/templ"
)

// SearchResults is the content of the search page.
type SearchResults struct {
	chat.SearchResult
	Query   chat.SearchQuery
	NextURL string // next page of results; empty on the last one
}

// searchField is a search field for messages. Conversation, if it is set, is the only one that is searched.
type searchField struct {
	Query        chat.SearchQuery
	Label        string
	Class        string
	Conversation chat.ConversationRef
}

// keys returns the attributes with which the field in the side bar gets the focus by Ctrl+K and Cmd+K.
func (f searchField) keys() templ.Attributes {
	if f.Class != sidebarSearch {
		return nil
	}
	return templ.Attributes{
		"aria-keyshortcuts":                  "Control+K Meta+K",
		"x-on:keydown.ctrl.k.window.prevent": "$el.focus()", "x-on:keydown.meta.k.window.prevent": "$el.focus()",
	}
}

// sidebarSearch is the CSS class of the search field in the side bar.
const sidebarSearch = "message-search--sidebar"

// hidden returns the operators that the form sends along with the text, as names and values.
func (f searchField) hidden() [][2]string {
	if f.Conversation.Room != 0 {
		f.Query.In = formatInt(f.Conversation.Room)
	}
	if f.Conversation.With != 0 {
		f.Query.With = formatInt(f.Conversation.With)
	}
	return searchOperators(f.Query)
}

// searchOperators returns the operators of a query outside its text, as names and values. It leaves out empty ones.
func searchOperators(q chat.SearchQuery) (pairs [][2]string) {
	for _, pair := range [][2]string{
		{"in", q.In}, {"from", q.From}, {"with", q.With}, {"before", q.Before}, {"after", q.After}, {"on", q.On},
		{"has", q.Has},
	} {
		if pair[1] != "" {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// SearchURL returns the URL of a page of search results, from a cursor on; 0 is the first page.
func SearchURL(q chat.SearchQuery, cursor int64) string {
	values := url.Values{}
	if q.Text != "" {
		values.Set("q", q.Text)
	}
	for _, pair := range searchOperators(q) {
		values.Set(pair[0], pair[1])
	}
	if cursor != 0 {
		values.Set("cursor", formatInt(cursor))
	}
	if len(values) == 0 {
		return "/search"
	}
	return "/search?" + values.Encode()
}

// searchToggle is a link on the search page that switches a filter on or off.
type searchToggle struct {
	Label, URL string
	On         bool
}

// toggles returns the links that narrow a search or make it wider again.
func (r SearchResults) toggles(p Page) []searchToggle {
	var list []searchToggle
	add := func(on bool, label string, change func(*chat.SearchQuery)) {
		q := r.Query
		change(&q)
		list = append(list, searchToggle{label, SearchURL(q, 0), on})
	}
	if r.Query.In != "" || r.Query.With != "" {
		add(true, p.T("In %s", r.scope(p.Locale)), func(q *chat.SearchQuery) { q.In, q.With = "", "" })
	}
	fromMe := r.Query.From == "me"
	add(fromMe, p.T("From me"), func(q *chat.SearchQuery) { q.From = valueUnless(fromMe, "me") })
	if r.Query.From != "" && !fromMe {
		add(true, p.T("From %s", r.Query.From), func(q *chat.SearchQuery) { q.From = "" })
	}
	for _, kind := range [][2]string{
		{"file", p.T("With a file")}, {"image", p.T("With a picture")}, {"link", p.T("With a link")},
	} {
		on := r.Query.Has == kind[0]
		add(on, kind[1], func(q *chat.SearchQuery) { q.Has = valueUnless(on, kind[0]) })
	}
	for _, day := range []struct {
		value string
		field func(*chat.SearchQuery) *string
	}{
		{r.Query.Before, func(q *chat.SearchQuery) *string { return &q.Before }},
		{r.Query.After, func(q *chat.SearchQuery) *string { return &q.After }},
		{r.Query.On, func(q *chat.SearchQuery) *string { return &q.On }},
	} {
		if day.value != "" {
			add(true, day.value, func(q *chat.SearchQuery) { *day.field(q) = "" })
		}
	}
	return list
}

func valueUnless(empty bool, value string) string {
	if empty {
		return ""
	}
	return value
}

// scope returns the name of the conversation that is searched, or its id if it is none of the user's.
func (r SearchResults) scope(l Locale) string {
	if r.Scope != nil {
		return searchRoomName(l, *r.Scope)
	}
	return r.Query.In + r.Query.With
}

// searchRoomName returns the name of a room for the user who searches.
func searchRoomName(l Locale, r chat.SearchRoom) string {
	if r.Kind == chat.Direct {
		return l.UserName(r.Name)
	}
	return r.Name
}

// ExcerptText returns the text of an excerpt.
func ExcerptText(parts []chat.ExcerptPart) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString(part.Text)
	}
	return strings.TrimSpace(b.String())
}
