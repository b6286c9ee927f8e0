package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"charla/chat"
	"charla/emoji"
	"charla/views"

	"github.com/labstack/echo/v4"
)

type newText struct {
	Body  *string  `form:"body" json:"body"` // without it the text stays, where files are described
	Files []newAlt `form:"-" json:"files"`   // those that are to be described anew; a form has alt-ID for each
}

type newAlt struct {
	ID  id     `json:"id"`
	Alt string `json:"alt"`
}

func (in newText) edit(form url.Values) chat.Edit {
	e := chat.Edit{Alts: map[int64]string{}}
	for _, f := range in.Files {
		e.Alts[int64(f.ID)] = f.Alt
	}
	for name, values := range form {
		if file, ok := strings.CutPrefix(name, "alt-"); ok {
			e.Alts[number(file)] = values[0]
		}
	}
	if in.Body != nil {
		e.Text = *in.Body
	} else {
		e.KeepText = len(e.Alts) > 0
	}
	return e
}

func (s *Server) editMessage(c echo.Context) error {
	var in newText
	if err := decode(c, &in); err != nil {
		return err
	}
	edit := in.edit(c.Request().PostForm)
	err := s.mayChange(c)
	var changed chat.Changed
	if err == nil {
		expanded := edit
		expanded.Text = emoji.Expand(edit.Text)
		changed, err = s.chat.EditMessage(c.Request().Context(), person(c), number(c.Param("id")), expanded)
	}
	if err != nil {
		return s.keepEdit(c, edit, err)
	}
	return s.changed(c, changed)
}

func (s *Server) deleteMessage(c echo.Context) error {
	if err := s.mayChange(c); err != nil {
		return err
	}
	changed, err := s.chat.DeleteMessage(c.Request().Context(), person(c), number(c.Param("id")))
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.changed(c, changed)
}

type reaction struct {
	Emoji string  `form:"emoji" json:"emoji"`
	Tone  string  `form:"tone" json:"tone"` // in which a picker showed it
	Mine  *wanted `form:"mine" json:"mine"` // without it, the other way round than it is
}

// wanted says whether something shall be. Unlike a flag it is never guessed: what is neither yes nor no could undo something.
type wanted bool

var errNotWanted = &chat.Error{Code: chat.Invalid, Field: "mine", Format: "This is true or false."}

// UnmarshalParam reads a form's field.
func (w *wanted) UnmarshalParam(s string) error {
	yes, err := strconv.ParseBool(s)
	if err != nil {
		return errNotWanted
	}
	*w = wanted(yes)
	return nil
}

func (s *Server) react(c echo.Context) error {
	var in reaction
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.mayChange(c); err != nil {
		return err
	}
	e, _ := emoji.Find(in.Emoji) // what is none has no text, which is refused after the message was looked for
	changed, err := s.chat.React(c.Request().Context(), person(c), number(c.Param("id")), e.Text, (*bool)(in.Mine))
	if err != nil {
		return err
	}
	if changed.Message.Reactions.By(person(c).ID, e.Text) {
		s.noteEmoji(c, e, in.Tone)
	}
	return s.changed(c, changed)
}

// mayChange counts a change like a message: everybody in the room is told of both.
func (s *Server) mayChange(c echo.Context) error {
	return s.limits.posts.takeFor(person(c))
}

// changed answers what was done with a message: the message, its line, or the way back to its conversation.
func (s *Server) changed(c echo.Context, changed chat.Changed) error {
	switch {
	case wantsJSON(c):
		return c.JSON(http.StatusOK, toJSON(changed.Message))
	case isHX(c):
		return s.render(c, http.StatusOK, views.Changed(s.locale(c), changed))
	default:
		return c.Redirect(http.StatusSeeOther, views.MessagesURL(chat.Place{Room: changed.Message.Room}))
	}
}

// keepEdit answers a refused text: a browser gets the page again with what was typed. htmx leaves the box as it is.
func (s *Server) keepEdit(c echo.Context, edit chat.Edit, err error) error {
	kept := []chat.Code{chat.Invalid, chat.Conflict} // fail keeps it where the page cannot be had
	if isHX(c) || failsInJSON(c) || !slices.Contains(kept, chat.CodeOf(err)) {
		return err
	}
	m, gone := s.chat.Message(c.Request().Context(), person(c), number(c.Param("id")))
	if gone != nil {
		return gone
	}
	e, status := understand(c, err)
	return s.messagePage(c, status, m, views.Edit{Edit: edit, Error: e})
}

// changedSince answers a window of older messages that asks what changed while it was on its way.
func (s *Server) changedSince(c echo.Context, t views.Thread, after int64) error {
	t.Messages = slices.DeleteFunc(t.Messages, func(m chat.Message) bool { return m.ChangedSeq <= after })
	if len(t.Messages) == 0 {
		return c.NoContent(http.StatusNoContent)
	}
	return s.render(c, http.StatusOK, views.ChangedSince(s.locale(c), t))
}
