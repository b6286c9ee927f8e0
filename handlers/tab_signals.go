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

// tabSignals stores which favicon and unread counts a stream sent last, so that the stream sends them again only if
// they have changed. It needs no lock, because a stream never computes two updates at once.
type tabSignals struct {
	soundOn bool                                       // the user wants a sound for new messages
	icon    string                                     // URL of the favicon that the page has
	known   map[chat.ConversationRef]chat.Conversation // nil until the first state
}

// update compares rows, the current list of conversations, with the rows of the previous call. It returns fragments for
// the page: a new favicon if it has changed, a request for a sound if a conversation has more unread messages, and the
// notification level of the open conversation if it has changed.
func (g *tabSignals) update(l views.Locale, rows []views.ConversationRow) []templ.Component {
	var fragments []templ.Component
	if icon := static.URL(views.FaviconName(views.Sidebar{Rows: rows}.Notifying() > 0)); icon != g.icon {
		g.icon = icon
		fragments = append(fragments, views.FaviconFragment(icon))
	}
	grown := slices.IndexFunc(rows, func(r views.ConversationRow) bool {
		return r.NotifiesSince(g.known[r.Ref()], chat.MediumSound)
	})
	if g.soundOn && g.known != nil && grown >= 0 {
		fragments = append(fragments, views.SoundRequestFragment(rows[grown].Ref(), rows[grown].LastSeq))
	}
	known := make(map[chat.ConversationRef]chat.Conversation, len(rows))
	for _, r := range rows {
		before, exists := g.known[r.Ref()]
		same := exists && r.Level == before.Level && r.MutedUntil == before.MutedUntil && r.Muted == before.Muted
		if r.Current && !same {
			fragments = append(fragments, views.NotificationLevelFragment(l, r.Conversation))
		}
		known[r.Ref()] = r.Conversation
	}
	g.known = known
	return fragments
}

// soundPause is the shortest time between two sounds in one browser, across all its tabs.
const soundPause = 2 * time.Second

// soundThrottle stores which sessions have played a sound within the last soundPause.
type soundThrottle struct {
	mu       sync.Mutex          // guards playedAt
	playedAt map[int64]time.Time // by session
}

// allow reports whether a session may play a sound now. If it returns true, it returns false for that session until
// soundPause is over.
func (t *soundThrottle) allow(session int64, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, at := range t.playedAt {
		if now.Sub(at) >= soundPause {
			delete(t.playedAt, id)
		}
	}
	if _, recent := t.playedAt[session]; recent {
		return false
	}
	t.playedAt[session] = now
	return true
}

// playSound answers a page that asks whether to play a sound. It answers 204, which means no sound, if the user has
// meanwhile read the message on any device or muted the conversation, or if another tab of the browser has just played
// a sound.
func (s *Server) playSound(c echo.Context) error {
	caller := web.CallerOf(c)
	conv, err := s.chat.Conversation(c.Request().Context(), caller.User, web.QueryConversation(c))
	if err != nil {
		return err
	}
	seq, err := web.QueryNumber(c, "seq")
	if err != nil {
		return err
	}
	unread := conv.Notifying(chat.MediumSound) > 0 && conv.ReadSeq < seq
	if web.WantsJSON(c) || !caller.User.Sound || !unread || !s.sounds.allow(caller.Session.ID, time.Now()) {
		return c.NoContent(http.StatusNoContent)
	}
	return s.Render(c, http.StatusOK, views.SoundResponse(static.URL("chime.wav")))
}
