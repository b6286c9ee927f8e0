package handlers

import (
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

func (s *Server) showMessage(c echo.Context) error {
	ctx, me := c.Request().Context(), web.CurrentUser(c)
	m, err := s.chat.Message(ctx, me, web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		saved, err := s.chat.HasSaved(ctx, me, m.ID)
		if err != nil {
			return err
		}
		out := web.MessageToJSONFor(m, me.ID)
		out.Saved = &saved
		return c.JSON(http.StatusOK, out)
	}
	return s.renderMessage(c, http.StatusOK, m, views.EditForm{MessageEdit: chat.MessageEdit{Text: m.Body}})
}

// renderMessage answers with the page that shows one message and what the caller can do with it. e is the content of
// the form that edits the message.
func (s *Server) renderMessage(c echo.Context, status int, m chat.Message, e views.EditForm) error {
	ctx, me := c.Request().Context(), web.CurrentUser(c)
	saved, err := s.chat.HasSaved(ctx, me, m.ID)
	if err != nil {
		return err
	}
	mayPin, err := s.chat.MayPin(ctx, me, m.Room)
	if err != nil {
		return err
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	state := views.MessageState{Saved: saved, Pin: mayPin}
	return s.Render(c, status, views.MessagePage(s.Page(c), side, m, state, e))
}

// postRequest is the form or JSON that posts a message; the composer sends it. Either With (a user) or Room names the
// conversation.
type postRequest struct {
	With web.ID   `form:"with" json:"with"`
	Room web.ID   `form:"room" json:"room" example:""`
	Body string   `form:"body" json:"body" example:"" max:"150000"`
	Key  string   `form:"key" json:"key" example:""`
	Base string   `form:"base" json:"base" max:"150000"` // the draft that the composer was rendered with
	File []web.ID `form:"file" json:"file"`              // uploaded files to attach
	All  string   `form:"all" json:"all"`                // "yes" if @channel and @here may notify many people
}

func (in postRequest) conversation() chat.ConversationRef {
	return chat.ConversationRef{With: int64(in.With), Room: int64(in.Room)}
}

// message returns the message to post. If the form names a file twice, the message has it once.
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
	posted, err := s.sendMessage(c, web.CurrentUser(c), s.withAudience(c, in.message(), in.All))
	if err != nil {
		return s.rerenderComposer(c, in, nil, err)
	}
	if web.WantsJSON(c) {
		return postedJSON(c, posted)
	}
	typos := emoji.Mistyped(in.Body)
	if web.IsHTMX(c) {
		composer := withSuggestions(views.Composer{Conversation: in.conversation()}, typos)
		composer.Hints = s.mentionHints(c, posted)
		return s.Render(c, http.StatusOK, views.PostResponse(s.Locale(c), posted.Message, composer))
	}
	return c.Redirect(http.StatusSeeOther, views.AfterPostURL(in.conversation(), typos, s.mentionHints(c, posted)))
}

// postedJSON answers with a posted message as JSON. The status is 201, or 200 if an earlier request with the same key
// had already posted the message.
func postedJSON(c echo.Context, posted chat.PostResult) error {
	status := http.StatusOK
	if posted.Created {
		status = http.StatusCreated
	}
	out := web.MessageToJSON(posted.Message)
	if len(posted.Outside) > 0 {
		out.NotInRoom = web.AuthorsToJSON(posted.Outside)
	}
	return c.JSON(status, out)
}

// readPostRequest reads a new message from the request and stores the files in its form. It also returns the files that
// were rejected. If the message is refused later, the stored files stay in the draft.
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

// sendMessage posts a message if its author has not reached the rate limit. All webhooks of a bot share one limit.
func (s *Server) sendMessage(c echo.Context, by chat.User, in chat.NewMessage) (chat.PostResult, error) {
	limit := s.limits.Posts
	if by.IsBot() {
		limit = s.limits.BotPosts
	}
	if err := limit.AllowUser(by); err != nil {
		return chat.PostResult{}, err
	}
	in.Body = expandShortcodes(in.Body)
	return s.chat.PostMessage(c.Request().Context(), by, in)
}

// maxShortcodeBytes is the length above which a text is not searched for shortcodes. With or without them it is too
// long for a message.
const maxShortcodeBytes = 64 << 10

// expandShortcodes replaces the emoji shortcodes of a message, such as :tada:, by emoji.
func expandShortcodes(text string) string {
	if len(text) > maxShortcodeBytes {
		return text
	}
	return emoji.Expand(text)
}
