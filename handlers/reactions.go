package handlers

import (
	"strconv"

	"charla/chat"
	"charla/emoji"

	"github.com/labstack/echo/v4"
)

type reactionRequest struct {
	Emoji string      `form:"emoji" json:"emoji"`
	Tone  string      `form:"tone" json:"tone"` // in which a picker showed it
	Mine  *StrictBool `form:"mine" json:"mine"` // without it, the other way round than it is
}

// StrictBool says whether something shall be. Unlike a flag it is never guessed: what is neither yes nor no could undo something.
type StrictBool bool

var errNotBool = &chat.Error{Code: chat.Invalid, Field: "mine", Format: "This is true or false."}

// UnmarshalParam reads a form's field.
func (w *StrictBool) UnmarshalParam(s string) error {
	yes, err := strconv.ParseBool(s)
	if err != nil {
		return errNotBool
	}
	*w = StrictBool(yes)
	return nil
}

func (s *Server) react(c echo.Context) error {
	var in reactionRequest
	if err := Bind(c, &in); err != nil {
		return err
	}
	if err := s.checkChangeRate(c); err != nil {
		return err
	}
	e, _ := emoji.Lookup(in.Emoji) // what is none has no text, which is refused after the message was looked for
	changed, err := s.chat.React(c.Request().Context(), CurrentUser(c), ParseID(c.Param("id")), e.Text, (*bool)(in.Mine))
	if err != nil {
		return err
	}
	if changed.Message.Reactions.By(CurrentUser(c).ID, e.Text) {
		s.recordEmojiUse(c, e, in.Tone)
	}
	return s.renderChangedMessage(c, changed)
}
