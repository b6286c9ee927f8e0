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
				Query:     "with room unread",
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

// These limit the open event streams. Over HTTP/1.1 a browser opens at most six connections to a host, and two of them
// must stay free for other requests. The other limits stop abuse: each new message makes the server compute the unread
// counts for every open stream of its readers.
const (
	maxStreamsPerSession            = 4
	maxStreamsPerMultiplexedSession = 100 // HTTP/2, and programs
	maxStreamsPerUser               = 300 // on one node
)

var errTooManyStreams = &chat.Error{
	Code:       chat.TooMany,
	Format:     "Charla is open in too many tabs or apps. Close some of them.",
	RetryAfter: 15 * time.Second,
}

// checkStreamCount returns errTooManyStreams if the caller has maxStreamsPerUser open streams on this node.
func (s *Server) checkStreamCount(c echo.Context) error {
	if s.hub.StreamCountOf(web.CurrentUser(c).ID) >= maxStreamsPerUser {
		return errTooManyStreams
	}
	return nil
}

// newViewer describes the caller to the hub, which distributes events to streams: the user, the session, and how many
// streams the session may have.
func (s *Server) newViewer(c echo.Context) live.Viewer {
	caller := web.CallerOf(c)
	page, _ := web.PageSlotOf(c)
	limit := maxStreamsPerSession
	if s.Multiplexed(c) || caller.Session.Kind != chat.BrowserSession {
		limit = maxStreamsPerMultiplexedSession
	}
	return live.Viewer{
		User: caller.User.Summary(), Role: caller.User.Role, Session: caller.Session.ID, MaxStreams: limit,
		MetricRoute: web.RouteOf(c).Path, Page: page,
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
	kept, err := s.keepPageSlot(c)
	if err != nil {
		return err
	}
	if !kept {
		return stream.EndNow(c, live.EndLogout) // which makes the page load again
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

// newListener returns what the hub needs to serve an event stream: the viewer, the encoder for HTML or JSON, and the
// function that computes the events that only this viewer gets, such as unread counts.
func (s *Server) newListener(c echo.Context, conv chat.Conversation) (live.Viewer, live.Encoder, live.StateFunc) {
	viewer := s.newViewer(c)
	if web.WantsJSON(c) {
		viewer.AllConversations = conv.StreamKey() == (chat.StreamKey{})
		state := stream.ConversationState(s.chat, web.CurrentUser(c), viewer.AllConversations)
		return viewer, stream.JSONEvents{}, s.withGuestPresence(web.CurrentUser(c), stream.JSONEvents{}, state)
	}
	enc := stream.HTMLEvents{Locale: s.Locale(c)}
	state := s.pageState(web.CurrentUser(c), conv, enc, s.newDraftSignal(c, conv))
	return viewer, enc, s.withGuestPresence(web.CurrentUser(c), enc, state)
}

// endIfLeft answers a page that tries to reconnect to its stream after the user left the room. It sends a stream that
// only says so and ends, because browsers repeat a request that fails. It returns err if err has another reason.
func (s *Server) endIfLeft(c echo.Context, err error) error {
	if !s.hasLeft(c, err) {
		return err
	}
	return stream.EndNow(c, live.EndLeft)
}

// hasLeft reports whether err means that the user of the page is no longer a member of the room. It always returns
// false for programs, which simply get the error.
func (s *Server) hasLeft(c echo.Context, err error) bool {
	if chat.CodeOf(err) != chat.NotFound || web.WantsJSON(c) {
		return false
	}
	return s.chat.HasLeftRoom(c.Request().Context(), web.CurrentUser(c), web.QueryConversation(c).Room)
}

// streamTarget returns the conversation that the query parameters name. If they name none, it returns a conversation
// with the zero StreamKey, which means a stream without the messages of a conversation.
func (s *Server) streamTarget(c echo.Context) (chat.Conversation, error) {
	if c.QueryParam("with") == "" && c.QueryParam("room") == "" {
		return chat.Conversation{Kind: chat.Channel}, nil
	}
	return s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), web.QueryConversation(c))
}

// pageState returns the function that computes the events that only one user's page gets: the sidebar with unread
// counts, the title, whether the other user of a direct conversation is online, the favicon and the sound. The
// first time it also sends the attachments in the composer, because a replay does not include the changes of
// attachments that the page missed. It tells the page when its draft is gone.
func (s *Server) pageState(
	user chat.User, conv chat.Conversation, enc stream.HTMLEvents, drafts *draftSignal,
) live.StateFunc {
	signals := &tabSignals{soundOn: user.Sound}
	attachmentsStale := conv.StreamKey() != (chat.StreamKey{})
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
		locale := enc.Locale
		locale.Community = s.chat.Community(ctx).Name // it may have changed since the stream was opened
		side := views.Sidebar{Rows: s.rows(conversations, conv.StreamKey())}
		current := currentConversation(conversations, conv)
		draftGone, err := drafts.update(ctx, current)
		if err != nil {
			return nil, err
		}
		peerOnline, err := s.sees(ctx, user, conv)
		if err != nil {
			return nil, err
		}
		peerOnline = peerOnline && s.hub.IsOnline(conv.Peer)
		state := []templ.Component{views.SidebarFragment(locale, side, current, peerOnline)}
		attachmentsStale = false
		tabs := signals.update(locale, side.Rows)
		return enc.Frame(templ.Join(slices.Concat(state, tabs, attachments, draftGone)...), 0), nil
	}
}

// currentConversation returns the entry for conv in conversations, because its name may be newer than that in conv. It
// returns conv itself if the list does not contain it, and nil if the page shows no conversation.
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

// liveMessages answers browsers without JavaScript with the messages of a conversation. The page never finishes
// loading, so that it can show new messages as they arrive.
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

// renderRemovedFromFrame answers inside the frame that shows the messages. It tells users that they are no longer
// members of the room. A normal error page would not fit into the frame.
func (s *Server) renderRemovedFromFrame(c echo.Context) error {
	page := stream.RenderFragment(views.NoscriptMessagesStart(s.Page(c), views.Timeline{}))
	page = append(page, stream.RenderFragment(views.NoscriptMessagesRemoved(s.Locale(c)))...)
	return c.Blob(http.StatusNotFound, web.HTMLType, page)
}

// loadNoscriptPage renders the page with the newest messages as the beginning of a stream. The caller must subscribe to
// the stream before. The page can only append messages and would show a repeated message twice, so the returned replay
// has a cursor (LastSeq) that covers all of them.
func (s *Server) loadNoscriptPage(c echo.Context, conv chat.Conversation) (live.Replay, error) {
	conv, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), conv.Ref())
	if err != nil {
		return live.Replay{}, err
	}
	history, err := s.chat.MessagesBefore(c.Request().Context(), conv, 0, 0)
	if err != nil {
		return live.Replay{}, err
	}
	unread, err := web.QueryNumber(c, "unread")
	if err != nil {
		return live.Replay{}, err
	}
	lastSeq := conv.LastSeq
	if n := len(history.Messages); n > 0 {
		lastSeq = max(lastSeq, history.Messages[n-1].Seq)
	}
	timeline := s.newTimeline(conv, history, 0, chat.UnreadPlace{Place: chat.Place{Seq: unread}})
	head := stream.RenderFragment(views.NoscriptMessagesStart(s.Page(c), timeline))
	return live.Replay{Head: head, After: -1, Changes: chat.Changes{LastSeq: lastSeq}}, nil
}
