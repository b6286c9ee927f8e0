package handlers

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"time"

	"charla/chat"
	"charla/emoji"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// formBody is the text of a message in a form that was sent for another reason.
func formBody(c echo.Context) string { return c.Request().PostForm.Get("body") }

// rerenderComposerWithFiles shows a browser without JavaScript its conversation again, with what stood in the box, and says why: of each file
// that was refused, and e, unless that is nil.
func (s *Server) rerenderComposerWithFiles(c echo.Context, in uploadResult, e *chat.Error) error {
	form, status := c.Request().PostForm, http.StatusOK
	box := views.Composer{Conversation: in.place, Key: form.Get("key"), Body: form.Get("body"), SavedDraft: form.Get("base"), RejectedFiles: in.refused, Error: e}
	if e == nil && len(in.refused) > 0 {
		e = in.refused[0].Error
	}
	if e != nil {
		status = web.StatusOf(e.Code)
	}
	return s.rerenderComposer(c, status, box)
}

// maxSuggestions is how many shortcodes are suggested for a mistyped one.
const maxSuggestions = 3

// withSuggestions says in the box what a mistyped shortcode may have meant.
func withSuggestions(box views.Composer, typo string) views.Composer {
	box.MistypedShortcode, box.Suggestions = typo, emoji.Suggest(typo, maxSuggestions)
	return box
}

// newComposer is the box with what was begun in it.
func (s *Server) newComposer(c echo.Context, conv chat.Conversation) (views.Composer, error) {
	draft, err := s.chat.Draft(c.Request().Context(), conv)
	if err != nil {
		return views.Composer{}, err
	}
	waiting, err := s.chat.PendingFiles(c.Request().Context(), web.CurrentUser(c), conv.Ref())
	return views.Composer{
		Attachments: waiting, FileLimits: s.chat.FileLimits(),
		UserID: conv.Viewer, Conversation: conv.Ref(), ConversationName: conv.Name,
		Key: cmp.Or(draft.Key, rand.Text()), KeyPrefix: rand.Text(), Body: draft.Body, SavedDraft: draft.Body, DraftSavedAt: draft.UpdatedAt, ServerTime: chat.TimestampOf(time.Now()),
	}, err
}

// refuseText answers a refused message: htmx gets a text, a browser gets the page again with what was typed. A key that
// belongs to another message is exchanged.
func (s *Server) refuseText(c echo.Context, in postRequest, err error) error {
	if web.IsHTMX(c) {
		return err
	}
	e, status := web.ClassifyError(c, err)
	web.SetRetryAfter(c, e)
	box := views.Composer{Conversation: in.conversation(), Key: in.Key, Body: in.Body, SavedDraft: in.Base, Error: e}
	if status == http.StatusConflict {
		box.Key = rand.Text()
	}
	return s.rerenderComposer(c, status, box)
}

// rerenderComposer shows the conversation with the text still in the box, or the box alone where the database does not answer.
func (s *Server) rerenderComposer(c echo.Context, status int, box views.Composer) error {
	ctx := c.Request().Context()
	box.UserID, box.KeyPrefix, box.ReplaceText, box.FileLimits = web.CurrentUser(c).ID, rand.Text(), true, s.chat.FileLimits()
	conv, err := s.chat.Conversation(ctx, web.CurrentUser(c), box.Conversation)
	if err != nil {
		return s.Render(c, status, views.UnsentMessagePage(s.Page(c), box))
	}
	history, err := s.chat.MessagesBefore(ctx, conv, 0, 0)
	if err != nil {
		return s.Render(c, status, views.UnsentMessagePage(s.Page(c), box))
	}
	if box.Attachments, err = s.chat.PendingFiles(ctx, web.CurrentUser(c), box.Conversation); err != nil {
		return s.Render(c, status, views.UnsentMessagePage(s.Page(c), box))
	}
	t := s.newThread(conv, history, 0)
	box.ConversationName = conv.Name
	t.Composer = box
	return s.renderConversation(c, status, t)
}
