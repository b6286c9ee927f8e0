package handlers

import (
	"cmp"
	"net/http"
	"strconv"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) messageHistoryRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/messages", Handler: s.listMessages, Access: web.Member,
			Doc: web.Operation{
				Summary: "Returns messages of a conversation, oldest first: the newest, those before or after a " +
					"seq, around a seq, from a day on, or those changed since. With around, on or after, " +
					"previous leads to older and next to newer messages; otherwise next leads to older ones.",
				Query:     "with room before after around on unread changed_after as_of limit",
				Responses: web.Responses{200: historyJSON{}},
			},
		},
	}
}

func (s *Server) listMessages(c echo.Context) error {
	conv, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), web.QueryConversation(c))
	if err != nil {
		return err
	}
	params, err := readPageParams(c)
	if err != nil {
		return err
	}
	switch query := c.QueryParams(); {
	case !web.WantsJSON(c):
		return s.conversationPage(c, conv, params)
	case query.Has("changed_after"):
		return s.messagesChangedSince(c, conv, params)
	case isPlace(c):
		return s.listPlace(c, conv, params)
	}
	return s.messagesBefore(c, conv, params)
}

// pageParams are the query parameters that select a page of messages. A missing number is 0.
type pageParams struct {
	before, after, around, unread, changedAfter, asOf, limit int64

	aroundUnread bool   // the parameter around is "unread"
	on           string // a day
}

func readPageParams(c echo.Context) (p pageParams, err error) {
	p.aroundUnread, p.on = c.QueryParam("around") == "unread", c.QueryParam("on")
	for _, param := range []struct {
		name  string
		value *int64
	}{
		{"before", &p.before}, {"after", &p.after}, {"around", &p.around}, {"unread", &p.unread},
		{"changed_after", &p.changedAfter}, {"as_of", &p.asOf}, {"limit", &p.limit},
	} {
		if param.name == "around" && p.aroundUnread {
			continue
		}
		if *param.value, err = web.QueryNumber(c, param.name); err != nil {
			return p, err
		}
	}
	return p, nil
}

// messagesBefore answers with JSON: the messages whose seq (the number of a message in its room) is less than
// params.before, or the newest messages if params.before is 0.
func (s *Server) messagesBefore(c echo.Context, conv chat.Conversation, params pageParams) error {
	page, err := s.chat.MessagesBefore(c.Request().Context(), conv, params.before, int(params.limit))
	if err != nil {
		return err
	}
	next := ""
	if page.HasOlder {
		next = views.MessagesBeforeURL(conv.Ref(), page.Messages[0].Seq)
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, page, next, int(params.limit)))
}

// messagesChangedSince answers with JSON: the messages that were posted or changed after the change with the number
// params.changedAfter. Programs use it to catch up after an interruption.
func (s *Server) messagesChangedSince(c echo.Context, conv chat.Conversation, params pageParams) error {
	limit := int(params.limit)
	page, err := s.chat.MessagesChangedSince(c.Request().Context(), conv, params.changedAfter, params.asOf, limit)
	if err != nil {
		return err
	}
	next := ""
	if page.HasNewer {
		last := page.Messages[len(page.Messages)-1].ChangedSeq
		next = views.MessagesChangedURL(conv.Ref(), last, cmp.Or(params.asOf, conv.LastSeq))
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, page, next, limit))
}

// conversationPage answers with the page of a conversation. If htmx asks which messages changed while a page was
// loading, it answers with those messages. When a browser loads the newest messages, they are marked as read. When htmx
// loads them they are not, because the tab may be hidden; the page itself reports what is on the screen.
func (s *Server) conversationPage(c echo.Context, conv chat.Conversation, params pageParams) error {
	unread, err := s.firstUnread(c, conv, params)
	if err != nil {
		return err
	}
	timeline, err := s.placeTimeline(c, conv, params, unread)
	if err != nil {
		return err
	}
	if web.IsHTMX(c) && c.QueryParams().Has("changed_after") {
		return s.renderChangedSince(c, timeline, params.changedAfter)
	}
	if timeline.IsNewest() && c.Request().Method == http.MethodGet && !web.IsHTMX(c) {
		s.markPageRead(c, conv, timeline.Messages)
	}
	s.seeMarkedMessage(c, timeline)
	if timeline.Composer, err = s.newComposer(c, conv); err != nil {
		return err
	}
	timeline.Composer = withSuggestions(timeline.Composer, c.QueryParams()["typo"])
	if timeline.Composer.Hints, err = s.hintsFromQuery(c, conv.Ref()); err != nil {
		return err
	}
	return s.renderConversation(c, http.StatusOK, timeline)
}

// newTimeline returns the messages of page as the timeline that a web page shows. The page's stream continues after
// conv.LastSeq, so conv must have been read from the database before the messages. Otherwise the page would miss a
// message that was posted in between. before is the position before which the messages end; 0 stands for the newest
// messages.
func (s *Server) newTimeline(
	conv chat.Conversation, page chat.MessagePage, before int64, unread chat.UnreadPlace,
) views.Timeline {
	return views.Timeline{
		Conversation: conv,
		Online:       s.hub.IsOnline(conv.Peer),
		Messages:     page.Messages,
		HasOlder:     page.HasOlder,
		HasNewer:     page.HasNewer,
		Before:       before,
		Cursor:       conv.LastSeq,
		FirstUnread:  unread.Seq,
		Unread:       unread,
	}
}

func (s *Server) renderConversation(c echo.Context, status int, timeline views.Timeline) error {
	side, err := s.sidebar(c, timeline.Conversation.StreamKey())
	if err != nil {
		return err
	}
	return s.Render(c, status, views.MessagesPage(s.Page(c), side, timeline))
}

// historyJSON is the JSON response with one page of the messages of a conversation.
type historyJSON struct {
	Messages []web.MessageJSON `json:"messages"`
	Cursor   int64             `json:"cursor"`             // where a stream continues
	Previous string            `json:"previous,omitempty"` // the URL of older messages, with around, on or after
	Next     string            `json:"next,omitempty"`     // the URL of the next page
	On       string            `json:"on,omitempty"`       // with on: the first day that has messages
}

// historyToJSON returns a page of messages as JSON. next is the URL of the next page, or "" if this page is the last.
// If the request had a limit, historyToJSON adds the limit to that URL.
func historyToJSON(c chat.Conversation, h chat.MessagePage, next string, limit int) historyJSON {
	out := historyJSON{Messages: make([]web.MessageJSON, len(h.Messages)), Cursor: c.LastSeq, Next: next}
	for i, m := range h.Messages {
		out.Messages[i] = web.MessageToJSONFor(m, c.Viewer)
	}
	if next != "" {
		out.Next += limitParameter(limit)
	}
	return out
}

// limitParameter returns the query parameter that repeats the limit in the URL of the next page, or "" if the request
// had no limit.
func limitParameter(limit int) string {
	if limit <= 0 {
		return ""
	}
	return "&limit=" + strconv.Itoa(limit)
}
