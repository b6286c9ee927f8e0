package views

import (
	"fmt"
	"strings"
	"testing"

	"charla/chat"
)

func TestPageAndStreamRenderTheSameMessage(t *testing.T) {
	m := testMessage(18)
	row := renderHTML(t, Message(Locale{}, m))
	frame := renderHTML(t, NewMessageFragment(Locale{}, m))
	wantContains(t, frame, `<hx-upsert hx-target="#scroller:not(:has(.newer-link)):not(:has(#m-18)) #messages">`+row+`</hx-upsert>`,
		`<hx-partial hx-target="#scroller:not(:has(.newer-link)) #read-marker" hx-swap="outerHTML">`, `{&#34;room&#34;:7,&#34;seq&#34;:18}`)

	m.ChangedSeq = 20
	wantContains(t, renderHTML(t, NewMessageFragment(Locale{}, m)),
		`<hx-upsert hx-target="#scroller:not(:has(.newer-link)):not(:has(:not(#messages) &gt; #m-18)) #messages">`) // it was missed and changed since
	m.ChangedSeq = 18

	page := renderHTML(t,
		MessagesPage(testPage(), Sidebar{}, Timeline{Conversation: directConversation, Messages: []chat.Message{m}}))
	wantContains(t, page, row)
	wantContains(t, renderHTML(t, ChangedMessageFragment(Locale{}, m)),
		`<hx-partial hx-target="#m-18" hx-swap="outerMorph">`+row)
}

// TestOnlyButtonsAndFormsOfMessagesListen checks that only buttons and forms of a message listen to events. htmx does
// not clean up elements that an upsert replaces, so triggers on other elements would leak.
func TestOnlyButtonsAndFormsOfMessagesListen(t *testing.T) {
	m := testMessage(18)
	m.StartsGroup, m.StartsDay, m.EditedAt, m.Reactions = true, true, testTime, chat.Reactions{{Emoji: "🎉",
		User: chat.UserSummary{ID: 12, Name: "Ana"}}}
	html := renderHTML(t, Message(Locale{}, m))
	wantContains(t, html, `<form class="reactions"`, `class="message__menu-button"`)
	wantLacks(t, html, "hx-trigger", "autofocus")
}

func TestPostResponseNamesTheKey(t *testing.T) {
	m := testMessage(18)
	m.Key = `"k"`
	wantContains(t, renderHTML(t, PostResponse(Locale{}, m, Composer{Conversation: chat.ConversationRef{Room: 7}})),
		`<hx-upsert hx-target="[data-place=room-7] #scroller:not(:has(.newer-link)):not(:has(#m-18)) #messages"><li id="m-18"`,
		`<hx-partial hx-target="#composer-error,#send-error"></hx-partial>`)
}

func TestComposerKeepsText(t *testing.T) {
	html := renderHTML(t,
		composerFields(Locale{}, Composer{ConversationName: "Ana", Key: "k", Body: "\n two</textarea>"}))
	wantContains(t, html, ">\n\n two&lt;/textarea&gt;</textarea>") // HTML drops the first newline of a textarea
	wantContains(t, renderHTML(t, composer(Locale{}, Composer{Key: "k", Body: "two", SavedDraft: "one"})),
		`data-text="two"`, `data-saved="one"`)
}

// TestOnlineListIsSmall limits the size of the list of online users, which is sent to everyone who connects.
func TestOnlineListIsSmall(t *testing.T) {
	var h OnlineUsers
	for i := range int64(100) {
		h.Users = append(h.Users, chat.UserSummary{ID: 1000 + i, Name: fmt.Sprintf("Person %d", i)})
	}
	if n := len(renderHTML(t, PresenceFragment(Locale{}, h, true, nil, nil))); n > 10<<10 {
		t.Errorf("a list of 100 online users has %d bytes, want at most 10 KB", n)
	}
}

func TestSidebarFragment(t *testing.T) {
	s := Sidebar{Rows: []ConversationRow{{Conversation: directConversation, Online: true, Current: true},
		{Conversation: chat.Conversation{Room: 1, Kind: chat.Channel, Name: "General", Unread: 100,
			Level: chat.LevelAll}}}}
	html := renderHTML(t, SidebarFragment(Locale{}, s, &directConversation, true))
	wantContains(t, html, `<hx-partial hx-target="#conversation-list" hx-swap="innerMorph">`,
		`<a id="with-2" class="list-row hue-2" href="/messages?with=2"`, ` aria-current="page"`, `id="presence-2"`,
		`<a id="room-1" class="list-row list-row--channel" href="/messages?room=1"`, "99+ unread",
		`<hx-partial hx-target="#peer-presence-2">`, "<title>(99+) Ana · Charla</title>")
	if strings.Count(html, "aria-current") != 1 {
		t.Error("want exactly one current row")
	}
	wantContains(t, renderHTML(t, SidebarFragment(Locale{}, Sidebar{}, nil, false)), "<title>Charla</title>")
}
