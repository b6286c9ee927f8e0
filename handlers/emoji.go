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
	"charla/views"

	"github.com/labstack/echo/v4"
)

// maxEmoji is how many emoji a search brings.
const maxEmoji = 100

// picking is what a picker sends: the message that one reacts to, or the box with what is being written; what was looked
// for, and once one is chosen for the box, the emoji.
type picking struct {
	Message id     `form:"message" json:"message"`
	With    id     `form:"with" json:"with"`
	Room    id     `form:"room" json:"room"`
	Body    string `form:"body" json:"body"`
	Key     string `form:"key" json:"key"`
	Base    string `form:"base" json:"base"`
	Emoji   string `form:"emoji" json:"emoji"`
	Tone    string `form:"tone" json:"tone"`
	Query   string `form:"q" json:"q"`
	Group   string `form:"group" json:"group"`
}

func (p picking) box() posting {
	return posting{With: p.With, Room: p.Room, Body: p.Body, Key: p.Key, Base: p.Base}
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

func (s *Server) emoji(c echo.Context) error {
	place := queryPlace(c)
	for _, name := range []string{"group", "tone"} {
		if _, err := queryNumber(c, name); err != nil {
			return err
		}
	}
	return s.offerEmoji(c, picking{
		Message: id(number(c.QueryParam("message"))), With: id(place.With), Room: id(place.Room),
		Query: c.QueryParam("q"), Group: c.QueryParam("group"), Tone: c.QueryParam("tone"),
	})
}

// offerEmoji shows emoji: a list to programs, the inside of a picker to htmx, otherwise a page, which does without htmx.
func (s *Server) offerEmoji(c echo.Context, in picking) error {
	pick, place, err := s.pick(c, in)
	if err != nil {
		return err
	}
	picker, err := s.picker(c, in)
	if err != nil {
		return err
	}
	picker.Pick = pick
	switch {
	case wantsJSON(c):
		return c.JSON(http.StatusOK, emojisJSON{emojiToJSON(s.locale(c), picker.Found)})
	case isHX(c):
		return s.render(c, http.StatusOK, views.EmojiPicker(s.locale(c), picker))
	}
	if place == (chat.Place{}) { // there is nothing to put a choice into
		return redirect(c, "/chat")
	}
	side, err := s.sidebar(c, chat.Topic{})
	if err != nil {
		return err
	}
	picker.Attrs = nil
	return s.render(c, http.StatusOK, views.EmojiPage(s.page(c), side, picker, place))
}

// pick says what becomes of a choice, and in which conversation: a reaction to a message, or a part of the text in the box,
// which htmx leaves there and a page carries along.
func (s *Server) pick(c echo.Context, in picking) (views.Pick, chat.Place, error) {
	place := in.box().place()
	switch {
	case in.Message != 0:
		m, err := s.chat.Message(c.Request().Context(), person(c), int64(in.Message))
		return views.ReactPick(m.ID), chat.Place{Room: m.Room}, err
	case isHX(c):
		return views.WritePick(place), place, nil
	}
	return views.PagePick(views.Composer{Place: place, Body: in.Body, Key: in.Key, Base: in.Base}), place, nil
}

// picker finds what was asked for. In a search the emoji of the chosen group come first; without one, what the person used
// last comes before the first group.
func (s *Server) picker(c echo.Context, in picking) (views.Picker, error) {
	habits, err := s.chat.EmojiHabits(c.Request().Context(), person(c))
	if err != nil {
		return views.Picker{}, err
	}
	p := views.Picker{Query: in.Query, Group: upTo(in.Group, emoji.Groups-1, -1), Tone: upTo(in.Tone, emoji.Tones, habits.Tone)}
	if p.Query != "" {
		p.Found = emoji.Search(p.Query, maxEmoji)
		slices.SortStableFunc(p.Found, func(a, b emoji.Emoji) int { return outside(a, p.Group) - outside(b, p.Group) })
	} else {
		p.Found = emoji.InGroup(max(p.Group, 0))
	}
	for i, e := range p.Found {
		p.Found[i] = e.InTone(p.Tone)
	}
	for _, text := range habits.Recent {
		if e, ok := emoji.Find(text); ok && p.Group < 0 {
			p.Recent = append(p.Recent, e)
		}
	}
	return p, nil
}

func outside(e emoji.Emoji, group int) int {
	if e.Group == group {
		return 0
	}
	return 1
}

// upTo reads a number from 0 to most; otherwise is the answer to anything else.
func upTo(s string, most, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= most {
		return n
	}
	return otherwise
}

func emojiToJSON(l views.Locale, found []emoji.Emoji) []emojiJSON {
	out := make([]emojiJSON, len(found))
	for i, e := range found {
		out[i] = emojiJSON{e.Text, e.Name(l.Lang), e.Codes}
	}
	return out
}

// pickEmoji puts an emoji at the end of what is being written. Without one it is the way to the page of emoji.
func (s *Server) pickEmoji(c echo.Context) error {
	var in picking
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Emoji == "" && !wantsJSON(c) {
		return s.offerEmoji(c, in)
	}
	e, ok := emoji.Find(in.Emoji)
	if !ok {
		return &chat.Error{Code: chat.Invalid, Field: "emoji", Format: "Charla does not know this emoji."}
	}
	conv, err := s.chat.Conversation(c.Request().Context(), person(c), in.box().place())
	switch {
	case err != nil && (failsInJSON(c) || chat.CodeOf(err) == chat.NotFound):
		return err
	case err != nil:
		return s.keepText(c, in.box(), err)
	}
	s.noteEmoji(c, e, in.Tone)
	box := views.Composer{Place: conv.Place(), Key: cmp.Or(in.Key, rand.Text()), Body: in.Body + e.Text, Base: in.Base}
	switch {
	case wantsJSON(c):
		return c.JSON(http.StatusOK, pickedJSON{box.Body})
	case isHX(c):
		return s.render(c, http.StatusOK, views.Picked(s.locale(c), box, e))
	}
	return s.unsent(c, http.StatusOK, box)
}

// noteEmoji remembers what was chosen. That it fails is no reason not to choose it.
func (s *Server) noteEmoji(c echo.Context, e emoji.Emoji, tone string) {
	var chosen *int
	if n := upTo(tone, emoji.Tones, -1); n >= 0 {
		chosen = &n
	}
	if err := s.chat.UseEmoji(c.Request().Context(), person(c), e.Text, chosen); err != nil {
		slog.Warn("use of an emoji not noted", "request", requestID(c), "error", err)
	}
}

// maxGuesses is how many shortcodes are suggested for a mistyped one.
const maxGuesses = 3

// suggest says in the box what a mistyped shortcode may have meant.
func suggest(box views.Composer, typo string) views.Composer {
	box.Typo, box.Guesses = typo, emoji.Near(typo, maxGuesses)
	return box
}
