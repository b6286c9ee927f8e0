package handlers

import (
	"cmp"
	"crypto/rand"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"charla/chat"
	"charla/emoji"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) messages(c echo.Context) error {
	conv, err := s.chat.Conversation(c.Request().Context(), person(c), queryPlace(c))
	if err != nil {
		return err
	}
	at, err := readSpan(c)
	switch {
	case err != nil:
		return err
	case !wantsJSON(c):
	case c.QueryParams().Has("after"):
		return s.newer(c, conv, at)
	case c.QueryParams().Has("changed_after"):
		return s.news(c, conv, at)
	}
	before := at.before
	history, err := s.chat.History(c.Request().Context(), conv, before, int(at.limit))
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		next := ""
		if history.Older {
			next = views.BeforeURL(conv.Place(), history.Messages[0].Seq)
		}
		return c.JSON(http.StatusOK, historyToJSON(conv, history, next, int(at.limit)))
	}
	if isHX(c) && c.QueryParams().Has("changed_after") {
		return s.changedSince(c, s.thread(conv, history, before), at.changedAfter)
	}
	if before == 0 && c.Request().Method == http.MethodGet && !isHX(c) {
		s.markShown(c, conv, history)
	}
	t := s.thread(conv, history, before)
	if t.Composer, err = s.composer(c, conv); err != nil {
		return err
	}
	t.Composer = suggest(t.Composer, c.QueryParam("typo"))
	return s.conversationPage(c, http.StatusOK, t)
}

// span is which part of a conversation a URL asks for, in numbers; 0 is what it leaves open.
type span struct{ before, after, changedAfter, asOf, limit int64 }

func readSpan(c echo.Context) (a span, err error) {
	for _, of := range []struct {
		name string
		to   *int64
	}{{"before", &a.before}, {"after", &a.after}, {"changed_after", &a.changedAfter}, {"as_of", &a.asOf}, {"limit", &a.limit}} {
		if *of.to, err = queryNumber(c, of.name); err != nil {
			return a, err
		}
	}
	return a, nil
}

// newer answers with the messages after a number.
func (s *Server) newer(c echo.Context, conv chat.Conversation, at span) error {
	history, err := s.chat.HistoryAfter(c.Request().Context(), conv, at.after, int(at.limit))
	if err != nil {
		return err
	}
	next := ""
	if history.Newer {
		next = views.AfterURL(conv.Place(), history.Messages[len(history.Messages)-1].Seq)
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, history, next, int(at.limit)))
}

// news answers with what changed after a number, new messages too: how a program catches up.
func (s *Server) news(c echo.Context, conv chat.Conversation, at span) error {
	history, err := s.chat.HistoryChanged(c.Request().Context(), conv, at.changedAfter, at.asOf, int(at.limit))
	if err != nil {
		return err
	}
	next := ""
	if history.Newer {
		next = views.NewsURL(conv.Place(), history.Messages[len(history.Messages)-1].ChangedSeq, cmp.Or(at.asOf, conv.LastSeq))
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, history, next, int(at.limit)))
}

// markShown marks read what a page is about to show. That it fails is no reason not to show it. What htmx fetches may be
// for a hidden tab: there the page itself says what is on screen.
func (s *Server) markShown(c echo.Context, conv chat.Conversation, h chat.History) {
	if conv.Unread == 0 || len(h.Messages) == 0 {
		return
	}
	last := h.Messages[len(h.Messages)-1].Seq
	if err := s.chat.MarkRead(c.Request().Context(), person(c), conv.Place(), last); err != nil {
		slog.Warn("not marked read", "request", requestID(c), "room", conv.Room, "error", err)
	}
}

// thread is a window as it stood when conv was read: the cursor is older than the messages, never newer.
func (s *Server) thread(conv chat.Conversation, h chat.History, before int64) views.Thread {
	return views.Thread{
		Conversation: conv,
		Online:       s.hub.IsHere(conv.Peer),
		Messages:     h.Messages,
		Older:        h.Older,
		Before:       before,
		Cursor:       conv.LastSeq,
		UnreadFrom:   firstUnread(conv, h),
	}
}

// composer is the box with what was begun in it.
func (s *Server) composer(c echo.Context, conv chat.Conversation) (views.Composer, error) {
	draft, err := s.chat.Draft(c.Request().Context(), conv)
	if err != nil {
		return views.Composer{}, err
	}
	waiting, err := s.chat.Waiting(c.Request().Context(), person(c), conv.Place())
	return views.Composer{
		Files: waiting, Limits: s.chat.FileLimits(),
		Me: conv.Me, Place: conv.Place(), Name: conv.Name,
		Key: cmp.Or(draft.Key, rand.Text()), Fresh: rand.Text(), Body: draft.Body, Base: draft.Body, KeptAt: draft.UpdatedAt, Now: chat.At(time.Now()),
	}, err
}

func firstUnread(conv chat.Conversation, h chat.History) int64 {
	for _, m := range h.Messages {
		if conv.Unread > 0 && m.Seq > conv.ReadSeq && m.AuthorID != conv.Me && m.DeletedAt == 0 {
			return m.Seq
		}
	}
	return 0
}

func (s *Server) conversationPage(c echo.Context, status int, t views.Thread) error {
	side, err := s.sidebar(c, t.Conversation.Topic())
	if err != nil {
		return err
	}
	return s.render(c, status, views.Messages(s.page(c), side, t))
}

func (s *Server) message(c echo.Context) error {
	m, err := s.chat.Message(c.Request().Context(), person(c), number(c.Param("id")))
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, toReader(m, person(c).ID))
	}
	return s.messagePage(c, http.StatusOK, m, views.Edit{Edit: chat.Edit{Text: m.Body}})
}

