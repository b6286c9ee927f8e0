package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"charla/chat"
	"charla/emoji"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) messageEditRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPut, Path: "/messages/:id", Handler: s.editMessage, Access: web.Member,
			Doc: web.Operation{
				Summary: "Replaces the text of an own message, and the alt texts of the named files. Without body " +
					"the text stays.",
				Body:      editRequest{},
				Responses: web.Responses{200: web.MessageJSON{}},
			},
		},
		{
			Method: http.MethodDelete, Path: "/messages/:id", Handler: s.deleteMessage, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Deletes an own message. A line without text remains.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/messages/:id/edit", Handler: s.editMessage, Access: web.Member,
			KeepsText: true,
			Doc: web.Operation{
				Summary:   "Does the same as PUT for HTML forms, which name the alt text of a file alt-ID.",
				Body:      editRequest{},
				Responses: web.Responses{200: web.MessageJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/messages/:id/delete", Handler: s.deleteMessage, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Does the same as DELETE for HTML forms.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

type editRequest struct {
	Body  *string          `form:"body" json:"body"` // without it the text stays, where files are described
	Files []altTextRequest `form:"-" json:"files"`   // those that are to be described anew; a form has alt-ID for each
}

type altTextRequest struct {
	ID  web.ID `json:"id"`
	Alt string `json:"alt"`
}

func (in editRequest) edit(form url.Values) chat.MessageEdit {
	e := chat.MessageEdit{Alts: map[int64]string{}}
	for _, f := range in.Files {
		e.Alts[int64(f.ID)] = f.Alt
	}
	for name, values := range form {
		if file, ok := strings.CutPrefix(name, "alt-"); ok {
			e.Alts[web.ParseID(file)] = values[0]
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
	var in editRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	edit := in.edit(c.Request().PostForm)
	err := s.checkChangeRate(c)
	var changed chat.ChangeResult
	if err == nil {
		expanded := edit
		expanded.Text = emoji.Expand(edit.Text)
		changed, err = s.chat.EditMessage(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")), expanded)
	}
	if err != nil {
		return s.refuseEdit(c, edit, err)
	}
	return s.renderChangedMessage(c, changed)
}

func (s *Server) deleteMessage(c echo.Context) error {
	if err := s.checkChangeRate(c); err != nil {
		return err
	}
	changed, err := s.chat.DeleteMessage(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.renderChangedMessage(c, changed)
}

// checkChangeRate counts a change like a message: everybody in the room is told of both.
func (s *Server) checkChangeRate(c echo.Context) error {
	return s.limits.Posts.AllowUser(web.CurrentUser(c))
}

// renderChangedMessage answers what was done with a message: the message, its line, or the way back to its conversation.
func (s *Server) renderChangedMessage(c echo.Context, changed chat.ChangeResult) error {
	switch {
	case web.WantsJSON(c):
		return c.JSON(http.StatusOK, web.MessageToJSON(changed.Message))
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.MessageChangedResponse(s.Locale(c), changed))
	default:
		return c.Redirect(http.StatusSeeOther, views.MessagesURL(chat.ConversationRef{Room: changed.Message.Room}))
	}
}

// refuseEdit answers a refused text: a browser gets the page again with what was typed. htmx leaves the box as it is.
func (s *Server) refuseEdit(c echo.Context, edit chat.MessageEdit, err error) error {
	kept := []chat.Code{chat.Invalid, chat.Conflict} // fail keeps it where the page cannot be had
	if web.IsHTMX(c) || web.WantsJSON(c) || !slices.Contains(kept, chat.CodeOf(err)) {
		return err
	}
	m, gone := s.chat.Message(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if gone != nil {
		return gone
	}
	e, status := web.ClassifyError(c, err)
	return s.renderMessage(c, status, m, views.EditForm{MessageEdit: edit, Error: e})
}

// renderChangedSince answers a window of older messages that asks what changed while it was on its way.
func (s *Server) renderChangedSince(c echo.Context, t views.Timeline, after int64) error {
	t.Messages = slices.DeleteFunc(t.Messages, func(m chat.Message) bool { return m.ChangedSeq <= after })
	if len(t.Messages) == 0 {
		return c.NoContent(http.StatusNoContent)
	}
	return s.Render(c, http.StatusOK, views.MissedChanges(s.Locale(c), t))
}
