package handlers

import (
	"net/http"

	"charla/emoji"
	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) reactionRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/messages/:id/reactions", Handler: s.react, Access: web.Member,
			Doc: web.Operation{
				Summary: "Adds a reaction, or removes it if it exists. With mine it can be repeated: true adds it, " +
					"false removes it.",
				Body:      reactionRequest{},
				Responses: web.Responses{200: web.MessageJSON{}},
			},
		},
	}
}

type reactionRequest struct {
	Emoji string          `form:"emoji" json:"emoji"`
	Tone  string          `form:"tone" json:"tone"` // in which a picker showed it
	Mine  *web.StrictBool `form:"mine" json:"mine"` // without it, the other way round than it is
}

func (s *Server) react(c echo.Context) error {
	var in reactionRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if err := s.checkChangeRate(c); err != nil {
		return err
	}
	e, _ := emoji.Lookup(in.Emoji) // what is none has no text, which is refused after the message was looked for
	changed, err := s.chat.React(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")), e.Text, (*bool)(in.Mine))
	if err != nil {
		return err
	}
	if changed.Message.Reactions.By(web.CurrentUser(c).ID, e.Text) {
		s.recordEmojiUse(c, e, in.Tone)
	}
	return s.renderChangedMessage(c, changed)
}
