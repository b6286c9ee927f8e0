package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

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
	params, err := readPageParams(c)
	if err != nil {
		return err
	}
	switch query := c.QueryParams(); {
	case !web.WantsJSON(c):
		return s.conversationPage(c, conv, params)
	case query.Has("after"):
		return s.messagesAfter(c, conv, params)
	case query.Has("changed_after"):
		return s.messagesChangedSince(c, conv, params)
	}
	return s.messagesBefore(c, conv, params)
}

// pageParams are the numbers in the query that select a page of a conversation. A number that is not in the query is 0.
type pageParams struct{ before, after, changedAfter, asOf, limit int64 }

func readPageParams(c echo.Context) (p pageParams, err error) {
	for _, param := range []struct {
		name  string
		value *int64
	}{
		{"before", &p.before}, {"after", &p.after}, {"changed_after", &p.changedAfter}, {"as_of", &p.asOf},
		{"limit", &p.limit},
	} {
		if *param.value, err = web.QueryNumber(c, param.name); err != nil {
			return p, err
		}
	}
	return p, nil
}

// messagesBefore answers with the messages before a seq, or the newest ones, as JSON.
func (s *Server) messagesBefore(c echo.Context, conv chat.Conversation, params pageParams) error {
	page, err := s.chat.MessagesBefore(c.Request().Context(), conv, params.before, int(params.limit))
	if err != nil {
		return err
	}
	next := ""
	if page.HasOlder {
		next = views.MessagesBeforeURL(conv.Ref(), page.Messages[0].Seq)
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, page, next, int(params.limit)))
}

// messagesAfter answers with the messages after a seq as JSON.
func (s *Server) messagesAfter(c echo.Context, conv chat.Conversation, params pageParams) error {
	page, err := s.chat.MessagesAfter(c.Request().Context(), conv, params.after, int(params.limit))
	if err != nil {
		return err
	}
	next := ""
	if page.HasNewer {
		next = views.MessagesAfterURL(conv.Ref(), page.Messages[len(page.Messages)-1].Seq)
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, page, next, int(params.limit)))
}

// messagesChangedSince answers with the messages that were posted or changed after a seq, as JSON. Programs catch up
// with it.
func (s *Server) messagesChangedSince(c echo.Context, conv chat.Conversation, params pageParams) error {
	limit := int(params.limit)
	page, err := s.chat.MessagesChangedSince(c.Request().Context(), conv, params.changedAfter, params.asOf, limit)
	if err != nil {
		return err
	}
	next := ""
	if page.HasNewer {
		last := page.Messages[len(page.Messages)-1].ChangedSeq
		next = views.MessagesChangedURL(conv.Ref(), last, cmp.Or(params.asOf, conv.LastSeq))
	}
	return c.JSON(http.StatusOK, historyToJSON(conv, page, next, limit))
}

// conversationPage answers with the page of a conversation, or with the changes that a page of older messages missed. A
// request for the newest messages marks them as read, unless htmx makes it: htmx may fetch a page for a hidden tab,
// where the page itself reports what is on screen.
func (s *Server) conversationPage(c echo.Context, conv chat.Conversation, params pageParams) error {
	page, err := s.chat.MessagesBefore(c.Request().Context(), conv, params.before, int(params.limit))
	if err != nil {
		return err
	}
	timeline := s.newTimeline(conv, page, params.before)
	if web.IsHTMX(c) && c.QueryParams().Has("changed_after") {
		return s.renderChangedSince(c, timeline, params.changedAfter)
	}
	if params.before == 0 && c.Request().Method == http.MethodGet && !web.IsHTMX(c) {
		s.markPageRead(c, conv, page)
	}
	if timeline.Composer, err = s.newComposer(c, conv); err != nil {
		return err
	}
	timeline.Composer = withSuggestions(timeline.Composer, c.QueryParam("typo"))
	return s.renderConversation(c, http.StatusOK, timeline)
}

// newTimeline returns what a page shows of a conversation. Its stream starts at conv.LastSeq, which must have been read
// before the messages, so that the stream misses nothing.
func (s *Server) newTimeline(conv chat.Conversation, page chat.MessagePage, before int64) views.Timeline {
	return views.Timeline{
		Conversation: conv,
		Online:       s.hub.IsOnline(conv.Peer),
		Messages:     page.Messages,
		HasOlder:     page.HasOlder,
		Before:       before,
		Cursor:       conv.LastSeq,
		FirstUnread:  firstUnread(conv, page),
	}
}

// firstUnread returns the seq of the first unread message on a page, or 0.
func firstUnread(conv chat.Conversation, page chat.MessagePage) int64 {
	if conv.Unread == 0 {
		return 0
	}
	for _, m := range page.Messages {
		if m.Seq > conv.ReadSeq && m.AuthorID != conv.Viewer && m.DeletedAt == 0 {
			return m.Seq
		}
	}
	return 0
}

