package views

import (
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

// PickTarget is the form that receives the chosen emoji. The form posts it as "emoji" to Action, together with the
// hidden fields.
type PickTarget struct {
	ID           string // DOM id of the picker
	Action       string
	Attrs        templ.Attributes // htmx attributes of the form; nil on the page without JavaScript
	HiddenFields []HiddenField
}

// HiddenField is a hidden field of the form of a picker and of its search.
type HiddenField struct{ Name, Value string }

// PickForComposer inserts the chosen emoji at the caret of the composer by htmx. The form is not validated, because
// the composer may be empty.
func PickForComposer(p chat.ConversationRef) PickTarget {
	return PickTarget{
		ID: idEmojiPicker, Action: emojiURL, HiddenFields: conversationHiddenFields(p),
		Attrs: templ.Attributes{
			"hx-post": emojiURL, "hx-target": byID(idDraftResponse), "hx-swap": "innerHTML", "novalidate": true,
			"hx-status:4xx": composerErrorSwap, "hx-status:5xx": composerErrorSwap,
		},
	}
}

// PickForComposerPage takes the text of the composer to the emoji page and back, without JavaScript.
func PickForComposerPage(c Composer) PickTarget {
	fields := append(conversationHiddenFields(c.Conversation),
		HiddenField{"body", c.Body}, HiddenField{"key", c.Key}, HiddenField{"base", c.SavedDraft})
	return PickTarget{ID: idEmojiPicker, Action: emojiURL, HiddenFields: fields}
}

// PickForReaction adds the chosen emoji to a message as a reaction. The message menu sets the other htmx attributes.
func PickForReaction(message int64) PickTarget {
	return PickTarget{
		ID: idMessageMenu, Action: reactionsURL(message), Attrs: templ.Attributes{"hx-post": reactionsURL(message)},
		HiddenFields: []HiddenField{{"message", formatInt(message)}},
	}
}

func conversationHiddenFields(p chat.ConversationRef) []HiddenField {
	if p.Room != 0 {
		return []HiddenField{{"room", formatInt(p.Room)}}
	}
	return []HiddenField{{"with", formatInt(p.With)}}
}

// url returns the URL of the picker.
func (p PickTarget) url() string {
	q := url.Values{}
	for _, c := range p.HiddenFields {
		q.Set(c.Name, c.Value)
	}
	return emojiURL + "?" + q.Encode()
}

// filterAttrs returns the htmx attributes that update the emoji while the user types, and when the user chooses a
// group or a skin tone.
func (p PickTarget) filterAttrs() templ.Attributes {
	if p.Attrs == nil {
		return nil
	}
	return templ.Attributes{
		"hx-get": emojiURL, "hx-trigger": "submit, input delay:200ms", "hx-sync": "this:replace",
		"hx-target": byID(emojiGridID(p)), "hx-select": byID(emojiGridID(p)), "hx-swap": "outerHTML",
		"hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}

// selectedGroup returns the group that is marked as selected. Without recently used emoji it is the first group.
func (k PickerState) selectedGroup() int {
	if k.Group < 0 && len(k.Recent) == 0 {
		return 0
	}
	return k.Group
}

// groupIcons are the icons of the emoji groups.
var groupIcons = [emoji.GroupCount]string{"😀", "👋", "🐻", "🍎", "🚗", "⚽", "💡", "🔣", "🏁"}

func groupName(l Locale, group int) string {
	return [emoji.GroupCount]string{
		l.T("Smileys"), l.T("People"), l.T("Animals and nature"), l.T("Food and drink"), l.T("Travel and places"),
		l.T("Activities"), l.T("Objects"), l.T("Symbols"), l.T("Flags"),
	}[group]
}

// toneIcon returns a hand in a skin tone.
func toneIcon(tone int) string {
	hand, _ := emoji.Lookup("✋")
	return hand.WithTone(tone).Text
}

func toneName(l Locale, tone int) string {
	return [emoji.ToneCount + 1]string{
		l.T("No skin tone"), l.T("Light skin"), l.T("Medium-light skin"),
		l.T("Medium skin"), l.T("Medium-dark skin"), l.T("Dark skin"),
	}[tone]
}

// maxLargeEmoji is the maximum number of emoji in a message that shows them large.
const maxLargeEmoji = 3

// isOnlyEmoji reports whether a text consists of at most maxLargeEmoji emoji. It counts grapheme clusters, so a flag
// or a family counts as one.
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
