package handlers

import (
	"log/slog"
	"net/http"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) inboxRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/inbox", Handler: s.showInbox, Access: web.Member,
			Doc: web.Operation{
				Summary: "Returns what the caller was notified of, newest first, 50 at a time. Leaves out items " +
					"about rooms that the caller is not in.",
				Query: "kind after",
				OwnQuery: []web.QueryParameter{
					{Name: "kind", Type: "", Description: "Returns only items of this kind."},
				},
				Responses: web.Responses{200: inboxJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/inbox/seen", Handler: s.seeInbox, Access: web.Member,
			Doc: web.Operation{
				Summary: "Marks one item of the inbox as seen, or all items up to one. Reading a conversation marks " +
					"the items about it, too.",
				Body:      seeInboxRequest{},
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// inboxJSON is the JSON response with one page of an inbox.
type inboxJSON struct {
	Unseen int             `json:"unseen"` // in the whole inbox
	Items  []inboxItemJSON `json:"items"`
	Next   string          `json:"next,omitempty"` // URL of the next page
}

// inboxItemJSON is an item of an inbox.
type inboxItemJSON struct {
	ID       int64            `json:"id"` // an item with a new reaction has a new id
	Kind     string           `json:"kind" enum:"mention,reply,reaction,invitation,moderation"`
	Room     int64            `json:"room"`
	RoomName string           `json:"room_name" example:"Kitchen"` // or of the other person of a direct conversation
	Message  *web.MessageJSON `json:"message,omitempty"`           // absent from an invitation
	People   []web.AuthorJSON `json:"people"`                      // who did it; reactions in their order
	At       time.Time        `json:"at"`
	Seen     bool             `json:"seen"`
}

func inboxToJSON(page chat.InboxPage, next string, reader int64) inboxJSON {
	out := inboxJSON{Unseen: page.Unseen, Items: make([]inboxItemJSON, len(page.Items)), Next: next}
	for i, item := range page.Items {
		out.Items[i] = inboxItemJSON{
			ID: item.ID, Kind: string(item.Kind), Room: item.Room, RoomName: item.RoomName,
			People: web.AuthorsToJSON(item.People), At: item.CreatedAt.Time(), Seen: item.SeenAt != 0,
		}
		if item.Message != nil {
			m := web.MessageToJSONFor(*item.Message, reader)
			out.Items[i].Message = &m
		}
	}
	return out
}

// showInbox answers with a page of the caller's inbox.
func (s *Server) showInbox(c echo.Context) error {
	kind := chat.InboxKind(c.QueryParam("kind"))
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return err
	}
	page, err := s.chat.Inbox(c.Request().Context(), web.CurrentUser(c), kind, after)
	if err != nil {
		return err
	}
	next := ""
	if page.Next != 0 {
		next = views.InboxURL(kind, page.Next)
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, inboxToJSON(page, next, web.CurrentUser(c).ID))
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	inbox := views.Inbox{InboxPage: page, Kind: kind, NextURL: next}
	return s.Render(c, http.StatusOK, views.InboxPage(s.Page(c), side, inbox))
}

// seeInboxRequest is the form or JSON that marks an item as seen, or all items up to one.
type seeInboxRequest struct {
	ID   web.ID `form:"id" json:"id" example:""`
	UpTo web.ID `form:"upto" json:"upto"`
}

var errNoInboxItem = &chat.Error{
	Code: chat.Invalid, Field: "upto", Format: "Choose an item, or the last item that you have seen.",
}

func (s *Server) seeInbox(c echo.Context) error {
	var in seeInboxRequest
	err := web.Bind(c, &in)
	switch ctx, me := c.Request().Context(), web.CurrentUser(c); {
	case err != nil:
	case in.ID != 0:
		err = s.chat.SeeInboxItem(ctx, me, int64(in.ID))
	case in.UpTo != 0:
		err = s.chat.SeeInboxItems(ctx, me, int64(in.UpTo))
	default:
		err = errNoInboxItem
	}
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return web.Redirect(c, "/inbox")
}

// seeMarkedMessage marks what the inbox has about the message that a link leads to as seen. It only logs an error, so
// that the page is rendered anyway.
func (s *Server) seeMarkedMessage(c echo.Context, timeline views.Timeline) {
	if timeline.Marked == 0 || c.Request().Method != http.MethodGet {
		return
	}
	err := s.chat.SeeMessage(c.Request().Context(), web.CurrentUser(c), timeline.Conversation, timeline.Marked)
	if err != nil {
		slog.Warn("mark inbox item seen failed", "request", web.RequestID(c), "error", err)
	}
}
