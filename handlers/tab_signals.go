package handlers

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/static"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) tabSignalRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/sound", Handler: s.playSound, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns a sound for a page that has an unread message. JSON callers get 204.",
				Query:     "with room seq",
				Responses: web.Responses{200: web.HTML, 204: nil},
			},
		},
	}
}

// tabSignals are what one page was told beside the conversation, so that it is told again only when that changes. The states of a
// page are asked for one at a time.
type tabSignals struct {
	soundOn bool                         // its person wants to hear of messages
	stale   bool                         // it missed what happened to the files in its box
	icon    string                       // the page has
	unread  map[chat.ConversationRef]int // nil until the first state
}

// readersOf tells a page with these conversations which icon it has now, and of one in which more is unread than before.
func (g *tabSignals) update(rows []views.ConversationRow) []templ.Component {
	var news []templ.Component
	if icon := static.URL(views.FaviconName(views.Sidebar{Rows: rows}.Unread() > 0)); icon != g.icon {
		g.icon = icon
		news = append(news, views.FaviconFragment(icon))
	}
	grown := slices.IndexFunc(rows, func(r views.ConversationRow) bool { return r.Unread > g.unread[r.Ref()] })
	if g.soundOn && g.unread != nil && grown >= 0 {
		news = append(news, views.SoundRequestFragment(rows[grown].Ref(), rows[grown].LastSeq))
	}
	g.unread = make(map[chat.ConversationRef]int, len(rows))
	for _, r := range rows {
		g.unread[r.Ref()] = r.Unread
	}
	return news
}

// soundPause is how long one sound keeps others quiet: all pages of a browser are one pair of ears.
const soundPause = 2 * time.Second

// soundThrottle are the browsers that heard something of late.
type soundThrottle struct {
	mu       sync.Mutex // guards heard
	playedAt map[int64]time.Time
}

// Allow tells whether a session may hear something now. Then it may not for a while.
func (e *soundThrottle) allow(session int64, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, at := range e.playedAt {
		if now.Sub(at) >= soundPause {
			delete(e.playedAt, id)
		}
	}
	if _, just := e.playedAt[session]; just {
		return false
	}
	e.playedAt[session] = now
	return true
}

// playSound answers a page that was called: with a sound, unless the message was read meanwhile, by whomever has it on screen,
// or another page of this browser just sounded.
func (s *Server) playSound(c echo.Context) error {
	v := web.CallerOf(c)
	conv, err := s.chat.Conversation(c.Request().Context(), v.User, web.QueryConversation(c))
	if err != nil {
		return err
	}
	seq, err := web.QueryNumber(c, "seq")
	if err != nil {
		return err
	}
	unread := conv.Unread > 0 && conv.ReadSeq < seq
	if web.WantsJSON(c) || !v.User.Sound || !unread || !s.sounds.allow(v.Session.ID, time.Now()) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.Render(c, http.StatusOK, views.SoundResponse(static.URL("chime.wav")))
}
