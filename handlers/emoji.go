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

// maxFoundEmoji is how many emoji a search brings.
const maxFoundEmoji = 100

// emojiRequest is what a picker sends: the message that one reacts to, or the box with what is being written; what was looked
// for, and once one is chosen for the box, the emoji.
type emojiRequest struct {
	Message web.ID `form:"message" json:"message"`
	With    web.ID `form:"with" json:"with"`
	Room    web.ID `form:"room" json:"room"`
	Body    string `form:"body" json:"body"`
	Key     string `form:"key" json:"key"`
	Base    string `form:"base" json:"base"`
	Emoji   string `form:"emoji" json:"emoji"`
	Tone    string `form:"tone" json:"tone"`
	Query   string `form:"q" json:"q"`
	Group   string `form:"group" json:"group"`
}

func (p emojiRequest) postRequest() postRequest {
	return postRequest{With: p.With, Room: p.Room, Body: p.Body, Key: p.Key, Base: p.Base}
}

type emojiJSON struct {
	Emoji      string   `json:"emoji"`
	Name       string   `json:"name"`
	Shortcodes []string `json:"shortcodes"`
}

type emojisJSON struct {
	Emoji []emojiJSON `json:"emoji"`
}

// pickedJSON is the text with the emoji in it.
type pickedJSON struct {
	Body string `json:"body"`
}

func (s *Server) showEmoji(c echo.Context) error {
	place := web.QueryConversation(c)
	for _, name := range []string{"group", "tone"} {
		if _, err := web.QueryNumber(c, name); err != nil {
			return err
		}
	}
	return s.renderEmojiPicker(c, emojiRequest{
		Message: web.ID(web.ParseID(c.QueryParam("message"))), With: web.ID(place.With), Room: web.ID(place.Room),
		Query: c.QueryParam("q"), Group: c.QueryParam("group"), Tone: c.QueryParam("tone"),
	})
}

// renderEmojiPicker shows emoji: a list to programs, the inside of a picker to htmx, otherwise a page, which does without htmx.
func (s *Server) renderEmojiPicker(c echo.Context, in emojiRequest) error {
	pick, place, err := s.pickTarget(c, in)
	if err != nil {
		return err
	}
	picker, err := s.newPicker(c, in)
	if err != nil {
		return err
	}
	picker.PickTarget = pick
	switch {
	case web.WantsJSON(c):
		return c.JSON(http.StatusOK, emojisJSON{emojiToJSON(s.Locale(c), picker.Shown)})
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.EmojiPicker(s.Locale(c), picker))
	}
	if place == (chat.ConversationRef{}) { // there is nothing to put a choice into
		return web.Redirect(c, "/chat")
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	picker.Attrs = nil
	return s.Render(c, http.StatusOK, views.EmojiPage(s.Page(c), side, picker, place))
}

// pickTarget says what becomes of a choice, and in which conversation: a reaction to a message, or a part of the text in the box,
// which htmx leaves there and a page carries along.
func (s *Server) pickTarget(c echo.Context, in emojiRequest) (views.PickTarget, chat.ConversationRef, error) {
	place := in.postRequest().conversation()
	switch {
	case in.Message != 0:
		m, err := s.chat.Message(c.Request().Context(), web.CurrentUser(c), int64(in.Message))
		return views.PickForReaction(m.ID), chat.ConversationRef{Room: m.Room}, err
	case web.IsHTMX(c):
		return views.PickForComposer(place), place, nil
	}
	return views.PickForComposerPage(views.Composer{Conversation: place, Body: in.Body, Key: in.Key, SavedDraft: in.Base}), place, nil
}

// newPicker finds what was asked for. In a search the emoji of the chosen group come first; without one, what the person used
// last comes before the first group.
func (s *Server) newPicker(c echo.Context, in emojiRequest) (views.PickerState, error) {
	habits, err := s.chat.EmojiPreferences(c.Request().Context(), web.CurrentUser(c))
	if err != nil {
		return views.PickerState{}, err
	}
	p := views.PickerState{Query: in.Query, Group: parseBounded(in.Group, emoji.GroupCount-1, -1), Tone: parseBounded(in.Tone, emoji.ToneCount, habits.SkinTone)}
	if p.Query != "" {
		p.Shown = emoji.Search(p.Query, maxFoundEmoji)
		slices.SortStableFunc(p.Shown, func(a, b emoji.Emoji) int { return groupRank(a, p.Group) - groupRank(b, p.Group) })
	} else {
		p.Shown = emoji.InGroup(max(p.Group, 0))
	}
	for i, e := range p.Shown {
		p.Shown[i] = e.WithTone(p.Tone)
	}
	for _, text := range habits.Recent {
		if e, ok := emoji.Lookup(text); ok && p.Group < 0 {
			p.Recent = append(p.Recent, e)
		}
	}
	return p, nil
}

func groupRank(e emoji.Emoji, group int) int {
	if e.Group == group {
		return 0
	}
	return 1
}

// parseBounded reads a number from 0 to most; otherwise is the answer to anything else.
func parseBounded(s string, most, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= most {
		return n
	}
	return otherwise
}

func emojiToJSON(l views.Locale, found []emoji.Emoji) []emojiJSON {
	out := make([]emojiJSON, len(found))
	for i, e := range found {
		out[i] = emojiJSON{e.Text, e.Name(l.Lang), e.Shortcodes}
	}
	return out
}

// pickEmoji puts an emoji at the end of what is being written. Without one it is the way to the page of emoji.
func (s *Server) pickEmoji(c echo.Context) error {
	var in emojiRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if in.Emoji == "" && !web.WantsJSON(c) {
		return s.renderEmojiPicker(c, in)
	}
	e, ok := emoji.Lookup(in.Emoji)
	if !ok {
		return &chat.Error{Code: chat.Invalid, Field: "emoji", Format: "Charla does not know this emoji."}
	}
	conv, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), in.postRequest().conversation())
	switch {
	case err != nil && (web.WantsJSON(c) || chat.CodeOf(err) == chat.NotFound):
		return err
	case err != nil:
		return s.refuseText(c, in.postRequest(), err)
	}
	s.recordEmojiUse(c, e, in.Tone)
	box := views.Composer{Conversation: conv.Ref(), Key: cmp.Or(in.Key, rand.Text()), Body: in.Body + e.Text, SavedDraft: in.Base}
	switch {
	case web.WantsJSON(c):
		return c.JSON(http.StatusOK, pickedJSON{box.Body})
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.EmojiPickedResponse(s.Locale(c), box, e))
	}
	return s.rerenderComposer(c, http.StatusOK, box)
}

// recordEmojiUse remembers what was chosen. That it fails is no reason not to choose it.
func (s *Server) recordEmojiUse(c echo.Context, e emoji.Emoji, tone string) {
	var chosen *int
	if n := parseBounded(tone, emoji.ToneCount, -1); n >= 0 {
		chosen = &n
	}
	if err := s.chat.RecordEmojiUse(c.Request().Context(), web.CurrentUser(c), e.Text, chosen); err != nil {
		slog.Warn("use of an emoji not noted", "request", web.RequestID(c), "error", err)
	}
}
