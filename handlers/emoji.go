package handlers

import (
	"cmp"
	"crypto/rand"
	"log/slog"
	"net/http"
	"slices"
	"strconv"

	"charla/chat"
	"charla/emoji"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) emojiRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/emoji", Handler: s.showEmoji, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns emoji by name or by group, recently used ones first.",
				Query:     "q group tone with room message",
				Responses: web.Responses{200: emojisJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/emoji", Handler: s.pickEmoji, Access: web.Member,
			KeepsText: true,
			Doc: web.Operation{
				Summary:   "Appends an emoji to a text that is being written, and returns the text.",
				Body:      emojiRequest{},
				Responses: web.Responses{200: pickedJSON{}},
			},
		},
	}
}

// maxFoundEmoji is how many emoji a search returns at most.
const maxFoundEmoji = 100

// emojiRequest is the form or JSON of an emoji picker. If Message is set, the picked emoji becomes a reaction to the
// message with that id. Otherwise it is appended to Body, which is the text in the composer.
type emojiRequest struct {
	Message web.ID `form:"message" json:"message" example:""` // to react to; 0 for the composer
	With    web.ID `form:"with" json:"with"`                  // With, Room, Body, Key, Base: as in the composer
	Room    web.ID `form:"room" json:"room"`
	Body    string `form:"body" json:"body" max:"150000"`
	Key     string `form:"key" json:"key"`
	Base    string `form:"base" json:"base" max:"150000"`
	Emoji   string `form:"emoji" json:"emoji" example:""` // empty until one is picked
	Tone    string `form:"tone" json:"tone"`
	Query   string `form:"q" json:"q" max:"200"`
	Group   string `form:"group" json:"group"`

	First web.StrictBool `form:"first" json:"first" example:""` // pick the first emoji that Query finds
}

// postRequest returns the fields that belong to the composer: the text and its conversation.
func (in emojiRequest) postRequest() postRequest {
	return postRequest{With: in.With, Room: in.Room, Body: in.Body, Key: in.Key, Base: in.Base}
}

// emojiJSON is an emoji in JSON responses, with its name in the language of the caller.
type emojiJSON struct {
	Emoji      string   `json:"emoji"`
	Name       string   `json:"name"`
	Shortcodes []string `json:"shortcodes"`
}

// emojisJSON is the JSON response that lists emoji.
type emojisJSON struct {
	Emoji []emojiJSON `json:"emoji"`
}

// pickedJSON is the JSON response to picking an emoji: the text with the emoji appended.
type pickedJSON struct {
	Body string `json:"body"`
}

func (s *Server) showEmoji(c echo.Context) error {
	conversation := web.QueryConversation(c)
	for _, name := range []string{"group", "tone"} {
		if _, err := web.QueryNumber(c, name); err != nil {
			return err
		}
	}
	return s.renderEmojiPicker(c, emojiRequest{
		Message: web.ID(web.ParseID(c.QueryParam("message"))),
		With:    web.ID(conversation.With), Room: web.ID(conversation.Room),
		Query: c.QueryParam("q"), Group: c.QueryParam("group"), Tone: c.QueryParam("tone"),
	})
}

// renderEmojiPicker answers with the emoji from which the user can choose: programs get JSON, htmx gets the content of
// a picker, and browsers get a page.
func (s *Server) renderEmojiPicker(c echo.Context, in emojiRequest) error {
	target, conversation, err := s.pickTarget(c, in)
	if err != nil {
		return err
	}
	picker, err := s.newPicker(c, in)
	if err != nil {
		return err
	}
	picker.PickTarget = target
	switch {
	case web.WantsJSON(c):
		return c.JSON(http.StatusOK, emojisJSON{emojiToJSON(s.Locale(c), picker.Shown)})
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.EmojiPicker(s.Locale(c), picker))
	}
	if conversation == (chat.ConversationRef{}) { // a picked emoji would have nowhere to go
		return web.Redirect(c, "/chat")
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	picker.Attrs = nil
	return s.Render(c, http.StatusOK, views.EmojiPage(s.Page(c), side, picker, conversation))
}

// pickTarget returns the form that will receive the picked emoji, and the conversation to return to. If the request
// names a message, the form adds a reaction to it. Otherwise the form adds the emoji to the text in the composer.
// Without htmx that form also carries the text, because the page with the composer is no longer there.
func (s *Server) pickTarget(c echo.Context, in emojiRequest) (views.PickTarget, chat.ConversationRef, error) {
	conversation := in.postRequest().conversation()
	switch {
	case in.Message != 0:
		m, err := s.chat.Message(c.Request().Context(), web.CurrentUser(c), int64(in.Message))
		return views.PickForReaction(m.ID), chat.ConversationRef{Room: m.Room}, err
	case web.IsHTMX(c):
		return views.PickForComposer(conversation), conversation, nil
	}
	return views.PickForComposerPage(s.refilledComposer(c, in.postRequest())), conversation, nil
}

