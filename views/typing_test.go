package views

import (
	"testing"

	"charla/chat"
)

func TestTypingText(t *testing.T) {
	people := []chat.UserSummary{{ID: 1, Name: "Ana"}, {ID: 2, Name: "<b>"}, {ID: 3, Name: "Luis"}}
	for count, want := range []string{"", "\u2068Ana\u2069 está escribiendo…",
		"\u2068Ana\u2069 y \u2068&lt;b&gt;\u2069 están escribiendo…",
		"\u2068Ana\u2069, \u2068&lt;b&gt;\u2069 y \u2068Luis\u2069 están escribiendo…",
		"\u2068Ana\u2069, \u2068&lt;b&gt;\u2069 y 2 más están escribiendo…"} {
		got := renderHTML(t, TypingFragment(Locale{Lang: "es"}, people[:min(count, 3)], count))
		if got != `<hx-partial hx-target="#typing">`+want+`</hx-partial>` {
			t.Errorf("%d users are typing: got %q", count, got)
		}
	}
}
