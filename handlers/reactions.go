package handlers

import (
	"charla/handlers/web"

	"charla/emoji"

	"github.com/labstack/echo/v4"
)

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
