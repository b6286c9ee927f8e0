package views

import (
	"maps"
	"net/url"
	"unicode"

	"charla/chat"
	"charla/emoji"

	"github.com/a-h/templ"
	"github.com/rivo/uniseg"
)

// PickerState is the content of an emoji picker.
type PickerState struct {
	PickTarget
	Query  string
	Group  int           // index of the chosen group; -1 for the recently used emoji
	Tone   int           // skin tone in which the emoji are shown
	Recent []emoji.Emoji // emoji that the user used recently
	Shown  []emoji.Emoji // results for Query, or else the emoji of the group
}

// PickTarget is the form that contains an emoji picker. When the user picks an emoji, the form posts it to Action as
// the field emoji, together with HiddenFields.
type PickTarget struct {
	ID           string // DOM id of the picker
	Action       string
	Attrs        templ.Attributes // htmx attributes of the form; nil on the page without JavaScript
	HiddenFields []HiddenField
}

// HiddenField is a hidden field in the form of an emoji picker. The form sends it with the picked emoji and with each
// search.
type HiddenField struct{ Name, Value string }

// PickForComposer returns the form of the composer's emoji picker. The form uses htmx, and the response inserts the
// picked emoji into the text at the caret. The browser does not validate the form, because the composer may be empty.
func PickForComposer(p chat.ConversationRef) PickTarget {
	return PickTarget{
		ID: idEmojiPicker, Action: emojiURL, HiddenFields: conversationHiddenFields(p),
		Attrs: templ.Attributes{
			"hx-post": emojiURL, "hx-target": byID(idDraftResponse), "hx-swap": "innerHTML", "novalidate": true,
			"hx-status:4xx": composerErrorSwap, "hx-status:5xx": composerErrorSwap,
		},
	}
}

// PickForComposerPage returns the form of the emoji page, for browsers without JavaScript. It carries the composer's
// text to the emoji page, and back together with the picked emoji.
func PickForComposerPage(c Composer) PickTarget {
	fields := append(conversationHiddenFields(c.Conversation),
		HiddenField{"body", c.Body}, HiddenField{"key", c.Key}, HiddenField{"base", c.SavedDraft})
	return PickTarget{ID: idEmojiPicker, Action: emojiURL, HiddenFields: fields}
}

// PickForReaction returns the form of an emoji picker that adds the picked emoji to a message as a reaction. Its other
// htmx attributes, such as hx-target, come from the message menu that contains it.
func PickForReaction(message int64) PickTarget {
	return PickTarget{
		ID: idMessageMenu, Action: reactionsURL(message), Attrs: templ.Attributes{"hx-post": reactionsURL(message)},
		HiddenFields: []HiddenField{{"message", formatInt(message)}},
	}
}

// conversationHiddenFields returns the hidden field that says which conversation a form belongs to.
func conversationHiddenFields(p chat.ConversationRef) []HiddenField {
	if p.Room != 0 {
		return []HiddenField{{"room", formatInt(p.Room)}}
	}
	return []HiddenField{{"with", formatInt(p.With)}}
}

// url returns the URL from which the picker for this form is loaded.
func (p PickTarget) url() string {
	q := url.Values{}
	for _, c := range p.HiddenFields {
		q.Set(c.Name, c.Value)
	}
	return emojiURL + "?" + q.Encode()
}

// filterAttrs returns htmx attributes for the search field, the groups and the skin tones of a picker. When the user
// changes one of them, the list of emoji is updated.
func (p PickTarget) filterAttrs() templ.Attributes {
	if p.Attrs == nil {
		return nil
	}
	return templ.Attributes{
		"hx-get": emojiURL, "hx-trigger": "input delay:200ms", "hx-sync": "this:replace",
		"hx-target": byID(emojiGridID(p)), "hx-select": byID(emojiGridID(p)), "hx-swap": "outerHTML",
		"hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}

// pickFirstAttrs returns the htmx attributes of the button that the key Enter presses in the search field.
func (p PickTarget) pickFirstAttrs() templ.Attributes {
	if p.Attrs == nil {
		return nil
	}
	attrs := maps.Clone(p.Attrs)
	delete(attrs, "novalidate")
	attrs["hx-post"], attrs["hx-vals"], attrs["hx-sync"] = emojiURL, `{"first":"true"}`, "closest form:replace"
	return attrs
}

// selectedGroup returns the number of the emoji group that the picker marks as selected. -1 means the recently used
// emoji. If that is chosen but the user has not used any emoji, selectedGroup returns 0, the first group.
func (k PickerState) selectedGroup() int {
	if k.Group < 0 && len(k.Recent) == 0 {
		return 0
	}
	return k.Group
}

// groupIcons are the icons of the emoji groups, in the order of the groups.
var groupIcons = [emoji.GroupCount]string{"😀", "👋", "🐻", "🍎", "🚗", "⚽", "💡", "🔣", "🏁"}

// groupName returns the name of an emoji group.
func groupName(l Locale, group int) string {
	return [emoji.GroupCount]string{
		l.T("Smileys"), l.T("People"), l.T("Animals and nature"), l.T("Food and drink"), l.T("Travel and places"),
		l.T("Activities"), l.T("Objects"), l.T("Symbols"), l.T("Flags"),
	}[group]
}

// toneIcon returns the emoji that stands for a skin tone: a hand in that tone.
func toneIcon(tone int) string {
	hand, _ := emoji.Lookup("✋")
	return hand.WithTone(tone).Text
}

// toneName returns the name of a skin tone.
func toneName(l Locale, tone int) string {
	return [emoji.ToneCount + 1]string{
		l.T("Default skin tone"), l.T("Light skin"), l.T("Medium-light skin"),
		l.T("Medium skin"), l.T("Medium-dark skin"), l.T("Dark skin"),
	}[tone]
}

// maxLargeEmoji is the largest number of emoji that a message without other text shows in a large size.
const maxLargeEmoji = 3

// isOnlyEmoji reports whether a text consists only of emoji, at most maxLargeEmoji of them. A flag or a family counts
// as one, because it is one grapheme cluster.
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
