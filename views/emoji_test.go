package views

import (
	"strings"
	"testing"

	"charla/chat"
	"charla/emoji"
)

// TestOnlyEmojiAreLarge counts emoji as people count them.
func TestOnlyEmojiAreLarge(t *testing.T) {
	for text, want := range map[string]bool{
		"☕": true, "☕️ 🙂": true, "👨‍👩‍👧‍👦": true, "🇨🇴": true, "👍🏽": true, "🎉🎉🎉": true, "🎉\n🎉 🎉": true,
		"1️⃣2️⃣3️⃣": true, "👩🏻‍🤝‍👨🏽👨‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿": true, "❤": true,
		"": false, " ": false, "ok 🙂": false, "🙂!": false, "1": false, "123": false, "#": false, "🎉🎉🎉🎉": false,
		"مرحبا": false, "🇨🇴🇪🇸🇲🇽🇦🇷": false, "🇨": false,
	} {
		if got := isOnlyEmoji(text); got != want {
			t.Errorf("isOnlyEmoji(%q) = %v, want %v", text, got, want)
		}
	}
}

// TestEmojiPickerTargets checks that the same picker serves the composer and reactions.
func TestEmojiPickerTargets(t *testing.T) {
	party, _ := emoji.Lookup("🎉")
	k := PickerState{PickTarget: PickForReaction(5), Group: -1, Recent: []emoji.Emoji{party}, Shown: emoji.InGroup(0)}
	html := renderHTML(t, EmojiPicker(Locale{Lang: "es"}, k))
	wantContains(t, html, `action="/messages/5/reactions" hx-post="/messages/5/reactions"`,
		`name="message" value="5"`, `hx-get="/emoji"`, `id="message-menu-emoji"`, `hx-target="#message-menu-emoji"`,
		`title="cañón de confeti :tada:"`)
	if strings.Index(html, `value="🎉"`) > strings.Index(html, `value="😀"`) {
		t.Error("the recently used emoji are not listed first")
	}
	chosen := func(value string) string { return `name="group" value="` + value + `" checked` }
	wantContains(t, html, chosen(""))
	wantLacks(t, html, chosen("0"))
	k.Recent = nil // the first group is shown instead
	html = renderHTML(t, EmojiPicker(Locale{}, k))
	wantContains(t, html, chosen("0"))
	wantLacks(t, html, chosen(""))
	k.Attrs = nil
	wantLacks(t, renderHTML(t, EmojiPicker(Locale{}, k)), "hx-")
	wantContains(t, renderHTML(t, emojiPopover(Locale{}, PickForComposer(chat.ConversationRef{With: 7}))),
		`hx-get="/emoji?with=7"`, "popover")
}
