package handlers

import (
	"context"
	"net/http"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) savedMessageRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/messages/:id/save", Handler: s.saveMessage, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Saves a message for the caller alone. Repeating it changes nothing.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/messages/:id/unsave", Handler: s.unsaveMessage, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Removes a message from those that the caller saved. Repeating it changes nothing.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodGet, Path: "/saved", Handler: s.listSavedMessages, Access: web.Member,
			Doc: web.Operation{
				Summary: "Returns the messages that the caller saved, the last saved first, without those of rooms " +
					"that the caller is not in.",
				Query:     "before limit",
				OwnQuery:  continuesList,
				Responses: web.Responses{200: savedMessagesJSON{}},
			},
		},
	}
}

// savedMessagesJSON is the JSON response with messages that the caller saved.
type savedMessagesJSON struct {
	Messages []savedMessageJSON `json:"messages"`
	Next     string             `json:"next,omitempty"` // URL of the next page
}

// savedMessageJSON is a message that the caller saved.
type savedMessageJSON struct {
	web.MessageJSON
	SavedAt time.Time `json:"saved_at"`
	URL     string    `json:"url"` // the message in its conversation
}

func (s *Server) saveMessage(c echo.Context) error {
	m, err := s.changeSaved(c, s.chat.SaveMessage)
	if err != nil {
		return err
	}
	return s.renderSaved(c, m, views.PermalinkURL(m.Room, m.Seq))
}

func (s *Server) unsaveMessage(c echo.Context) error {
	m, err := s.changeSaved(c, s.chat.UnsaveMessage)
	if err != nil {
		return err
	}
	return s.renderSaved(c, m, views.SavedMessagesURL(0))
}

// changeSaved saves the message in the path of the request, or the opposite, and returns it.
func (s *Server) changeSaved(
	c echo.Context, change func(context.Context, chat.User, int64) (chat.Message, error),
) (chat.Message, error) {
	return change(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
}

// renderSaved answers after a message was saved, or the opposite. htmx closes the menu of the message; other browsers
// go to the URL next.
func (s *Server) renderSaved(c echo.Context, m chat.Message, next string) error {
	switch {
	case web.WantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.MessageSavedResponse(s.Locale(c), m))
	}
	return c.Redirect(http.StatusSeeOther, next)
}

// listSavedMessages answers with the messages that the caller saved.
func (s *Server) listSavedMessages(c echo.Context) error {
	params, err := readPageParams(c)
	if err != nil {
		return err
	}
	me := web.CurrentUser(c)
	list, more, err := s.chat.SavedMessages(c.Request().Context(), me, params.before, int(params.limit))
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = views.SavedMessagesURL(list[len(list)-1].SaveID) + limitParameter(int(params.limit))
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, savedMessagesToJSON(me, list, next))
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.SavedMessagesPage(s.Page(c), side, list, next))
}

func savedMessagesToJSON(me chat.User, list []chat.SavedMessage, next string) savedMessagesJSON {
	out := savedMessagesJSON{Messages: make([]savedMessageJSON, len(list)), Next: next}
	for i, saved := range list {
		m := saved.Message
		out.Messages[i] = savedMessageJSON{
			web.MessageToJSONFor(m, me.ID), saved.SavedAt.Time(), views.PermalinkURL(m.Room, m.Seq),
		}
	}
	return out
}
