package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"charla/chat"
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

// editRequest is the form or JSON that changes the text of a message, the alt texts of its files, or both.
type editRequest struct {
	Body *string `form:"body" json:"body" example:"" max:"150000"` // absent with an alt text: the text stays
	// in a form, the alt text of a file is the field alt-ID
	Files []altTextRequest `form:"-" json:"files"`
}

// altTextRequest is the new alt text of one file, in the JSON of an editRequest.
type altTextRequest struct {
	ID  web.ID `json:"id"`
	Alt string `json:"alt" max:"4000"`
}

// edit returns the change that the request describes. In a form, the alt texts are in fields called alt-ID, where ID is
// the id of the file.
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
	if in.Body == nil {
		e.KeepText = len(e.Alts) > 0
		return e
	}
	e.Text = *in.Body
	return e
}

func (s *Server) editMessage(c echo.Context) error {
	var in editRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if err := s.checkChangeRate(c); err != nil {
		return err
	}
	typed := in.edit(c.Request().PostForm)
	edit := typed
	edit.Text = expandShortcodes(typed.Text)
	changed, err := s.chat.EditMessage(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")), edit)
	if err != nil {
		return s.rerenderEdit(c, typed, err)
	}
	if web.IsHTMX(c) && !web.WantsJSON(c) {
		return s.Render(c, http.StatusOK, views.MessageEditedResponse(s.Locale(c), changed))
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

// checkChangeRate counts a change of a message by the caller, and returns an error if the caller has reached the rate
// limit. Changes count against the limit for new messages, because both are sent to everyone in the room.
func (s *Server) checkChangeRate(c echo.Context) error {
	return s.limits.Posts.AllowUser(web.CurrentUser(c))
}

// renderChangedMessage answers after a message was changed. Programs get the message as JSON, htmx gets a fragment that
// replaces the message on the page, and other browsers are redirected to the conversation.
func (s *Server) renderChangedMessage(c echo.Context, changed chat.ChangeResult) error {
	switch {
	case web.WantsJSON(c):
		return c.JSON(http.StatusOK, web.MessageToJSON(changed.Message))
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.MessageChangedResponse(s.Locale(c), changed))
	}
	return c.Redirect(http.StatusSeeOther, views.MessagesURL(chat.ConversationRef{Room: changed.Message.Room}))
}

// rerenderEdit answers a refused edit with the page of the message, which shows err and the text that the user typed.
// Programs and htmx still have the text, so they get only the error. If the page cannot be loaded, rerenderEdit returns
// the error, and handleError shows the text.
func (s *Server) rerenderEdit(c echo.Context, typed chat.MessageEdit, err error) error {
	code := chat.CodeOf(err)
	if web.IsHTMX(c) || web.WantsJSON(c) || code != chat.Invalid && code != chat.Conflict {
		return err
	}
	m, notFound := s.chat.Message(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if notFound != nil {
		return notFound
	}
	e, status := web.ClassifyError(c, err)
	return s.renderMessage(c, status, m, views.EditForm{MessageEdit: typed, Error: e})
}

// renderChangedSince answers htmx with those messages of the timeline whose ChangedSeq is greater than after, or with
// status 204 if there are none. A page of older messages makes this request once it is in the document, because the
// stream may have delivered changes while the page was loading.
//
// If the page of newer messages is full by now, more of them may follow. The browser then asks for the next ones.
func (s *Server) renderChangedSince(c echo.Context, timeline views.Timeline, after int64) error {
	if n := len(timeline.Messages); timeline.After > 0 && timeline.HasNewer && n > 0 {
		timeline.After, timeline.Cursor = timeline.Messages[n-1].Seq, after
	}
	timeline.ChangedAfter = after
	timeline.Messages = slices.DeleteFunc(timeline.Messages, func(m chat.Message) bool { return m.ChangedSeq <= after })
	if len(timeline.Messages) == 0 {
		return c.NoContent(http.StatusNoContent)
	}
	return s.Render(c, http.StatusOK, views.MissedChanges(s.Locale(c), timeline))
}
