package handlers

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"charla/chat"
	"charla/emoji"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) completionRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/complete", Handler: s.complete, Access: web.Member,
			KeepsText: true,
			Doc: web.Operation{
				Summary: "Returns the people and emoji with which the text before the caret may go on. The caret " +
					"and the positions in the answer count UTF-16 units.",
				Body:      completionRequest{},
				Responses: web.Responses{200: completionsJSON{}},
			},
		},
	}
}

// maxCompletions is how many people or emoji a completion offers, and how many people the page without JavaScript
// lists.
const (
	maxCompletions     = 8
	maxCompletionsPage = 50
)

// completionRequest is the form or JSON that asks for completions: the fields of the composer and the caret in its
// text. Browsers without JavaScript search for people with Query and append Choice to the text.
type completionRequest struct {
	With   web.ID `form:"with" json:"with"`
	Room   web.ID `form:"room" json:"room" example:""`
	Body   string `form:"body" json:"body" example:"@ana" max:"150000"`
	Key    string `form:"key" json:"key" example:""`
	Base   string `form:"base" json:"base" max:"150000"`
	Caret  string `form:"caret" json:"caret" example:"4"` // at the end of the text if it is missing
	Query  string `form:"q" json:"q" max:"200"`
	Choice string `form:"choice" json:"choice" example:"@ana "`
}

func (in completionRequest) postRequest() postRequest {
	return postRequest{With: in.With, Room: in.Room, Body: in.Body, Key: in.Key, Base: in.Base}
}

// completionJSON is a completion in JSON responses: Text replaces what stands between Start and the caret.
type completionJSON struct {
	Text   string `json:"text" example:"@ana "`
	Start  int    `json:"start" example:"0"`
	Label  string `json:"label" example:"Ana"`
	Handle string `json:"handle,omitempty"`
}

// completionsJSON is the JSON response that lists completions, the best first.
type completionsJSON struct {
	Choices []completionJSON `json:"choices"`
}

func (s *Server) complete(c echo.Context) error {
	var in completionRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if !web.WantsJSON(c) && !web.IsHTMX(c) {
		return s.mentionPage(c, in)
	}
	word, start := wordBeforeCaret(in.Body, in.Caret)
	list, err := s.completions(c, in.postRequest().conversation(), word)
	if err != nil {
		return err
	}
	if !web.WantsJSON(c) {
		return s.completionList(c, list, start)
	}
	out := completionsJSON{Choices: []completionJSON{}}
	for _, choice := range list {
		out.Choices = append(out.Choices, completionJSON{choice.Text, start, choice.Label, choice.Handle})
	}
	return c.JSON(http.StatusOK, out)
}

// completionList answers a composer with the choices. Without any, it makes the composer close its list.
func (s *Server) completionList(c echo.Context, list []views.Completion, start int) error {
	if len(list) == 0 {
		c.Response().Header().Set("HX-Trigger", views.CompletionsClosed)
		return c.NoContent(http.StatusNoContent)
	}
	return s.Render(c, http.StatusOK, views.Completions(list, start))
}

// completions returns the people or emoji with which a word may go on. The word begins with @ or a colon; for any other
// there are none.
func (s *Server) completions(c echo.Context, ref chat.ConversationRef, word string) ([]views.Completion, error) {
	if query, ok := strings.CutPrefix(word, "@"); ok {
		people, err := s.chat.CompletePeople(c.Request().Context(), web.CurrentUser(c), ref, query, maxCompletions)
		list := peopleCompletions(people)
		for _, audience := range []chat.Audience{chat.AudienceChannel, chat.AudienceHere} {
			if query != "" && strings.HasPrefix(string(audience), strings.ToLower(query)) {
				list = append(list, views.AudienceCompletion(s.Locale(c), audience))
			}
		}
		return list, err
	}
	if _, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), ref); err != nil || word == "" {
		return nil, err
	}
	var list []views.Completion
	for _, e := range emoji.Search(word[1:], maxCompletions) {
		list = append(list, views.Completion{Text: e.Text, Icon: e.Text, Label: ":" + e.Shortcodes[0] + ":"})
	}
	return list, nil
}

func peopleCompletions(people []chat.UserSummary) []views.Completion {
	list := make([]views.Completion, len(people))
	for i, p := range people {
		list[i] = views.Completion{Text: "@" + p.Handle + " ", Label: p.Name, Handle: p.Handle}
	}
	return list
}

// wordBeforeCaret returns the word that is being written at the caret, if it begins with @ or is a shortcode of at
// least two characters after a colon, and the position where it begins. The positions count UTF-16 units, as browsers
// do. A full-width @ is returned as @.
func wordBeforeCaret(body, caret string) (word string, start int) {
	units := utf16.Encode([]rune(body))
	if n, err := strconv.Atoi(caret); err == nil && n >= 0 {
		units = units[:min(n, len(units))]
	}
	text := utf16.Decode(units)
	i := len(text) - 1
	for i >= 0 && len(text)-i <= chat.MaxHandle && isWordRune(text[i]) {
		i--
	}
	if i < 0 || i > 0 && !beginsWord(text[i-1]) {
		return "", 0
	}
	rest := string(text[i+1:])
	switch {
	case text[i] == '@' || text[i] == '＠':
		word = "@" + rest
	case text[i] == ':' && len(rest) >= 2:
		word = ":" + rest
	}
	return word, len(utf16.Encode(text[:i]))
}

func isWordRune(r rune) bool { return chat.IsHandleRune(r) || r == '+' }

// beginsWord reports whether a completion can begin after r: not inside a word, an address or a time such as 10:30.
func beginsWord(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("/@:", r)
}

// mentionPage answers browsers without JavaScript: with the people to choose from or, if one was chosen, with the
// conversation and the text to which the mention was appended.
func (s *Server) mentionPage(c echo.Context, in completionRequest) error {
	text := in.postRequest()
	if in.Choice != "" {
		if text.Body != "" && !strings.HasSuffix(text.Body, " ") && !strings.HasSuffix(text.Body, "\n") {
			text.Body += " "
		}
		text.Key, text.Body = cmp.Or(text.Key, rand.Text()), text.Body+in.Choice
		return s.rerenderComposer(c, text, nil, nil)
	}
	ctx, me := c.Request().Context(), web.CurrentUser(c)
	people, err := s.chat.CompletePeople(ctx, me, text.conversation(), in.Query, maxCompletionsPage)
	if err != nil {
		return s.rerenderComposer(c, text, nil, err)
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	composer := s.refilledComposer(c, text)
	return s.Render(c, http.StatusOK, views.MentionPage(s.Page(c), side, composer, in.Query, peopleCompletions(people)))
}
