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

// maxSuggestions is how many shortcodes (:name: for an emoji) the composer suggests for a mistyped one.
const maxSuggestions = 3

// withSuggestions adds suggestions for mistyped shortcodes to a composer. It ignores shortcodes without suggestions and
// those above emoji.MaxMistyped.
func withSuggestions(composer views.Composer, typos []string) views.Composer {
	for _, typo := range typos[:min(len(typos), emoji.MaxMistyped)] {
		if found := emoji.Suggest(typo, maxSuggestions); len(found) > 0 {
			composer.Mistyped = append(composer.Mistyped, views.MistypedShortcode{Name: typo, Suggestions: found})
		}
	}
	return composer
}

// newComposer returns the composer of a conversation, filled with the saved draft and its uploaded files.
func (s *Server) newComposer(c echo.Context, conv chat.Conversation) (views.Composer, error) {
	draft, err := s.chat.Draft(c.Request().Context(), conv)
	if err != nil {
		return views.Composer{}, err
	}
	pending, err := s.chat.PendingFiles(c.Request().Context(), web.CurrentUser(c), conv.Ref())
	if err != nil {
		return views.Composer{}, err
	}
	return views.Composer{
		UserID:           conv.Viewer,
		Conversation:     conv.Ref(),
		ConversationName: conv.Name,
		Key:              cmp.Or(draft.Key, rand.Text()),
		KeyPrefix:        rand.Text(),
		Body:             draft.Body,
		SavedDraft:       draft.Body,
		DraftSavedAt:     draft.UpdatedAt,
		ServerTime:       chat.TimestampOf(time.Now()),
		Attachments:      pending,
		FileLimits:       s.chat.FileLimits(),
	}, nil
}

// refilledComposer returns a composer with the text of a submitted form. It does not read the database.
func (s *Server) refilledComposer(c echo.Context, in postRequest) views.Composer {
	return views.Composer{
		UserID:       web.CurrentUser(c).ID,
		Conversation: in.conversation(),
		Key:          in.Key,
		KeyPrefix:    rand.Text(),
		Body:         in.Body,
		SavedDraft:   in.Base,
		ReplaceText:  true,
		FileLimits:   s.chat.FileLimits(),
	}
}

// rerenderComposer answers a submitted form with the page of its conversation, so that the text is not lost: the
// composer has the text again and shows err and the rejected files. The HTTP status is that of err or, without one,
// that of the first rejected file. Programs and htmx still have the text, so they get only that error. Everyone gets
// the error if the conversation does not exist.
func (s *Server) rerenderComposer(c echo.Context, in postRequest, rejected []views.RejectedFile, err error) error {
	composer, status := s.refilledComposer(c, in), http.StatusOK
	composer.RejectedFiles = rejected
	if len(rejected) > 0 && err == nil {
		status = web.StatusOf(rejected[0].Error.Code)
		if web.IsHTMX(c) || web.WantsJSON(c) {
			return rejected[0].Error
		}
	}
	if err != nil {
		if web.IsHTMX(c) || web.WantsJSON(c) || chat.CodeOf(err) == chat.NotFound {
			return err
		}
		composer.Error, status = web.ClassifyError(c, err)
		web.SetRetryAfter(c, composer.Error)
		if composer.Error.Field == "key" { // it belongs to another message
			composer.Key = rand.Text()
		}
	}
	timeline, err := s.newestMessages(c, &composer)
	if err != nil { // for example because the database does not answer: the page has only the composer
		return s.Render(c, status, views.UnsentMessagePage(s.Page(c), composer))
	}
	return s.renderConversation(c, status, timeline)
}

// newestMessages loads a page's newest messages for the conversation of the composer. It also adds the uploaded files
// and the name of the conversation to the composer.
func (s *Server) newestMessages(c echo.Context, composer *views.Composer) (views.Timeline, error) {
	ctx := c.Request().Context()
	conv, err := s.chat.Conversation(ctx, web.CurrentUser(c), composer.Conversation)
	if err != nil {
		return views.Timeline{}, err
	}
	page, err := s.chat.MessagesBefore(ctx, conv, 0, 0)
	if err != nil {
		return views.Timeline{}, err
	}
	if composer.Attachments, err = s.chat.PendingFiles(ctx, web.CurrentUser(c), conv.Ref()); err != nil {
		return views.Timeline{}, err
	}
	composer.Conversation, composer.ConversationName = conv.Ref(), conv.Name
	timeline := s.newTimeline(conv, page, 0)
	timeline.Composer = *composer
	return timeline, nil
}
