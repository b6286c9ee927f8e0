package handlers

import (
	"context"
	"net/http"
	"slices"
	"time"

	"charla/chat"
	"charla/handlers/stream"
	"charla/handlers/web"
	"charla/live"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) eventRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/messages/live", Handler: s.liveMessages, Access: web.Member,
			Stream: web.OtherStream,
			Doc: web.Operation{
				Summary:   "Streams the conversation as a page that needs no JavaScript. Only for browsers.",
				Query:     "with room",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodGet, Path: "/events", Handler: s.events, Access: web.Member,
			Stream: web.EventStream,
			Doc: web.Operation{
				Summary:   "Streams server-sent events of a conversation, or of all conversations of the caller.",
				Query:     "with room after",
				Responses: web.Responses{200: web.MediaType("text/event-stream")},
			},
		},
	}
}

// How many streams one session may hold: a browser opens six connections to a host over HTTP/1.1, and two must stay free
// for everything else. Over HTTP/2, and of a program, only abuse is stopped; so it is of a person with many sessions, since
// each stream of theirs is told its state with each message.
const (
	maxStreamsPerSession            = 4
	maxStreamsPerMultiplexedSession = 100
	maxStreamsPerUser               = 300 // on one node
)

var errTooManyStreams = &chat.Error{Code: chat.TooMany, Format: "Too many pages and programs of yours are listening. Close some of them.", RetryAfter: 15 * time.Second}

// checkStreamCount returns an error if the caller has too many open streams.
func (s *Server) checkStreamCount(c echo.Context) error {
	if s.hub.StreamCountOf(web.CurrentUser(c).ID) >= maxStreamsPerUser {
		return errTooManyStreams
	}
	return nil
}

func (s *Server) newViewer(c echo.Context) live.Viewer {
	v := web.CallerOf(c)
	limit := maxStreamsPerSession
	if s.Multiplexed(c) || v.Session.Kind != chat.BrowserSession {
		limit = maxStreamsPerMultiplexedSession
	}
	return live.Viewer{User: v.User.Summary(), Session: v.Session.ID, MaxStreams: limit, MetricRoute: web.RouteOf(c).Path}
}

// events is the stream of a page or of a program. A guest with a page is told so in the stream itself: a redirect would be followed for ever.
func (s *Server) events(c echo.Context) error {
	conv, err := s.streamTarget(c)
	if err != nil {
		return s.endIfLeft(c, err)
	}
	if err := s.checkStreamCount(c); err != nil {
		return err
	}
	if web.IsHead(c) {
		return stream.ServeHead(c, stream.EventStreamType)
	}
	viewer, enc, state := s.newListener(c, conv)
	opened, err := s.hub.Subscribe(c.Request().Context(), viewer, conv.StreamKey(), enc)
	if err != nil {
		return err
	}
	return stream.CloseOnError(opened, func() error {
		replay, err := stream.LoadReplay(c, s.chat, opened, conv)
		if err != nil {
			opened.Close()
			return s.endIfLeft(c, err)
		}
		return stream.Serve(c, opened, stream.EventStreamType, replay, state)
	})
}

// newListener is who reads a stream and in which form: HTML for a page, JSON for a program.
func (s *Server) newListener(c echo.Context, conv chat.Conversation) (live.Viewer, live.Encoder, live.StateFunc) {
	viewer := s.newViewer(c)
	if web.WantsJSON(c) {
		viewer.AllConversations = conv.StreamKey() == (chat.StreamKey{})
		return viewer, stream.JSONEvents{}, stream.ConversationState(s.chat, web.CurrentUser(c), viewer.AllConversations)
	}
	enc := stream.HTMLEvents{Locale: s.Locale(c)}
	return viewer, enc, s.pageState(web.CurrentUser(c), conv, enc, c.Request().Header.Get("Last-Event-ID") != "")
}

// endIfLeft tells a page that lost its stream, and comes back for it, that its person is no longer in the room: an error
// would be tried again for ever. Who was never there learns nothing.
func (s *Server) endIfLeft(c echo.Context, err error) error {
	if !s.hasLeft(c, err) {
		return err
	}
	return stream.EndNow(c, live.EndLeft)
}

// hasLeft tells whether err means that the person of a page is no longer in the room that it shows.
func (s *Server) hasLeft(c echo.Context, err error) bool {
	return chat.CodeOf(err) == chat.NotFound && !web.WantsJSON(c) && s.chat.HasLeftRoom(c.Request().Context(), web.CurrentUser(c), web.QueryConversation(c).Room)
}

