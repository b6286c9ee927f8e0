package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) searchRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/search", Handler: s.searchMessages, Access: web.Member,
			Doc: web.Operation{
				Summary: "Returns messages of the caller's rooms that match, newest first, 25 at a time. All words " +
					"of q must match. q may contain the operators from:, in:, with:, before:, after:, on:, " +
					"has: (file, image, link) and is: (pinned, saved, mention), words in double quotes, and - " +
					"before any of them.",
				Query:     "q in from with before after on has cursor",
				OwnQuery:  searchParameters,
				Responses: web.Responses{200: searchJSON{}},
			},
		},
	}
}

// searchParameters are the query parameters of the search. Except for q and cursor they are operators, which q can
// contain, too.
var searchParameters = []web.QueryParameter{
	{Name: "q", Type: "", Description: "The words to search for, and operators."},
	{Name: "in", Type: "", Description: "A room, by id or name."},
	{Name: "from", Type: "", Description: "The author, by id or name, or me."},
	{Name: "with", Type: "", Description: "The other person of a direct conversation, by id or name."},
	{Name: "before", Type: "", Description: "A day: only messages before it, as in 2026-11-22."},
	{Name: "after", Type: "", Description: "A day: only messages after it."},
	{Name: "on", Type: "", Description: "A day: only messages of this day."},
	{Name: "has", Type: "", Description: "What a message must have: file, image or link."},
}

// searchJSON is the JSON response with one page of search results.
type searchJSON struct {
	Query    searchQueryJSON `json:"query"`
	Messages []searchHitJSON `json:"messages"`
	Next     string          `json:"next,omitempty"`                      // URL of the next page
	Unknown  []string        `json:"unknown" example:"[\"before:noon\"]"` // operators that were searched as text
}

// searchQueryJSON is a search query as the server understood it.
type searchQueryJSON struct {
	Words   []searchWordJSON   `json:"words"`
	Filters []searchFilterJSON `json:"filters"`
}

// searchWordJSON is a word or a phrase of a search query.
type searchWordJSON struct {
	Text    string `json:"text" example:"morning"`
	Phrase  bool   `json:"phrase"`
	Negated bool   `json:"negated"`
}

// searchFilterJSON is an operator of a search query.
type searchFilterJSON struct {
	Name    string `json:"name" enum:"from,in,with,before,after,on,is,has"`
	Value   string `json:"value" example:"file"`
	Negated bool   `json:"negated"`
}

// searchHitJSON is a message that was found.
type searchHitJSON struct {
	web.MessageJSON
	Snippet string `json:"snippet" example:"Good morning!"` // the part of the text around what was found
	URL     string `json:"url"`                             // the message in its conversation
}

// searchMessages answers with one page of search results.
func (s *Server) searchMessages(c echo.Context) error {
	cursor, err := web.QueryNumber(c, "cursor")
	if err != nil {
		return err
	}
	query := chat.SearchQuery{
		Text: c.QueryParam("q"), In: c.QueryParam("in"), From: c.QueryParam("from"), With: c.QueryParam("with"),
		Before: c.QueryParam("before"), After: c.QueryParam("after"), On: c.QueryParam("on"), Has: c.QueryParam("has"),
	}
	result, err := s.chat.Search(c.Request().Context(), web.CurrentUser(c), query, cursor)
	if err != nil {
		return err
	}
	next := ""
	if result.Next != 0 {
		next = views.SearchURL(query, result.Next)
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, searchToJSON(web.CurrentUser(c), result, next))
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	page := views.SearchResults{Query: query, SearchResult: result, NextURL: next}
	return s.Render(c, http.StatusOK, views.SearchPage(s.Page(c), side, page))
}

func searchToJSON(me chat.User, r chat.SearchResult, next string) searchJSON {
	out := searchJSON{
		Query:    searchQueryJSON{Words: []searchWordJSON{}, Filters: []searchFilterJSON{}},
		Messages: make([]searchHitJSON, len(r.Hits)), Next: next, Unknown: append([]string{}, r.Unknown...),
	}
	for _, t := range r.Terms {
		out.Query.Words = append(out.Query.Words, searchWordJSON{t.Text, t.Phrase, t.Negated})
	}
	for _, f := range r.Filters {
		out.Query.Filters = append(out.Query.Filters, searchFilterJSON{f.Name, f.Value, f.Negated})
	}
	for i, hit := range r.Hits {
		out.Messages[i] = searchHitJSON{
			web.MessageToJSONFor(hit.Message, me.ID), views.ExcerptText(hit.Excerpt),
			views.PermalinkURL(hit.Message.Room, hit.Message.Seq),
		}
	}
	return out
}
