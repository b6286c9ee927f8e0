package handlers

import (
	"cmp"
	"net/http"
	"slices"

	"charla/chat"
	"charla/emoji"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) messageRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/messages", Handler: s.listMessages, Access: web.Member,
			Doc: web.Operation{
				Summary: "Returns messages of a conversation, oldest first: the newest, those before or after a " +
					"seq, or those changed since.",
				Query:     "with room before after changed_after as_of limit",
				Responses: web.Responses{200: historyJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/messages", Handler: s.postMessage, Access: web.Member,
			Upload:    web.MultipartUpload,
			KeepsText: true,
			Doc: web.Operation{
				Summary:   "Posts a message. Answers 201, or 200 if a message with this key was posted before.",
				Body:      postRequest{},
				Responses: web.Responses{200: web.MessageJSON{}, 201: web.MessageJSON{}},
			},
		},
		{
			Method: http.MethodGet, Path: "/messages/:id", Handler: s.showMessage, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns one message.",
				Responses: web.Responses{200: web.MessageJSON{}},
			},
		},
	}
}

func (s *Server) listMessages(c echo.Context) error {
	conv, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), web.QueryConversation(c))
	if err != nil {
		return err
	}
	at, err := readPageParams(c)
	switch {
	case err != nil:
		return err
	case !web.WantsJSON(c):
	case c.QueryParams().Has("after"):
		return s.messagesAfter(c, conv, at)
	case c.QueryParams().Has("changed_after"):
		return s.messagesChangedSince(c, conv, at)
	}
	before := at.before
	history, err := s.chat.MessagesBefore(c.Request().Context(), conv, before, int(at.limit))
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		next := ""
		if history.HasOlder {
			next = views.MessagesBeforeURL(conv.Ref(), history.Messages[0].Seq)
		}
		return c.JSON(http.StatusOK, historyToJSON(conv, history, next, int(at.limit)))
	}
	if web.IsHTMX(c) && c.QueryParams().Has("changed_after") {
		return s.renderChangedSince(c, s.newThread(conv, history, before), at.changedAfter)
	}
	if before == 0 && c.Request().Method == http.MethodGet && !web.IsHTMX(c) {
		s.markHistoryRead(c, conv, history)
	}
	t := s.newThread(conv, history, before)
	if t.Composer, err = s.newComposer(c, conv); err != nil {
		return err
	}
	t.Composer = withSuggestions(t.Composer, c.QueryParam("typo"))
	return s.renderConversation(c, http.StatusOK, t)
}

// pageParams is which part of a conversation a URL asks for, in numbers; 0 is what it leaves open.
type pageParams struct{ before, after, changedAfter, asOf, limit int64 }

func readPageParams(c echo.Context) (a pageParams, err error) {
	for _, of := range []struct {
		name string
		to   *int64
	}{{"before", &a.before}, {"after", &a.after}, {"changed_after", &a.changedAfter}, {"as_of", &a.asOf}, {"limit", &a.limit}} {
		if *of.to, err = web.QueryNumber(c, of.name); err != nil {
			return a, err
		}
	}
	return a, nil
}

// messagesAfter answers with the messages after a number.
func (s *Server) messagesAfter(c echo.Context, conv chat.Conversation, at pageParams) error {
	history, err := s.chat.MessagesAfter(c.Request().Context(), conv, at.after, int(at.limit))
	if err != nil {
		return err
	}
	next := ""
	if history.HasNewer {
		next = views.MessagesAfterURL(conv.Ref(), history.Messages[len(history.Messages)-1].Seq)
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, history, next, int(at.limit)))
}

// changes answers with what changed after a number, new messages too: how a program catches up.
func (s *Server) messagesChangedSince(c echo.Context, conv chat.Conversation, at pageParams) error {
	history, err := s.chat.MessagesChangedSince(c.Request().Context(), conv, at.changedAfter, at.asOf, int(at.limit))
	if err != nil {
		return err
	}
	next := ""
	if history.HasNewer {
		next = views.MessagesChangedURL(conv.Ref(), history.Messages[len(history.Messages)-1].ChangedSeq, cmp.Or(at.asOf, conv.LastSeq))
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, history, next, int(at.limit)))
}

// newThread is a window as it stood when conv was read: the cursor is older than the messages, never newer.
func (s *Server) newThread(conv chat.Conversation, h chat.MessagePage, before int64) views.Timeline {
	return views.Timeline{
		Conversation: conv,
		Online:       s.hub.IsOnline(conv.Peer),
		Messages:     h.Messages,
		HasOlder:     h.HasOlder,
		Before:       before,
		Cursor:       conv.LastSeq,
		FirstUnread:  firstUnread(conv, h),
	}
}