// streamTarget is the conversation that a stream is opened for; none when the URL names none.
func (s *Server) streamTarget(c echo.Context) (chat.Conversation, error) {
	if c.QueryParam("with") == "" && c.QueryParam("room") == "" {
		return chat.Conversation{Kind: chat.Channel}, nil
	}
	return s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), web.QueryConversation(c))
}

// pageState writes what only this viewer sees: their conversations with the unread counts, the title, the other's state, and the
// icon and the sound that tell of what is unread.
// What happened to the files that wait in it has no number, so a page that was away is told of all of them once.
func (s *Server) pageState(me chat.User, conv chat.Conversation, enc stream.HTMLEvents, away bool) live.StateFunc {
	signals := &tabSignals{soundOn: me.Sound, stale: away && conv.StreamKey() != (chat.StreamKey{})}
	return func(ctx context.Context) ([]byte, error) {
		var box []templ.Component
		if signals.stale {
			files, err := s.chat.PendingFiles(ctx, me, conv.Ref())
			if err != nil {
				return nil, err
			}
			box = append(box, views.AttachmentsFragment(enc.Locale, files))
		}
		conversations, err := s.chat.Conversations(ctx, me)
		if err != nil {
			return nil, err
		}
		side := views.Sidebar{Rows: s.rows(conversations, conv.StreamKey())}
		open := &conv
		if conv.StreamKey() == (chat.StreamKey{}) {
			open = nil
		} else if i := slices.IndexFunc(conversations, func(o chat.Conversation) bool { return o.StreamKey() == conv.StreamKey() }); i >= 0 {
			open = &conversations[i] // it may have another name by now
		}
		state := views.SidebarFragment(enc.Locale, side, open, s.hub.IsOnline(conv.Peer))
		signals.stale = false
		return enc.Frame(templ.Join(slices.Concat([]templ.Component{state}, signals.update(side.Rows), box)...), 0), nil
	}
}

// liveMessages is the list for browsers without scripts: a page that never ends.
func (s *Server) liveMessages(c echo.Context) error {
	ctx := c.Request().Context()
	conv, err := s.chat.Conversation(ctx, web.CurrentUser(c), web.QueryConversation(c))
	if s.hasLeft(c, err) { // the page of an error is not for a frame
		words := append(stream.RenderFragment(views.NoscriptMessagesStart(s.Page(c), views.Timeline{})), stream.RenderFragment(views.NoscriptMessagesRemoved(s.Locale(c)))...)
		return c.Blob(http.StatusNotFound, web.HTMLType, words)
	}
	switch {
	case err != nil:
		return err
	case web.WantsJSON(c):
		return web.ErrHTMLOnly
	}
	if err := s.checkStreamCount(c); err != nil {
		return err
	}
	if web.IsHead(c) {
		return stream.ServeHead(c, web.HTMLType)
	}
	enc := stream.NoscriptPage{Locale: s.Locale(c)}
	opened, err := s.hub.Subscribe(ctx, s.newViewer(c), conv.StreamKey(), enc)
	if err != nil {
		return err
	}
	return stream.CloseOnError(opened, func() error {
		replay, err := s.loadNoscriptPage(c, conv)
		if err != nil {
			return err
		}
		return stream.Serve(c, opened, web.HTMLType, replay, nil)
	})
}

// loadNoscriptPage renders the newest messages, read after Subscribe. The list only grows at its end, so whatever it shows must
// not come again: the numbers it has reach to its last message or to the cursor, whichever is later.
func (s *Server) loadNoscriptPage(c echo.Context, conv chat.Conversation) (live.Replay, error) {
	conv, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), conv.Ref())
	if err != nil {
		return live.Replay{}, err
	}
	history, err := s.chat.MessagesBefore(c.Request().Context(), conv, 0, 0)
	if err != nil {
		return live.Replay{}, err
	}
	have := conv.LastSeq
	if n := len(history.Messages); n > 0 {
		have = max(have, history.Messages[n-1].Seq)
	}
	t := s.newTimeline(conv, history, 0)
	return live.Replay{Head: stream.RenderFragment(views.NoscriptMessagesStart(s.Page(c), t)), After: -1, Changes: chat.Changes{LastSeq: have}}, nil
}
