package views

import (
	"testing"

	"charla/chat"
)

func TestPresenceFragment(t *testing.T) {
	h := OnlineUsers{Users: []chat.UserSummary{{ID: 2, Name: "Ana"}}, Count: 3}
	html := renderHTML(t, PresenceFragment(Locale{}, h, true, []int64{2}, []int64{5}))
	wantContains(t, html, `<hx-partial hx-target="#online-list" hx-swap="innerMorph">`, "and 2 more",
		`<hx-partial hx-target="#online-count">3</hx-partial>`,
		`<hx-partial hx-target="#presence-2,#peer-presence-2"><i class="online-dot"></i>`,
		`<hx-partial hx-target="#presence-5,#peer-presence-5"><span class="presence presence--away">`)
	wantLacks(t, renderHTML(t, PresenceFragment(Locale{}, h, false, nil, nil)), `hx-target="#online-list"`)
}
