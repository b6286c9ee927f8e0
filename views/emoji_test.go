package views

import (
	"strings"
	"testing"

	"charla/chat"
	"charla/emoji"
)

// TestEmojiAloneAreLarge counts emoji as people do.
func TestEmojiAloneAreLarge(t *testing.T) {
	for text, want := range map[string]bool{
		"☕": true, "☕️ 🙂": true, "👨‍👩‍👧‍👦": true, "🇨🇴": true, "👍🏽": true, "🎉🎉🎉": true, "🎉\n🎉 🎉": true, "1️⃣2️⃣3️⃣": true, "👩🏻‍🤝‍👨🏽👨‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿": true, "❤": true,
		"": false, " ": false, "ok 🙂": false, "🙂!": false, "1": false, "123": false, "#": false, "🎉🎉🎉🎉": false, "مرحبا": false, "🇨🇴🇪🇸🇲🇽🇦🇷": false, "🇨": false,
	} {
		if got := isEmoji(text); got != want {
			t.Errorf("isEmoji(%q) = %v", text, got)
		}
	}
}

// TestAPickerForAnything: where a choice goes is a value, so that the same picker serves a reaction.
func TestAPickerForAnything(t *testing.T) {
	party, _ := emoji.Find("🎉")
	k := Picker{Pick: ReactPick(5), Group: -1, Recent: []emoji.Emoji{party}, Found: emoji.InGroup(0)}
	html := rendered(t, EmojiPicker(Locale{Lang: "es"}, k))
	has(t, html, `action="/messages/5/reactions" hx-post="/messages/5/reactions"`, `name="message" value="5"`, `hx-get="/emoji"`, `id="menu-emoji"`, `hx-target="#menu-emoji"`, `title="cañón de confeti :tada:"`)
	if strings.Index(html, `value="🎉"`) > strings.Index(html, `value="😀"`) {
		t.Error("what was used last does not come first")
	}
	chosen := func(value string) string { return `name="group" value="` + value + `" checked` }
	has(t, html, chosen(""))
	lacks(t, html, chosen("0"))
	k.Recent = nil // then the first group is what is shown
	html = rendered(t, EmojiPicker(Locale{}, k))
	has(t, html, chosen("0"))
	lacks(t, html, chosen(""))
	k.Attrs = nil
	lacks(t, rendered(t, EmojiPicker(Locale{}, k)), "hx-")
	has(t, rendered(t, picker(Locale{}, WritePick(chat.Place{With: 7}))), `hx-get="/emoji?with=7"`, "popover")
}
