package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"charla/chat"
	"charla/live"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// How many streams one session may hold: a browser opens six connections to a host over HTTP/1.1, and two must stay free
// for everything else. Over HTTP/2, and of a program, only abuse is stopped; so it is of a person with many sessions, since
// each stream of theirs is told its state with each message.
const (
	maxStreams            = 4
	maxStreamsMultiplexed = 100
	maxStreamsOfOne       = 300 // on one node
)

var errTooManyStreams = &chat.Error{Code: chat.TooMany, Format: "Too many pages and programs of yours are listening. Close some of them.", RetryAfter: 15 * time.Second}

// subscribe opens a stream of the hub, unless its person has too many.
func (s *Server) subscribe(ctx context.Context, v live.Viewer, at chat.Topic, enc live.Encoder) (*live.Stream, error) {
	if s.hub.StreamsOf(v.Person.ID) >= maxStreamsOfOne {
		return nil, errTooManyStreams
	}
	return s.hub.Subscribe(ctx, v, at, enc)
}

func (s *Server) viewer(c echo.Context) live.Viewer {
	v := visitorOf(c)
	limit := maxStreams
	if s.multiplexed(c) || v.Session.Kind != chat.Browser {
		limit = maxStreamsMultiplexed
	}
	return live.Viewer{Person: v.User.Person(), Session: v.Session.ID, Limit: limit, Kind: c.Path()}
}

// The types of endless answers.
const (
	eventStream = "text/event-stream"
	endlessPage = "text/html; charset=utf-8"
)

// head answers HEAD for an endless answer: its headers, and nobody counts as here.
func head(c echo.Context, contentType string) error {
	c.Response().Header().Set("Content-Type", contentType)
	return c.NoContent(http.StatusOK)
}

// events is the stream of a page or of a program. A guest with a page is told so in the stream itself: a redirect would be followed for ever.
func (s *Server) events(c echo.Context) error {
	if !visitorOf(c).signedIn() {
		if wantsJSON(c) {
			return errSignedOut
		}
		return refuse(c, live.EndLogout)
	}
	conv, err := s.streamed(c)
	if err != nil {
		return s.farewell(c, err)
	}
	if c.Request().Method == http.MethodHead {
		return head(c, eventStream)
	}
	viewer, enc, state := s.listener(c, conv)
	stream, err := s.subscribe(c.Request().Context(), viewer, conv.Topic(), enc)
	if err != nil {
		return err
	}
	return keep(stream, func() error {
		replay, err := s.missed(c, stream, conv)
		if err != nil {
			stream.Close()
			return s.farewell(c, err)
		}
		return pour(c, stream, eventStream, replay, state)
	})
}

// listener is who reads a stream and in which form: HTML for a page, JSON for a program.
func (s *Server) listener(c echo.Context, conv chat.Conversation) (live.Viewer, live.Encoder, live.State) {
	viewer := s.viewer(c)
	if wantsJSON(c) {
		viewer.Follows = conv.Topic() == (chat.Topic{})
		return viewer, told{}, s.following(person(c), viewer.Follows)
	}
	enc := sse{s.locale(c)}
	return viewer, enc, s.state(person(c), conv, enc, c.Request().Header.Get("Last-Event-ID") != "")
}

// keep closes a stream that f fails to hand on to its reader, by an error or a panic: nobody would be here otherwise and
// seem to be.
func keep(stream *live.Stream, f func() error) error {
	kept := false
	defer func() {
		if !kept {
			stream.Close()
		}
	}()
	err := f()
	kept = err == nil
	return err
}

// refuse says why there is nothing, and is over.
func refuse(c echo.Context, why live.End) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Connection", "close")
	return c.Blob(http.StatusOK, eventStream, sse{}.End(why))
}

// farewell tells a page that lost its stream, and comes back for it, that its person is no longer in the room: an error
// would be tried again for ever. Who was never there learns nothing.
func (s *Server) farewell(c echo.Context, err error) error {
	if !s.hasLeft(c, err) {
		return err
	}
	return refuse(c, live.EndLeft)
}

// hasLeft tells whether err means that the person of a page is no longer in the room that it shows.
func (s *Server) hasLeft(c echo.Context, err error) bool {
	return chat.CodeOf(err) == chat.NotFound && !wantsJSON(c) && s.chat.HasLeft(c.Request().Context(), person(c), queryPlace(c).Room)
}

// streamed is the conversation that a stream is opened for; none when the URL names none.
func (s *Server) streamed(c echo.Context) (chat.Conversation, error) {
	if c.QueryParam("with") == "" && c.QueryParam("room") == "" {
		return chat.Conversation{Kind: chat.Channel}, nil
	}
	return s.chat.Conversation(c.Request().Context(), person(c), queryPlace(c))
}

