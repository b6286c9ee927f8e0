package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) draftRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/drafts", Handler: s.saveDraft, Access: web.Member,
			KeepsText: true,
			Doc: web.Operation{
				Summary: "Saves a draft and shows others that the caller is typing. Answers 200 if it replaced a " +
					"draft that the caller had not seen.",
				Body:      postRequest{},
				Responses: web.Responses{200: replacedJSON{}, 204: nil},
			},
		},
	}
}

type replacedJSON struct {
	Replaced string `json:"replaced"`
}

// saveDraft keeps what is being written and tells the others. What the text has replaced unseen is handed back.
func (s *Server) saveDraft(c echo.Context) error {
	var in postRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me := web.CurrentUser(c)
	if err := s.limits.Typing.AllowUser(me); err != nil {
		return err
	}
	replaced, err := s.chat.SaveDraft(c.Request().Context(), me, chat.DraftUpdate{Conversation: in.conversation(), Body: in.Body, Base: in.Base, Key: in.Key})
	switch {
	case err != nil && (web.WantsJSON(c) || chat.CodeOf(err) == chat.NotFound):
		return err
	case err != nil:
		return s.refuseText(c, in, err)
	case replaced != "":
		return s.returnReplacedDraft(c, in, replaced)
	case web.IsHTMX(c) || web.WantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	default:
		return c.Redirect(http.StatusSeeOther, views.MessagesURL(in.conversation()))
	}
}

// returnReplacedDraft returns a text that another browser of the same person had kept: to a program, to the box, or as a page with
// both.
func (s *Server) returnReplacedDraft(c echo.Context, in postRequest, replaced string) error {
	switch {
	case web.WantsJSON(c):
		return c.JSON(http.StatusOK, replacedJSON{replaced})
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.DraftReplacedResponse(in.Body, replaced))
	default:
		news := chat.Errorf(chat.Conflict, "Your text is kept. Another one was kept here before: “%s”", replaced)
		return s.rerenderComposer(c, http.StatusConflict, views.Composer{Key: in.Key, Body: in.Body, SavedDraft: in.Body, Conversation: in.conversation(), Error: news})
	}
}
