package views

import (
	"net/url"
	"unicode"

	"charla/chat"
	"charla/emoji"

	"github.com/a-h/templ"
	"github.com/rivo/uniseg"
)

// Picker is a window on the emoji, and what becomes of the one that is chosen.
type Picker struct {
	Pick
	Query  string
	Group  int           // the chosen group; -1 for none
	Tone   int           // the skin tone that they show in
	Recent []emoji.Emoji // what the person used last
	Found  []emoji.Emoji // what Query finds, else the emoji of the group
}

// Pick says where a chosen emoji goes: it is posted as "emoji" to Action, with what is carried along.
type Pick struct {
	ID      string // of the picker on the page
	Action  string
	Attrs   templ.Attributes // how htmx posts it; nil for a page that does without
	Carried []Carried
}

// Carried is a hidden field that goes with a choice and with a search.
type Carried struct{ Name, Value string }

// WritePick puts a chosen emoji into the text in the composer, by htmx, where the caret is. The box may be empty, so nothing is
// validated.
func WritePick(p chat.Place) Pick {
	return Pick{ID: idPicker, Action: emojiURL, Carried: carriedPlace(p), Attrs: templ.Attributes{
		"hx-post": emojiURL, "hx-target": at(idAnswer), "hx-swap": "innerHTML", "hx-status:4xx": whyNotSent, "hx-status:5xx": whyNotSent, "novalidate": true,
	}}
}

// PagePick carries the text from the composer to a page of emoji and back, without JavaScript.
func PagePick(c Composer) Pick {
	carried := append(carriedPlace(c.Place), Carried{"body", c.Body}, Carried{"key", c.Key}, Carried{"base", c.Base})
	return Pick{ID: idPicker, Action: emojiURL, Carried: carried}
}

// ReactPick makes a chosen emoji a reaction to a message, from the menu of the message, which says the rest.
func ReactPick(message int64) Pick {
	return Pick{
		ID: idMenu, Action: reactionsURL(message), Attrs: templ.Attributes{"hx-post": reactionsURL(message)},
		Carried: []Carried{{"message", number(message)}},
	}
}

// xCloses is what Esc does in a popover. A field for a search keeps the key for itself in WebKit, also when nothing is in it to be
// taken away.
const xCloses = `$event.target.value === '' && $el.hidePopover()`

func carriedPlace(p chat.Place) []Carried {
	if p.Room != 0 {
		return []Carried{{"room", number(p.Room)}}
	}
	return []Carried{{"with", number(p.With)}}
}

// url is where the picker for this choice is.
func (p Pick) url() string {
	q := url.Values{}
	for _, c := range p.Carried {
		q.Set(c.Name, c.Value)
	}
	return emojiURL + "?" + q.Encode()
}

// narrowing makes htmx fetch the emoji while one types, and when a group or a tone is chosen.
func (p Pick) narrowing() templ.Attributes {
	if p.Attrs == nil {
		return nil
	}
	return templ.Attributes{
		"hx-get": emojiURL, "hx-trigger": "submit, input delay:200ms", "hx-sync": "this:replace",
		"hx-target": at(emojiID(p)), "hx-select": at(emojiID(p)), "hx-swap": "outerHTML", "hx-status:4xx": whyNot, "hx-status:5xx": whyNot,
	}
}

// group is what is marked as chosen: of those used last there may be none, and then the first group is shown alone.
func (k Picker) group() int {
	if k.Group < 0 && len(k.Recent) == 0 {
		return 0
	}
	return k.Group
}

// groupIcons stand for the groups.
var groupIcons = [emoji.Groups]string{"😀", "👋", "🐻", "🍎", "🚗", "⚽", "💡", "🔣", "🏁"}

func groupName(l Locale, group int) string {
	return [emoji.Groups]string{
		l.T("Faces"), l.T("People"), l.T("Animals and nature"), l.T("Food and drink"), l.T("Travel and places"),
		l.T("Activities"), l.T("Objects"), l.T("Symbols"), l.T("Flags"),
	}[group]
}

// toneIcon is a hand in a skin tone.
func toneIcon(tone int) string {
	hand, _ := emoji.Find("✋")
	return hand.InTone(tone).Text
}

func toneName(l Locale, tone int) string {
	return [emoji.Tones + 1]string{
		l.T("No skin tone"), l.T("Light skin"), l.T("Medium-light skin"), l.T("Medium skin"), l.T("Medium-dark skin"), l.T("Dark skin"),
	}[tone]
}

// maxLarge is how many emoji may stand alone to be shown large.
const maxLarge = 3

// isEmoji tells whether a text is nothing but a few emoji, counted as people count them.
func isEmoji(text string) bool {
	n := 0
	for rest, state := text, -1; rest != ""; {
		var part string
		part, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if unicode.IsSpace([]rune(part)[0]) {
			continue
		}
		if _, ok := emoji.Find(part); !ok || n == maxLarge {
			return false
		}
		n++
	}
	return n > 0
}
