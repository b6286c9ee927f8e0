package handlers

import (
	"cmp"
	"crypto/rand"
	"net/http"

	"charla/chat"
	"charla/emoji"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// maxSuggestions is how many emoji the composer suggests for one mistyped shortcode, such as :smlie:.
const maxSuggestions = 3

// withSuggestions returns the composer with suggestions for the mistyped shortcodes in typos. It uses at most the first
// emoji.MaxMistyped of them and leaves out those for which it finds no suggestion.
func withSuggestions(composer views.Composer, typos []string) views.Composer {
	for _, typo := range typos[:min(len(typos), emoji.MaxMistyped)] {
		if found := emoji.Suggest(typo, maxSuggestions); len(found) > 0 {
			composer.Mistyped = append(composer.Mistyped, views.MistypedShortcode{Name: typo, Suggestions: found})
		}
	}
	return composer
}

// newComposer returns the composer (the form for a new message) of a conversation, filled with the user's saved draft
// and uploaded files.
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
		UploadID:         rand.Text(),
		Body:             draft.Body,
		SavedDraft:       draft.Body,
		Attachments:      pending,
		FileLimits:       s.chat.FileLimits(),
	}, nil
}

// refilledComposer returns a composer that contains the text of a submitted form. It reads nothing from the database.
func (s *Server) refilledComposer(c echo.Context, in postRequest) views.Composer {
	return views.Composer{
		UserID:       web.CurrentUser(c).ID,
		Conversation: in.conversation(),
		Key:          in.Key,
		KeyPrefix:    rand.Text(),
		UploadID:     rand.Text(),
		Body:         in.Body,
		SavedDraft:   in.Base,
		FileLimits:   s.chat.FileLimits(),
	}
}

// rerenderComposer answers a submitted form after an error. Browsers without htmx get the page of the conversation: it
// shows err and the rejected files, and the composer has the text again, so that the text is not lost. The HTTP status
// is that of err or, if err is nil, that of the first rejected file. Programs and htmx still have the text, so they get
// only the error. If the conversation does not exist, everyone gets only the error.
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

// newestMessages returns the newest messages of the composer's conversation, as a page shows them. It also stores the
// user's uploaded files and the name of the conversation in the composer.
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
	unread, err := s.chat.FirstUnread(ctx, conv)
	if err != nil {
		return views.Timeline{}, err
	}
	timeline := s.newTimeline(conv, page, 0, unread)
	timeline.Composer = *composer
	return timeline, nil
}