// newPicker returns the content of the emoji picker. With a query it shows what the search found, emoji of the chosen
// group first. Without a query it shows the chosen group. If no group is chosen, it shows the emoji that the user
// picked last and the first group.
func (s *Server) newPicker(c echo.Context, in emojiRequest) (views.PickerState, error) {
	prefs, err := s.chat.EmojiPreferences(c.Request().Context(), web.CurrentUser(c))
	if err != nil {
		return views.PickerState{}, err
	}
	p := views.PickerState{
		Query: in.Query,
		Group: parseBounded(in.Group, emoji.GroupCount-1, -1),
		Tone:  parseBounded(in.Tone, emoji.ToneCount, prefs.SkinTone),
	}
	p.Shown = shownEmoji(p.Query, p.Group)
	for i, e := range p.Shown {
		p.Shown[i] = e.WithTone(p.Tone)
	}
	if p.Group >= 0 {
		return p, nil
	}
	for _, text := range prefs.Recent {
		if e, ok := emoji.Lookup(text); ok {
			p.Recent = append(p.Recent, e)
		}
	}
	return p, nil
}

// shownEmoji returns the emoji to show. With a query it returns what the search found, emoji of the group first.
// Without a query it returns all emoji of the group. Group -1 means that no group is chosen; it then returns the first
// group.
func shownEmoji(query string, group int) []emoji.Emoji {
	if query == "" {
		return emoji.InGroup(max(group, 0))
	}
	found := emoji.Search(query, maxFoundEmoji)
	slices.SortStableFunc(found, func(a, b emoji.Emoji) int { return groupRank(a, group) - groupRank(b, group) })
	return found
}

// groupRank returns a sort key that puts the emoji of a group first: 0 if e belongs to the group, otherwise 1.
func groupRank(e emoji.Emoji, group int) int {
	if e.Group == group {
		return 0
	}
	return 1
}

// parseBounded parses a number from 0 to highest. It returns fallback if s is anything else.
func parseBounded(s string, highest, fallback int) int {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= highest {
		return n
	}
	return fallback
}

func emojiToJSON(l views.Locale, found []emoji.Emoji) []emojiJSON {
	out := make([]emojiJSON, len(found))
	for i, e := range found {
		out[i] = emojiJSON{e.Text, e.Name(l.Lang), e.Shortcodes}
	}
	return out
}

// pickEmoji answers with the submitted text to which the picked emoji is appended. If the picker was opened for a
// reaction and its search picked the first result, pickEmoji adds the reaction instead. If the request names no emoji,
// for example because the user pressed the search button, browsers get the picker.
func (s *Server) pickEmoji(c echo.Context) error {
	var in emojiRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if in.First && in.Emoji == "" {
		if in.Emoji = firstFound(in); in.Emoji == "" && web.IsHTMX(c) {
			return c.NoContent(http.StatusNoContent)
		}
		if in.Message != 0 && in.Emoji != "" {
			return s.addReaction(c, int64(in.Message), reactionRequest{Emoji: in.Emoji, Tone: in.Tone})
		}
	}
	if in.Emoji == "" && !web.WantsJSON(c) {
		return s.renderEmojiPicker(c, in)
	}
	e, ok := emoji.Lookup(in.Emoji)
	if !ok {
		return &chat.Error{Code: chat.Invalid, Field: "emoji", Format: "This emoji isn't supported."}
	}
	text := in.postRequest()
	conv, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), text.conversation())
	if err != nil {
		return s.rerenderComposer(c, text, nil, err)
	}
	s.recordEmojiUse(c, e, in.Tone)
	text.Key, text.Body = cmp.Or(text.Key, rand.Text()), text.Body+e.Text
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, pickedJSON{text.Body})
	}
	if web.IsHTMX(c) {
		composer := s.refilledComposer(c, text)
		composer.Conversation = conv.Ref()
		return s.Render(c, http.StatusOK, views.EmojiPickedResponse(s.Locale(c), composer, e))
	}
	return s.rerenderComposer(c, text, nil, nil)
}

// firstFound returns the first emoji that a picker shows for a query, in the chosen skin tone. It returns "" without a
// query, or if nothing is found.
func firstFound(in emojiRequest) string {
	if in.Query == "" {
		return ""
	}
	found := shownEmoji(in.Query, parseBounded(in.Group, emoji.GroupCount-1, -1))
	if len(found) == 0 {
		return ""
	}
	return found[0].WithTone(parseBounded(in.Tone, emoji.ToneCount, 0)).Text
}

// recordEmojiUse saves which emoji and skin tone the user picked last. If that fails, it only logs the error, so that
// the user still gets the emoji.
func (s *Server) recordEmojiUse(c echo.Context, e emoji.Emoji, tone string) {
	var picked *int
	if n := parseBounded(tone, emoji.ToneCount, -1); n >= 0 {
		picked = &n
	}
	if err := s.chat.RecordEmojiUse(c.Request().Context(), web.CurrentUser(c), e.Text, picked); err != nil {
		slog.Warn("record emoji use failed", "request", web.RequestID(c), "error", err)
	}
}
