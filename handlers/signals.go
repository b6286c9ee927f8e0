package handlers

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"charla/chat"
	"charla/static"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// signals are what one page was told beside the conversation, so that it is told again only when that changes. The states of a
// page are asked for one at a time.
type signals struct {
	audible bool               // its person wants to hear of messages
	away    bool               // it missed what happened to the files in its box
	icon    string             // the page has
	unread  map[chat.Place]int // nil until the first state
}

// of tells a page with these conversations which icon it has now, and of one in which more is unread than before.
func (g *signals) of(rows []views.Row) []templ.Component {
	var news []templ.Component
	if icon := static.Path(views.IconName(views.Sidebar{Rows: rows}.Unread() > 0)); icon != g.icon {
		g.icon = icon
		news = append(news, views.Favicon(icon))
	}
	grown := slices.IndexFunc(rows, func(r views.Row) bool { return r.Unread > g.unread[r.Place()] })
	if g.audible && g.unread != nil && grown >= 0 {
		news = append(news, views.Call(rows[grown].Place(), rows[grown].LastSeq))
	}
	g.unread = make(map[chat.Place]int, len(rows))
	for _, r := range rows {
		g.unread[r.Place()] = r.Unread
	}
	return news
}

// soundEvery is how long one sound keeps others quiet: all pages of a browser are one pair of ears.
const soundEvery = 2 * time.Second

// ears are the browsers that heard something of late.
type ears struct {
	mu    sync.Mutex // guards heard
	heard map[int64]time.Time
}

// take tells whether a session may hear something now. Then it may not for a while.
func (e *ears) take(session int64, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, at := range e.heard {
		if now.Sub(at) >= soundEvery {
			delete(e.heard, id)
		}
	}
	if _, just := e.heard[session]; just {
		return false
	}
	e.heard[session] = now
	return true
}

// sound answers a page that was called: with a sound, unless the message was read meanwhile, by whomever has it on screen,
// or another page of this browser just sounded.
func (s *Server) sound(c echo.Context) error {
	v := visitorOf(c)
	conv, err := s.chat.Conversation(c.Request().Context(), v.User, queryPlace(c))
	if err != nil {
		return err
	}
	seq, err := queryNumber(c, "seq")
	if err != nil {
		return err
	}
	unread := conv.Unread > 0 && conv.ReadSeq < seq
	if wantsJSON(c) || !v.User.Sound || !unread || !s.ears.take(v.Session.ID, time.Now()) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.render(c, http.StatusOK, views.Sound(static.Path("chime.wav")))
}