func firstUnread(conv chat.Conversation, h chat.MessagePage) int64 {
	for _, m := range h.Messages {
		if conv.Unread > 0 && m.Seq > conv.ReadSeq && m.AuthorID != conv.Viewer && m.DeletedAt == 0 {
			return m.Seq
		}
	}
	return 0
}

func (s *Server) renderConversation(c echo.Context, status int, t views.Timeline) error {
	side, err := s.sidebar(c, t.Conversation.StreamKey())
	if err != nil {
		return err
	}
	return s.Render(c, status, views.MessagesPage(s.Page(c), side, t))
}

func (s *Server) showMessage(c echo.Context) error {
	m, err := s.chat.Message(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, web.MessageToJSONFor(m, web.CurrentUser(c).ID))
	}
	return s.renderMessage(c, http.StatusOK, m, views.EditForm{MessageEdit: chat.MessageEdit{Text: m.Body}})
}

// renderMessage shows one message, what can be done with it, and the text as the person left it.
func (s *Server) renderMessage(c echo.Context, status int, m chat.Message, e views.EditForm) error {
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	return s.Render(c, status, views.MessagePage(s.Page(c), side, m, e))
}

type postRequest struct {
	With web.ID   `form:"with" json:"with"`
	Room web.ID   `form:"room" json:"room"`
	Body string   `form:"body" json:"body"`
	Key  string   `form:"key" json:"key"`
	Base string   `form:"base" json:"base"` // what the box began with
	File []web.ID `form:"file" json:"file"` // that wait and go with it
}

// Uploads are each named once.
func (p postRequest) files() (ids []int64) {
	for _, f := range p.File {
		if !slices.Contains(ids, int64(f)) {
			ids = append(ids, int64(f))
		}
	}
	return ids
}

func (p postRequest) conversation() chat.ConversationRef {
	return chat.ConversationRef{With: int64(p.With), Room: int64(p.Room)}
}

func (s *Server) postMessage(c echo.Context) error {
	in, refused, err := s.readPostRequest(c)
	if err != nil {
		return err
	}
	if len(refused) > 0 && !web.WantsJSON(c) && !web.IsHTMX(c) {
		return s.rerenderComposerWithFiles(c, uploadResult{place: in.conversation(), refused: refused}, nil)
	}
	if len(refused) > 0 {
		return refused[0].Error
	}
	posted, err := s.sendMessage(c, web.CurrentUser(c), chat.NewMessage{Conversation: in.conversation(), Body: in.Body, Key: in.Key, Files: in.files()})
	switch {
	case err != nil && (web.WantsJSON(c) || chat.CodeOf(err) == chat.NotFound):
		return err
	case err != nil:
		return s.refuseText(c, in, err)
	case web.WantsJSON(c) && posted.Created:
		return c.JSON(http.StatusCreated, web.MessageToJSON(posted.Message))
	case web.WantsJSON(c):
		return c.JSON(http.StatusOK, web.MessageToJSON(posted.Message))
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.PostResponse(s.Locale(c), posted.Message, withSuggestions(views.Composer{Conversation: in.conversation()}, emoji.FirstMistyped(in.Body))))
	default:
		return c.Redirect(http.StatusSeeOther, views.AfterPostURL(in.conversation(), emoji.FirstMistyped(in.Body)))
	}
}

// readPostRequest reads a message with the files that come with it. They are kept as they come: whatever becomes of the message,
// they wait in its box.
func (s *Server) readPostRequest(c echo.Context) (in postRequest, refused []views.RejectedFile, err error) {
	var files uploadResult
	if web.IsMultipart(c.Request()) {
		if files, err = s.receiveFiles(c); err != nil {
			return in, nil, err
		}
	}
	if err = web.Bind(c, &in); err != nil {
		return in, nil, err
	}
	in.File = append(in.File, files.ids()...)
	return in, files.refused, nil
}

// sendMessage sends a message at the pace of its author: a bot has one, however many hooks write as it.
func (s *Server) sendMessage(c echo.Context, by chat.User, in chat.NewMessage) (chat.PostResult, error) {
	pace := s.limits.Posts
	if by.IsBot() {
		pace = s.limits.BotPosts
	}
	if err := pace.AllowUser(by); err != nil {
		return chat.PostResult{}, err
	}
	in.Body = emoji.Expand(in.Body)
	return s.chat.PostMessage(c.Request().Context(), by, in)
}
