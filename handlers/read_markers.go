package handlers

import (
	"log/slog"
	"net/http"
	"strings"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) readMarkerRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/read", Handler: s.markRead, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Marks a conversation as read up to a message.",
				Body:      markReadRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/messages/:id/unread", Handler: s.markUnread, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Marks a message and all after it as unread. Open pages do not mark them as read again.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// markReadRequest is the form or JSON that marks the messages of a conversation as read, up to and including the
// message whose seq is Seq. Marks is the number that the page was opened with; see chat.Service.MarkRead.
type markReadRequest struct {
	With web.ID    `form:"with" json:"with"`
	Room web.ID    `form:"room" json:"room" example:""`
	Seq  *seqParam `form:"seq" json:"seq" required:"true"`

	Marks *marksParam `form:"marks" json:"marks" example:""`
}

// seqParam is a seq (the number of a message in its room) in a form or in JSON. JSON may contain it as a number or as a
// string.
type seqParam int64

// UnmarshalParam reads the seq from the value of a form field.
func (n *seqParam) UnmarshalParam(s string) error {
	seq, ok := web.ParseNumber(s)
	if !ok {
		return web.InvalidNumber("seq")
	}
	*n = seqParam(seq)
	return nil
}

// UnmarshalJSON reads the seq from a JSON number or string.
func (n *seqParam) UnmarshalJSON(b []byte) error {
	return n.UnmarshalParam(strings.Trim(string(b), `"`))
}

// marksParam is a number of marks in a form or in JSON.
type marksParam int64

// UnmarshalParam reads the number from the value of a form field.
func (n *marksParam) UnmarshalParam(s string) error {
	marks, ok := web.ParseNumber(s)
	if !ok {
		return web.InvalidNumber("marks")
	}
	*n = marksParam(marks)
	return nil
}

// UnmarshalJSON reads the number from a JSON number or string.
func (n *marksParam) UnmarshalJSON(b []byte) error {
	return n.UnmarshalParam(strings.Trim(string(b), `"`))
}

func (s *Server) markRead(c echo.Context) error {
	var in markReadRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if in.Seq == nil {
		return web.InvalidNumber("seq")
	}
	conversation := chat.ConversationRef{With: int64(in.With), Room: int64(in.Room)}
	marks := int64(-1)
	if in.Marks != nil {
		marks = int64(*in.Marks)
	}
	err := s.chat.MarkRead(c.Request().Context(), web.CurrentUser(c), conversation, int64(*in.Seq), marks)
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// markUnread makes a message and those after it unread. It leads away from the conversation, because its page would
// show them as read when it is loaded again.
func (s *Server) markUnread(c echo.Context) error {
	err := s.chat.MarkUnread(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	switch {
	case err != nil:
		return err
	case web.WantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	case web.IsHTMX(c):
		c.Response().Header().Set("HX-Location", views.OpenListHeader())
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, "/chat")
}

// markPageRead marks the messages of a page as read; it is called just before the page is rendered. It only logs an
// error, so that the page is rendered even if marking fails.
func (s *Server) markPageRead(c echo.Context, conv chat.Conversation, messages []chat.Message) {
	if conv.Unread == 0 && conv.Unseen == 0 {
		return
	}
	last := conv.LastSeq
	if len(messages) > 0 {
		last = messages[len(messages)-1].Seq
	}
	if err := s.chat.MarkRead(
		c.Request().Context(), web.CurrentUser(c), conv.Ref(), last, conv.UnreadMarks,
	); err != nil {
		slog.Warn("mark conversation read failed", "request", web.RequestID(c), "room", conv.Room, "error", err)
	}
}