// messagePage shows one message, what can be done with it, and the text as the person left it.
func (s *Server) messagePage(c echo.Context, status int, m chat.Message, e views.Edit) error {
	side, err := s.sidebar(c, chat.Topic{})
	if err != nil {
		return err
	}
	return s.render(c, status, views.OneMessage(s.page(c), side, m, e))
}

type posting struct {
	With id     `form:"with" json:"with"`
	Room id     `form:"room" json:"room"`
	Body string `form:"body" json:"body"`
	Key  string `form:"key" json:"key"`
	Base string `form:"base" json:"base"` // what the box began with
	File []id   `form:"file" json:"file"` // that wait and go with it
}

// files are each named once.
func (p posting) files() (ids []int64) {
	for _, f := range p.File {
		if !slices.Contains(ids, int64(f)) {
			ids = append(ids, int64(f))
		}
	}
	return ids
}

func (p posting) place() chat.Place { return chat.Place{With: int64(p.With), Room: int64(p.Room)} }

func (s *Server) postMessage(c echo.Context) error {
	in, refused, err := s.readPosting(c)
	if err != nil {
		return err
	}
	if len(refused) > 0 && !failsInJSON(c) && !isHX(c) {
		return s.composerAgain(c, received{place: in.place(), refused: refused}, nil)
	}
	if len(refused) > 0 {
		return refused[0].Error
	}
	posted, err := s.post(c, person(c), chat.NewMessage{Place: in.place(), Body: in.Body, Key: in.Key, Files: in.files()})
	switch {
	case err != nil && (failsInJSON(c) || chat.CodeOf(err) == chat.NotFound):
		return err
	case err != nil:
		return s.keepText(c, in, err)
	case wantsJSON(c) && posted.Created:
		return c.JSON(http.StatusCreated, toJSON(posted.Message))
	case wantsJSON(c):
		return c.JSON(http.StatusOK, toJSON(posted.Message))
	case isHX(c):
		return s.render(c, http.StatusOK, views.Posted(s.locale(c), posted.Message, suggest(views.Composer{Place: in.place()}, emoji.Mistyped(in.Body))))
	default:
		return c.Redirect(http.StatusSeeOther, views.PostedURL(in.place(), emoji.Mistyped(in.Body)))
	}
}

// readPosting reads a message with the files that come with it. They are kept as they come: whatever becomes of the message,
// they wait in its box.
func (s *Server) readPosting(c echo.Context) (in posting, refused []views.Refused, err error) {
	var files received
	if isForm(c.Request()) {
		if files, err = s.receive(c); err != nil {
			return in, nil, err
		}
	}
	if err = decode(c, &in); err != nil {
		return in, nil, err
	}
	in.File = append(in.File, files.ids()...)
	return in, files.refused, nil
}

// post sends a message at the pace of its author: a bot has one, however many hooks write as it.
func (s *Server) post(c echo.Context, by chat.User, in chat.NewMessage) (chat.Posted, error) {
	pace := s.limits.posts
	if by.IsBot() {
		pace = s.limits.botPosts
	}
	if err := pace.takeFor(by); err != nil {
		return chat.Posted{}, err
	}
	in.Body = emoji.Expand(in.Body)
	return s.chat.PostMessage(c.Request().Context(), by, in)
}

// keepText answers a refused message: htmx gets a text, a browser gets the page again with what was typed. A key that
// belongs to another message is exchanged.
func (s *Server) keepText(c echo.Context, in posting, err error) error {
	if isHX(c) {
		return err
	}
	e, status := understand(c, err)
	retryAfter(c, e)
	box := views.Composer{Place: in.place(), Key: in.Key, Body: in.Body, Base: in.Base, Error: e}
	if status == http.StatusConflict {
		box.Key = rand.Text()
	}
	return s.unsent(c, status, box)
}

// unsent shows the conversation with the text still in the box, or the box alone where the database does not answer.
func (s *Server) unsent(c echo.Context, status int, box views.Composer) error {
	ctx := c.Request().Context()
	box.Me, box.Fresh, box.Set, box.Limits = person(c).ID, rand.Text(), true, s.chat.FileLimits()
	conv, err := s.chat.Conversation(ctx, person(c), box.Place)
	if err != nil {
		return s.render(c, status, views.Unsent(s.page(c), box))
	}
	history, err := s.chat.History(ctx, conv, 0, 0)
	if err != nil {
		return s.render(c, status, views.Unsent(s.page(c), box))
	}
	if box.Files, err = s.chat.Waiting(ctx, person(c), box.Place); err != nil {
		return s.render(c, status, views.Unsent(s.page(c), box))
	}
	t := s.thread(conv, history, 0)
	box.Name = conv.Name
	t.Composer = box
	return s.conversationPage(c, status, t)
}

type readMark struct {
	With id        `form:"with" json:"with"`
	Room id        `form:"room" json:"room"`
	Seq  *readUpTo `form:"seq" json:"seq"`
}

// readUpTo is the seq of a message up to which all was read.
type readUpTo int64

// UnmarshalParam reads a form's field.
func (n *readUpTo) UnmarshalParam(s string) error {
	seq, ok := parseNumber(s)
	if !ok {
		return notANumber("seq")
	}
	*n = readUpTo(seq)
	return nil
}

// UnmarshalJSON reads a number, or one in quotes.
func (n *readUpTo) UnmarshalJSON(b []byte) error {
	return n.UnmarshalParam(strings.Trim(string(b), `"`))
}

func (s *Server) read(c echo.Context) error {
	var in readMark
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Seq == nil {
		return notANumber("seq")
	}
	place := chat.Place{With: int64(in.With), Room: int64(in.Room)}
	if err := s.chat.MarkRead(c.Request().Context(), person(c), place, int64(*in.Seq)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
