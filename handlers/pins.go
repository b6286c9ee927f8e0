package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) pinRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/messages/:id/pin", Handler: s.pinMessage, Access: web.Member,
			Action: chat.PinMessages,
			Doc: web.Operation{
				Summary: "Pins a message for everybody in its room, at most 100 in a room. Repeating it changes " +
					"nothing. In a direct conversation both people may pin.",
				Responses: web.Responses{200: web.MessageJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/messages/:id/unpin", Handler: s.unpinMessage, Access: web.Member,
			Action: chat.PinMessages,
			Doc: web.Operation{
				Summary:   "Unpins a message. Repeating it changes nothing.",
				Responses: web.Responses{200: web.MessageJSON{}},
			},
		},
		{
			Method: http.MethodGet, Path: "/pins", Handler: s.listPins, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns the pinned messages of a conversation, the last pinned first.",
				Query:     "with room before limit",
				OwnQuery:  continuesList,
				Responses: web.Responses{200: pinsJSON{}},
			},
		},
	}
}

// continuesList is the parameter before of lists that are not ordered by the seqs of their messages.
var continuesList = []web.QueryParameter{
	{Name: "before", Type: int64(0), Description: "Continues the list: the number in the URL of the next page."},
}

// pinsJSON is the JSON response with pinned messages of a conversation.
type pinsJSON struct {
	Messages []web.MessageJSON `json:"messages"`
	Next     string            `json:"next,omitempty"` // URL of the next page
}

func (s *Server) pinMessage(c echo.Context) error {
	if err := s.checkChangeRate(c); err != nil {
		return err
	}
	changed, err := s.chat.PinMessage(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	return s.renderChangedMessage(c, changed)
}

// unpinMessage unpins a message. Without htmx it leads to the list of pinned messages, where its button is, too.
func (s *Server) unpinMessage(c echo.Context) error {
	if err := s.checkChangeRate(c); err != nil {
		return err
	}
	changed, err := s.chat.UnpinMessage(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	if web.WantsJSON(c) || web.IsHTMX(c) {
		return s.renderChangedMessage(c, changed)
	}
	return c.Redirect(http.StatusSeeOther, views.PinsURL(chat.ConversationRef{Room: changed.Message.Room}, 0))
}

// listPins answers with the pinned messages of a conversation.
func (s *Server) listPins(c echo.Context) error {
	ctx, me := c.Request().Context(), web.CurrentUser(c)
	conv, err := s.chat.Conversation(ctx, me, web.QueryConversation(c))
	if err != nil {
		return err
	}
	params, err := readPageParams(c)
	if err != nil {
		return err
	}
	messages, more, err := s.chat.PinnedMessages(ctx, conv, params.before, int(params.limit))
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = views.PinsURL(conv.Ref(), messages[len(messages)-1].Pin.Seq) + limitParameter(int(params.limit))
	}
	if web.WantsJSON(c) {
		out := pinsJSON{Messages: make([]web.MessageJSON, len(messages)), Next: next}
		for i, m := range messages {
			out.Messages[i] = web.MessageToJSONFor(m, me.ID)
		}
		return c.JSON(http.StatusOK, out)
	}
	side, err := s.sidebar(c, conv.StreamKey())
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.PinsPage(s.Page(c), side, conv, messages, next))
}
