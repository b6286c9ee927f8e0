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

// Limits on open streams. Over HTTP/1.1 a browser opens six connections to a host, and two must stay free for other
// requests. The other two limits stop abuse: every message makes the server compute the state of each of its readers'
// streams.
const (
	maxStreamsPerSession            = 4
	maxStreamsPerMultiplexedSession = 100 // HTTP/2, and programs
	maxStreamsPerUser               = 300 // on one node
)

var errTooManyStreams = &chat.Error{
	Code:       chat.TooMany,
	Format:     "You have too many open pages and programs. Close some of them.",
	RetryAfter: 15 * time.Second,
}

// checkStreamCount returns an error if the caller has too many open streams.
func (s *Server) checkStreamCount(c echo.Context) error {
	if s.hub.StreamCountOf(web.CurrentUser(c).ID) >= maxStreamsPerUser {
		return errTooManyStreams
	}
	return nil
}

// newViewer returns the caller as the viewer of a stream.
func (s *Server) newViewer(c echo.Context) live.Viewer {
	caller := web.CallerOf(c)
	limit := maxStreamsPerSession
	if s.Multiplexed(c) || caller.Session.Kind != chat.BrowserSession {
		limit = maxStreamsPerMultiplexedSession
	}
	return live.Viewer{
		User: caller.User.Summary(), Session: caller.Session.ID, MaxStreams: limit, MetricRoute: web.RouteOf(c).Path,
	}
}

// events serves the event stream of a page or a program.
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

// newListener returns the viewer of an event stream, the encoder for its format, and the state that only this viewer
// gets.
func (s *Server) newListener(c echo.Context, conv chat.Conversation) (live.Viewer, live.Encoder, live.StateFunc) {
	viewer := s.newViewer(c)
	if web.WantsJSON(c) {
		viewer.AllConversations = conv.StreamKey() == (chat.StreamKey{})
		state := stream.ConversationState(s.chat, web.CurrentUser(c), viewer.AllConversations)
		return viewer, stream.JSONEvents{}, state
	}
	enc := stream.HTMLEvents{Locale: s.Locale(c)}
	reconnected := c.Request().Header.Get("Last-Event-ID") != ""
	return viewer, enc, s.pageState(web.CurrentUser(c), conv, enc, reconnected)
}

// endIfLeft answers a page that reconnects after its user left the room with a stream that says so, because browsers
// repeat requests that fail. It returns err if the user was never a member.
func (s *Server) endIfLeft(c echo.Context, err error) error {
	if !s.hasLeft(c, err) {
		return err
	}
	return stream.EndNow(c, live.EndLeft)
}

// hasLeft reports whether err means that the user of a page left the room that the page shows.
func (s *Server) hasLeft(c echo.Context, err error) bool {
	if chat.CodeOf(err) != chat.NotFound || web.WantsJSON(c) {
		return false
	}
	return s.chat.HasLeftRoom(c.Request().Context(), web.CurrentUser(c), web.QueryConversation(c).Room)
}

// streamTarget returns the conversation that the query names, or one with the zero StreamKey if it names none.
func (s *Server) streamTarget(c echo.Context) (chat.Conversation, error) {
	if c.QueryParam("with") == "" && c.QueryParam("room") == "" {
		return chat.Conversation{Kind: chat.Channel}, nil
	}
	return s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), web.QueryConversation(c))
}

// pageState returns the state of a page's stream: the sidebar with its unread counts, the title, whether the other
// person of a direct conversation is online, the icon and the sound. If the page reconnected, its first state also
// has the attachments in the composer, because their changes have no seq and may have been missed.
func (s *Server) pageState(
	user chat.User, conv chat.Conversation, enc stream.HTMLEvents, reconnected bool,
) live.StateFunc {
	signals := &tabSignals{soundOn: user.Sound}
	attachmentsStale := reconnected && conv.StreamKey() != (chat.StreamKey{})
	return func(ctx context.Context) ([]byte, error) {
		var attachments []templ.Component
		if attachmentsStale {
			files, err := s.chat.PendingFiles(ctx, user, conv.Ref())
			if err != nil {
				return nil, err
			}
			attachments = append(attachments, views.AttachmentsFragment(enc.Locale, files))
		}
		conversations, err := s.chat.Conversations(ctx, user)
		if err != nil {
			return nil, err
		}
		side := views.Sidebar{Rows: s.rows(conversations, conv.StreamKey())}
		current := currentConversation(conversations, conv)
		state := []templ.Component{views.SidebarFragment(enc.Locale, side, current, s.hub.IsOnline(conv.Peer))}
		attachmentsStale = false
		return enc.Frame(templ.Join(slices.Concat(state, signals.update(side.Rows), attachments)...), 0), nil
	}
}

// currentConversation returns conv as it is in the list, where it may have a new name, or nil if conv has the zero
// StreamKey.
func currentConversation(conversations []chat.Conversation, conv chat.Conversation) *chat.Conversation {
	if conv.StreamKey() == (chat.StreamKey{}) {
		return nil
	}
	i := slices.IndexFunc(conversations, func(c chat.Conversation) bool { return c.StreamKey() == conv.StreamKey() })
	if i < 0 {
		return &conv
	}
	return &conversations[i]
}

// liveMessages serves the messages of a conversation to browsers without JavaScript, as a page that does not end.
func (s *Server) liveMessages(c echo.Context) error {
	ctx := c.Request().Context()
	conv, err := s.chat.Conversation(ctx, web.CurrentUser(c), web.QueryConversation(c))
	if s.hasLeft(c, err) {
		return s.renderRemovedFromFrame(c)
	}
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
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

// renderRemovedFromFrame answers the frame that shows the messages. An error page would be too large for it.
func (s *Server) renderRemovedFromFrame(c echo.Context) error {
	page := stream.RenderFragment(views.NoscriptMessagesStart(s.Page(c), views.Timeline{}))
	page = append(page, stream.RenderFragment(views.NoscriptMessagesRemoved(s.Locale(c)))...)
	return c.Blob(http.StatusNotFound, web.HTMLType, page)
}

// loadNoscriptPage renders the newest messages as the beginning of the page. It must be called after the stream was
// subscribed. The replay starts after the last of these messages or after the cursor, whichever is later, because the
// page can only append.
func (s *Server) loadNoscriptPage(c echo.Context, conv chat.Conversation) (live.Replay, error) {
	conv, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), conv.Ref())
	if err != nil {
		return live.Replay{}, err
	}
	history, err := s.chat.MessagesBefore(c.Request().Context(), conv, 0, 0)
	if err != nil {
		return live.Replay{}, err
	}
	lastSeq := conv.LastSeq
	if n := len(history.Messages); n > 0 {
		lastSeq = max(lastSeq, history.Messages[n-1].Seq)
	}
	head := stream.RenderFragment(views.NoscriptMessagesStart(s.Page(c), s.newTimeline(conv, history, 0)))
	return live.Replay{Head: head, After: -1, Changes: chat.Changes{LastSeq: lastSeq}}, nil
}
