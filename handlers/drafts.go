package handlers

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
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

// replacedJSON is the JSON response with the text of a draft that was overwritten.
type replacedJSON struct {
	Replaced string `json:"replaced"`
}

// saveDraft saves the caller's draft and tells the other members that the caller is typing. If it overwrites a draft
// from another browser that the caller has not seen, the response contains the overwritten text.
func (s *Server) saveDraft(c echo.Context) error {
	var in postRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me := web.CurrentUser(c)
	if err := s.limits.Typing.AllowUser(me); err != nil {
		return err
	}
	update := chat.DraftUpdate{Conversation: in.conversation(), Body: in.Body, Base: in.Base, Key: in.Key}
	replaced, err := s.chat.SaveDraft(c.Request().Context(), me, update)
	switch {
	case err != nil:
		return s.rerenderComposer(c, in, nil, err)
	case replaced != "":
		return s.returnReplacedDraft(c, in, replaced)
	case web.IsHTMX(c) || web.WantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, views.MessagesURL(in.conversation()))
}

// returnReplacedDraft answers with the text of an overwritten draft: as JSON for programs, or as a page that shows the
// old and the new text.
func (s *Server) returnReplacedDraft(c echo.Context, in postRequest, replaced string) error {
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, replacedJSON{replaced})
	}
	in.Base = in.Body
	err := chat.Errorf(chat.Conflict,
		"Your draft was saved. It replaced a draft from another tab or device: “%s”", replaced)
	return s.rerenderComposer(c, in, nil, err)
}

// draftSignal tells a page when the draft of its conversation was sent or deleted elsewhere. It remembers the draft
// that the server had last.
type draftSignal struct {
	s      *Server
	conv   chat.Conversation
	missed int64  // the seq after which a page that has reconnected missed what happened; -1 for nothing
	key    string // of the draft; empty for none
}

// newDraftSignal returns the draftSignal of a page that opens its stream.
func (s *Server) newDraftSignal(c echo.Context, conv chat.Conversation) *draftSignal {
	missed, err := strconv.ParseInt(c.Request().Header.Get("Last-Event-ID"), 10, 64)
	if err != nil {
		missed = -1
	}
	return &draftSignal{s: s, conv: conv, missed: missed}
}

// update returns a fragment for the page if drafts that it may show are gone, and otherwise nothing. current is the
// conversation as it is now, or nil on a page without one.
//
// To a page that has reconnected, a draft is gone only if its message was posted. That the server has no draft is no
// reason: the page may be saving one right now, and would empty its composer.
func (d *draftSignal) update(ctx context.Context, current *chat.Conversation) ([]templ.Component, error) {
	if current == nil {
		return nil, nil
	}
	var gone []string
	if d.missed >= 0 {
		posted, err := d.s.chat.PostedKeys(ctx, *current, d.missed)
		if err != nil {
			return nil, err
		}
		gone = posted
	}
	key := ""
	if current.HasDraft {
		draft, err := d.s.chat.Draft(ctx, d.conv)
		if err != nil {
			return nil, err
		}
		key = draft.Key
	}
	if d.key != "" && d.key != key {
		gone = append(gone, d.key)
	}
	d.missed, d.key = -1, key
	if len(gone) == 0 {
		return nil, nil
	}
	return []templ.Component{views.DraftsGoneFragment(d.conv.Ref(), gone, rand.Text())}, nil
}
