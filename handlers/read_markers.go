package handlers

import (
	"log/slog"
	"net/http"
	"strings"

	"charla/chat"
	"charla/handlers/web"

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
	}
}

// markHistoryRead marks read what a page is about to show. That it fails is no reason not to show it. What htmx fetches may be
// for a hidden tab: there the page itself says what is on screen.
func (s *Server) markHistoryRead(c echo.Context, conv chat.Conversation, h chat.MessagePage) {
	if conv.Unread == 0 || len(h.Messages) == 0 {
		return
	}
	last := h.Messages[len(h.Messages)-1].Seq
	if err := s.chat.MarkRead(c.Request().Context(), web.CurrentUser(c), conv.Ref(), last); err != nil {
		slog.Warn("not marked read", "request", web.RequestID(c), "room", conv.Room, "error", err)
	}
}

type markReadRequest struct {
	With web.ID    `form:"with" json:"with"`
	Room web.ID    `form:"room" json:"room"`
	Seq  *seqParam `form:"seq" json:"seq"`
}

// seqParam is the seq of a message up to which all was read.
type seqParam int64

// UnmarshalParam reads a form's field.
func (n *seqParam) UnmarshalParam(s string) error {
	seq, ok := web.ParseNumber(s)
	if !ok {
		return web.InvalidNumber("seq")
	}
	*n = seqParam(seq)
	return nil
}

// UnmarshalJSON reads a number, or one in quotes.
func (n *seqParam) UnmarshalJSON(b []byte) error {
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
	place := chat.ConversationRef{With: int64(in.With), Room: int64(in.Room)}
	if err := s.chat.MarkRead(c.Request().Context(), web.CurrentUser(c), place, int64(*in.Seq)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
