package views

import (
	"net/url"
	"unicode"

	"charla/chat"
	"charla/emoji"

	"github.com/a-h/templ"
	"github.com/rivo/uniseg"
)

// PickerState is a window on the emoji, and what becomes of the one that is chosen.
type PickerState struct {
	PickTarget
	Query  string
	Group  int           // the chosen group; -1 for none
	Tone   int           // the skin tone that they show in
	Recent []emoji.Emoji // what the person used last
	Shown  []emoji.Emoji // what Query finds, else the emoji of the group
}

// PickTarget says where a chosen emoji goes: it is posted as "emoji" to Action, with what is carried along.
type PickTarget struct {
	ID           string // of the picker on the page
	Action       string
	Attrs        templ.Attributes // how htmx posts it; nil for a page that does without
	HiddenFields []HiddenField
}

// HiddenField is a hidden field that goes with a choice and with a search.
type HiddenField struct{ Name, Value string }

// PickForComposer puts a chosen emoji into the text in the composer, by htmx, where the caret is. The box may be empty, so nothing is
// validated.
func PickForComposer(p chat.ConversationRef) PickTarget {
	return PickTarget{ID: idEmojiPicker, Action: emojiURL, HiddenFields: conversationHiddenFields(p), Attrs: templ.Attributes{
		"hx-post": emojiURL, "hx-target": byID(idDraftResponse), "hx-swap": "innerHTML", "hx-status:4xx": composerErrorSwap, "hx-status:5xx": composerErrorSwap, "novalidate": true,
	}}
}

// PickForComposerPage carries the text from the composer to a page of emoji and back, without JavaScript.
func PickForComposerPage(c Composer) PickTarget {
	carried := append(conversationHiddenFields(c.Conversation), HiddenField{"body", c.Body}, HiddenField{"key", c.Key}, HiddenField{"base", c.SavedDraft})
	return PickTarget{ID: idEmojiPicker, Action: emojiURL, HiddenFields: carried}
}

// PickForReaction makes a chosen emoji a reaction to a message, from the menu of the message, which says the rest.
func PickForReaction(message int64) PickTarget {
	return PickTarget{
		ID: idMessageMenu, Action: reactionsURL(message), Attrs: templ.Attributes{"hx-post": reactionsURL(message)},
		HiddenFields: []HiddenField{{"message", formatInt(message)}},
	}
}

// xCloseOnEscape is what Esc does in a popover. A field for a search keeps the key for itself in WebKit, also when nothing is in it to be
// taken away.
const xCloseOnEscape = `$event.target.value === '' && $el.hidePopover()`

func conversationHiddenFields(p chat.ConversationRef) []HiddenField {
	if p.Room != 0 {
		return []HiddenField{{"room", formatInt(p.Room)}}
	}
	return []HiddenField{{"with", formatInt(p.With)}}
}

// url is where the picker for this choice is.
func (p PickTarget) url() string {
	q := url.Values{}
	for _, c := range p.HiddenFields {
		q.Set(c.Name, c.Value)
	}
	return emojiURL + "?" + q.Encode()
}

// filterAttrs makes htmx fetch the emoji while one types, and when a group or a tone is chosen.
func (p PickTarget) filterAttrs() templ.Attributes {
	if p.Attrs == nil {
		return nil
	}
	return templ.Attributes{
		"hx-get": emojiURL, "hx-trigger": "submit, input delay:200ms", "hx-sync": "this:replace",
		"hx-target": byID(emojiGridID(p)), "hx-select": byID(emojiGridID(p)), "hx-swap": "outerHTML", "hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}

// selectedGroup is what is marked as chosen: of those used last there may be none, and then the first group is shown alone.
func (k PickerState) selectedGroup() int {
	if k.Group < 0 && len(k.Recent) == 0 {
		return 0
	}
	return k.Group
}

// groupIcons stand for the groups.
var groupIcons = [emoji.GroupCount]string{"😀", "👋", "🐻", "🍎", "🚗", "⚽", "💡", "🔣", "🏁"}

func groupName(l Locale, group int) string {
	return [emoji.GroupCount]string{
		l.T("Smileys"), l.T("People"), l.T("Animals and nature"), l.T("Food and drink"), l.T("Travel and places"),
		l.T("Activities"), l.T("Objects"), l.T("Symbols"), l.T("Flags"),
	}[group]
}

// toneIcon is a hand in a skin tone.
func toneIcon(tone int) string {
	hand, _ := emoji.Lookup("✋")
	return hand.WithTone(tone).Text
}

func toneName(l Locale, tone int) string {
	return [emoji.ToneCount + 1]string{
		l.T("No skin tone"), l.T("Light skin"), l.T("Medium-light skin"), l.T("Medium skin"), l.T("Medium-dark skin"), l.T("Dark skin"),
	}[tone]
}

// maxLargeEmoji is how many emoji may stand alone to be shown large.
const maxLargeEmoji = 3

// isOnlyEmoji tells whether a text is nothing but a few emoji, counted as people count them.
func isOnlyEmoji(text string) bool {
	n := 0
	for rest, state := text, -1; rest != ""; {
		var part string
		part, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if unicode.IsSpace([]rune(part)[0]) {
			continue
		}
		if _, ok := emoji.Lookup(part); !ok || n == maxLargeEmoji {
			return false
		}
		n++
	}
	return n > 0
}