// missed reads, after Subscribe, what the reader lacks, and whether it still is in the room. A direct conversation may
// have begun since it was looked up.
func (s *Server) missed(c echo.Context, stream *live.Stream, conv chat.Conversation) (live.Replay, error) {
	if conv.Topic() == (chat.Topic{}) {
		return live.Replay{After: -1}, nil
	}
	cursor := c.Request().Header.Get("Last-Event-ID")
	if cursor == "" {
		cursor = c.QueryParam("after")
	}
	if cursor == "" || conv.Room == 0 {
		var err error
		if conv, err = s.chat.Conversation(c.Request().Context(), person(c), conv.Place()); err != nil {
			return live.Replay{}, err
		}
	}
	if cursor == "" {
		return live.Replay{After: -1, Changes: chat.Changes{LastSeq: conv.LastSeq}}, nil
	}
	after, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || after < 0 {
		return live.Replay{Changes: chat.Changes{Partial: true}}, nil
	}
	changes, known := stream.Missed(after)
	if known {
		err = s.chat.StillTheirs(c.Request().Context(), conv, after, changes)
	} else {
		changes, err = s.chat.Changes(c.Request().Context(), conv, after)
	}
	return live.Replay{After: after, Changes: changes}, err
}

// state writes what only this viewer sees: their conversations with the unread counts, the title, the other's state, and the
// icon and the sound that tell of what is unread.
// What happened to the files that wait in it has no number, so a page that was away is told of all of them once.
func (s *Server) state(me chat.User, conv chat.Conversation, enc sse, away bool) live.State {
	signals := &signals{audible: me.Sound, away: away && conv.Topic() != (chat.Topic{})}
	return func(ctx context.Context) ([]byte, error) {
		var box []templ.Component
		if signals.away {
			files, err := s.chat.Waiting(ctx, me, conv.Place())
			if err != nil {
				return nil, err
			}
			box = append(box, views.Box(enc.Locale, files))
		}
		conversations, err := s.chat.Conversations(ctx, me)
		if err != nil {
			return nil, err
		}
		side := views.Sidebar{Rows: s.rows(conversations, conv.Topic())}
		open := &conv
		if conv.Topic() == (chat.Topic{}) {
			open = nil
		} else if i := slices.IndexFunc(conversations, func(o chat.Conversation) bool { return o.Topic() == conv.Topic() }); i >= 0 {
			open = &conversations[i] // it may have another name by now
		}
		state := views.State(enc.Locale, side, open, s.hub.IsHere(conv.Peer))
		signals.away = false
		return enc.frame(templ.Join(slices.Concat([]templ.Component{state}, signals.of(side.Rows), box)...), 0), nil
	}
}

// liveMessages is the list for browsers without scripts: a page that never ends.
func (s *Server) liveMessages(c echo.Context) error {
	ctx := c.Request().Context()
	conv, err := s.chat.Conversation(ctx, person(c), queryPlace(c))
	if s.hasLeft(c, err) { // the page of an error is not for a frame
		words := append(markup(views.LiveOpen(s.page(c), views.Thread{})), markup(views.LiveGone(s.locale(c)))...)
		return c.Blob(http.StatusNotFound, endlessPage, words)
	}
	switch {
	case err != nil:
		return err
	case wantsJSON(c):
		return errPageOnly
	case c.Request().Method == http.MethodHead:
		return head(c, endlessPage)
	}
	enc := endless{s.locale(c)}
	stream, err := s.subscribe(ctx, s.viewer(c), conv.Topic(), enc)
	if err != nil {
		return err
	}
	return keep(stream, func() error {
		replay, err := s.window(c, conv)
		if err != nil {
			return err
		}
		return pour(c, stream, endlessPage, replay, nil)
	})
}

// window renders the newest messages, read after Subscribe. The list only grows at its end, so whatever it shows must
// not come again: the numbers it has reach to its last message or to the cursor, whichever is later.
func (s *Server) window(c echo.Context, conv chat.Conversation) (live.Replay, error) {
	conv, err := s.chat.Conversation(c.Request().Context(), person(c), conv.Place())
	if err != nil {
		return live.Replay{}, err
	}
	history, err := s.chat.History(c.Request().Context(), conv, 0, 0)
	if err != nil {
		return live.Replay{}, err
	}
	have := conv.LastSeq
	if n := len(history.Messages); n > 0 {
		have = max(have, history.Messages[n-1].Seq)
	}
	t := s.thread(conv, history, 0)
	return live.Replay{Head: markup(views.LiveOpen(s.page(c), t)), After: -1, Changes: chat.Changes{LastSeq: have}}, nil
}
