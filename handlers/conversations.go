package handlers

import (
	"net/http"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

type conversationsJSON struct {
	Conversations []conversationJSON `json:"conversations"`
	Next          string             `json:"next,omitempty"` // where the following ones are
}

// conversations lists all conversations of a person, a page at a time.
func (s *Server) conversations(c echo.Context) error {
	after, err := queryNumber(c, "after")
	if err != nil {
		return err
	}
	list, after, err := s.chat.ConversationsAfter(c.Request().Context(), person(c), after)
	if err != nil {
		return err
	}
	next := ""
	if after != 0 {
		next = views.ListURL("/conversations", "", after)
	}
	if wantsJSON(c) {
		out := conversationsJSON{Conversations: make([]conversationJSON, len(list)), Next: next}
		for i, conv := range list {
			out.Conversations[i] = conversationToJSON(conv)
		}
		return c.JSON(http.StatusOK, out)
	}
	side, err := s.sidebar(c, chat.Topic{})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Conversations(s.page(c), side, s.rows(list, chat.Topic{}), next))
}
