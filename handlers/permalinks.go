package handlers

import (
	"net/http"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// isPlace reports whether the request names a place in the conversation, from which one can page both ways.
func isPlace(c echo.Context) bool {
	query := c.QueryParams()
	return query.Has("around") || query.Has("on") || query.Has("after")
}

// placePage is a page of messages around a place.
type placePage struct {
	chat.MessagePage
	marked int64  // the seq that the request named, or that of the first unread message
	day    string // the first day of a page for a day, which may be later than the requested one
}

// messagesAtPlace returns the messages at the place that the request names: before or after a seq, around one, around
// the first unread message, or from a day on. If the place does not exist, it returns the newest messages.
func (s *Server) messagesAtPlace(
	c echo.Context, conv chat.Conversation, params pageParams, unread chat.UnreadPlace,
) (p placePage, err error) {
	ctx, limit, around := c.Request().Context(), int(params.limit), params.around
	if params.aroundUnread {
		around = unread.Seq
	}
	switch query := c.QueryParams(); {
	case params.before > 0:
		p.MessagePage, err = s.chat.MessagesBefore(ctx, conv, params.before, limit)
		p.HasNewer = params.before <= conv.LastSeq
	case query.Has("after"):
		p.MessagePage, err = s.chat.MessagesFrom(ctx, conv, params.after, limit)
	case query.Has("on"):
		var first chat.Place
		p.MessagePage, first, err = s.chat.MessagesOn(ctx, conv, params.on, limit)
		if first.Seq > 0 {
			p.day = s.chat.Day(first.PostedAt)
		}
	case around > 0:
		p.marked = around
		p.MessagePage, err = s.chat.MessagesAround(ctx, conv, around, limit)
	default:
		p.MessagePage, err = s.chat.MessagesBefore(ctx, conv, 0, limit)
	}
	return p, err
}

// listPlace answers with the messages at a place, as JSON.
func (s *Server) listPlace(c echo.Context, conv chat.Conversation, params pageParams) error {
	unread, err := s.firstUnread(c, conv, params)
	if err != nil {
		return err
	}
	page, err := s.messagesAtPlace(c, conv, params, unread)
	if err != nil {
		return err
	}
	out := historyToJSON(conv, page.MessagePage, "", 0)
	out.On = page.day
	first, last := params.before, params.before-1
	if params.before == 0 {
		first, last = params.after+1, params.after
	}
	if n := len(page.Messages); n > 0 {
		first, last = page.Messages[0].Seq, page.Messages[n-1].Seq
	}
	if page.HasOlder {
		out.Previous = views.PlaceBeforeURL(conv.Ref(), first) + limitParameter(int(params.limit))
	}
	if page.HasNewer {
		out.Next = views.MessagesAfterURL(conv.Ref(), last) + limitParameter(int(params.limit))
	}
	return c.JSON(http.StatusOK, out)
}

// firstUnread returns the place of the first unread message of a conversation. On a later page it is where the first
// page had it, because the messages may have been read meanwhile.
func (s *Server) firstUnread(c echo.Context, conv chat.Conversation, params pageParams) (chat.UnreadPlace, error) {
	if params.unread > 0 {
		return chat.UnreadPlace{Place: chat.Place{Seq: params.unread}}, nil
	}
	return s.chat.FirstUnread(c.Request().Context(), conv)
}

// placeTimeline returns the timeline of a page that shows the messages at a place.
func (s *Server) placeTimeline(
	c echo.Context, conv chat.Conversation, params pageParams, unread chat.UnreadPlace,
) (views.Timeline, error) {
	page, err := s.messagesAtPlace(c, conv, params, unread)
	if err != nil {
		return views.Timeline{}, err
	}
	t := s.newTimeline(conv, page.MessagePage, params.before, unread)
	t.After, t.Marked = params.after, page.marked
	t.Window = page.HasNewer || page.marked > 0 || page.day != "" || params.after > 0
	t.ReadThrough = params.unread > 0 && params.after > 0 ||
		len(page.Messages) > 0 && page.Messages[0].Seq <= unread.Seq
	if params.on != "" && page.day != params.on {
		t.Notice = views.NoMessagesNotice(s.Locale(c), params.on, page.day != "")
	}
	return t, nil
}
