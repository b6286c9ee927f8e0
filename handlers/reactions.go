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

// reactionRequest is the form or JSON that adds or removes a reaction of the caller.
type reactionRequest struct {
	Emoji string          `form:"emoji" json:"emoji" required:"true"`
	Tone  string          `form:"tone" json:"tone"`            // the skin tone that the picker was set to
	Mine  *web.StrictBool `form:"mine" json:"mine" example:""` // whether it should exist; absent: toggle
}

func (s *Server) react(c echo.Context) error {
	var in reactionRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	return s.addReaction(c, web.ParseID(c.Param("id")), in)
}

// addReaction adds or removes a reaction of the caller to a message.
func (s *Server) addReaction(c echo.Context, message int64, in reactionRequest) error {
	if err := s.checkChangeRate(c); err != nil {
		return err
	}
	// React refuses an unknown emoji (e is then empty), but only after it has found the message. A caller who may not
	// see the message gets the same answer as for a missing one.
	e, _ := emoji.Lookup(in.Emoji)
	me := web.CurrentUser(c)
	changed, err := s.chat.React(c.Request().Context(), me, message, e.Text, (*bool)(in.Mine))
	if err != nil {
		return err
	}
	if changed.Message.Reactions.By(me.ID, e.Text) {
		s.recordEmojiUse(c, e, in.Tone)
	}
	return s.renderChangedMessage(c, changed)
}
