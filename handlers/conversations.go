package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) conversationRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/conversations", Handler: s.listConversations, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns all conversations, unread ones first, then the latest, 100 at a time.",
				Query:     "after",
				Responses: web.Responses{200: conversationsJSON{}},
			},
		},
	}
}

// conversationsJSON is the JSON response with one page of the caller's list of conversations.
type conversationsJSON struct {
	Conversations []web.ConversationJSON `json:"conversations"`
	Next          string                 `json:"next,omitempty"` // URL of the next page
}

// listConversations answers with one page of the list of the caller's conversations.
func (s *Server) listConversations(c echo.Context) error {
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return err
	}
	list, after, err := s.chat.ConversationsAfter(c.Request().Context(), web.CurrentUser(c), after)
	if err != nil {
		return err
	}
	next := ""
	if after != 0 {
		next = views.NextPageURL("/conversations", "", after)
	}
	if web.WantsJSON(c) {
		out := conversationsJSON{Conversations: make([]web.ConversationJSON, len(list)), Next: next}
		for i, conv := range list {
			out.Conversations[i] = web.ConversationToJSON(conv)
		}
		return c.JSON(http.StatusOK, out)
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	rows := s.rows(list, chat.StreamKey{})
	return s.Render(c, http.StatusOK, views.ConversationsPage(s.Page(c), side, rows, next))
}