func (s *Server) renderConversation(c echo.Context, status int, timeline views.Timeline) error {
	side, err := s.sidebar(c, timeline.Conversation.StreamKey())
	if err != nil {
		return err
	}
	return s.Render(c, status, views.MessagesPage(s.Page(c), side, timeline))
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

// renderMessage answers with the page of one message and what can be done with it. The form to edit it is filled with
// e.
func (s *Server) renderMessage(c echo.Context, status int, m chat.Message, e views.EditForm) error {
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	return s.Render(c, status, views.MessagePage(s.Page(c), side, m, e))
}

// postRequest is the form of the composer. With or Room names the conversation.
type postRequest struct {
	With web.ID   `form:"with" json:"with"`
	Room web.ID   `form:"room" json:"room"`
	Body string   `form:"body" json:"body"`
	Key  string   `form:"key" json:"key"`
	Base string   `form:"base" json:"base"` // the draft that the composer was rendered with
	File []web.ID `form:"file" json:"file"` // uploaded files to attach
}

func (in postRequest) conversation() chat.ConversationRef {
	return chat.ConversationRef{With: int64(in.With), Room: int64(in.Room)}
}

// message returns the message to post. A file that is named twice is attached once.
func (in postRequest) message() chat.NewMessage {
	m := chat.NewMessage{Conversation: in.conversation(), Body: in.Body, Key: in.Key}
	for _, f := range in.File {
		if !slices.Contains(m.Files, int64(f)) {
			m.Files = append(m.Files, int64(f))
		}
	}
	return m
}

func (s *Server) postMessage(c echo.Context) error {
	in, rejected, err := s.readPostRequest(c)
	if err != nil {
		return err
	}
	if len(rejected) > 0 {
		return s.rerenderComposer(c, in, rejected, nil)
	}
	posted, err := s.sendMessage(c, web.CurrentUser(c), in.message())
	if err != nil {
		return s.rerenderComposer(c, in, nil, err)
	}
	if web.WantsJSON(c) {
		return postedJSON(c, posted)
	}
	typo := emoji.FirstMistyped(in.Body)
	if web.IsHTMX(c) {
		composer := withSuggestions(views.Composer{Conversation: in.conversation()}, typo)
		return s.Render(c, http.StatusOK, views.PostResponse(s.Locale(c), posted.Message, composer))
	}
	return c.Redirect(http.StatusSeeOther, views.AfterPostURL(in.conversation(), typo))
}

// postedJSON answers with a posted message as JSON: 201, or 200 if it had been posted before.
func postedJSON(c echo.Context, posted chat.PostResult) error {
	status := http.StatusOK
	if posted.Created {
		status = http.StatusCreated
	}
	return c.JSON(status, web.MessageToJSON(posted.Message))
}

// readPostRequest reads a message and uploads the files in its form. If the message is refused later, the uploaded
// files stay with the draft. It also returns the files that were rejected.
func (s *Server) readPostRequest(c echo.Context) (in postRequest, rejected []views.RejectedFile, err error) {
	var uploads uploadResult
	if web.IsMultipart(c.Request()) {
		if uploads, err = s.receiveFiles(c); err != nil {
			return in, nil, err
		}
	}
	if err = web.Bind(c, &in); err != nil {
		return in, nil, err
	}
	for _, f := range uploads.files {
		in.File = append(in.File, web.ID(f.ID))
	}
	return in, uploads.rejected, nil
}

// sendMessage posts a message under the rate limit of its author. A bot has one limit for all its webhooks.
func (s *Server) sendMessage(c echo.Context, by chat.User, in chat.NewMessage) (chat.PostResult, error) {
	limit := s.limits.Posts
	if by.IsBot() {
		limit = s.limits.BotPosts
	}
	if err := limit.AllowUser(by); err != nil {
		return chat.PostResult{}, err
	}
	in.Body = emoji.Expand(in.Body)
	return s.chat.PostMessage(c.Request().Context(), by, in)
}

// historyJSON is a part of a conversation.
type historyJSON struct {
	Messages []web.MessageJSON `json:"messages"`
	Cursor   int64             `json:"cursor"`         // where a stream continues
	Next     string            `json:"next,omitempty"` // the URL of the next page
}

// historyToJSON returns messages with the URL of the next page, which is empty on the last one. The next page has the
// same limit.
func historyToJSON(c chat.Conversation, h chat.MessagePage, next string, limit int) historyJSON {
	out := historyJSON{Messages: make([]web.MessageJSON, len(h.Messages)), Cursor: c.LastSeq, Next: next}
	for i, m := range h.Messages {
		out.Messages[i] = web.MessageToJSONFor(m, c.Viewer)
	}
	if next != "" {
		out.Next += limitParameter(limit)
	}
	return out
}

// limitParameter returns the query parameter limit for the next page, or "" if the caller gave none.
func limitParameter(limit int) string {
	if limit <= 0 {
		return ""
	}
	return "&limit=" + strconv.Itoa(limit)
}
