package views

import (
	"strings"
	"testing"

	"charla/chat"
)

var directConversation = chat.Conversation{Room: 7, Kind: chat.Direct, Name: "Ana", Viewer: 1, Peer: 2, LastSeq: 18}

func testPage() Page {
	return Page{Nonce: "N0", Me: chat.User{ID: 1, Name: "Luz"},
		AssetURL: func(name string) string { return "/static/" + name }}
}

func TestMessagesPageOpensItsStream(t *testing.T) {
	timeline := Timeline{Conversation: directConversation, Messages: []chat.Message{testMessage(17), testMessage(18)},
		HasOlder: true, Cursor: 18, FirstUnread: 18}
	html := renderHTML(t, MessagesPage(testPage(), Sidebar{}, timeline))
	wantContains(t, html, `hx-sse:connect="/events?with=2&amp;after=18"`, `hx-sse:close="bye"`,
		`href="/messages?with=2&amp;before=17&amp;unread=18"`,
		`<iframe class="noscript-messages-frame" src="/messages/live?with=2&amp;unread=18" loading="lazy"`,
		`<div hx-get="/login?ended=1" hx-trigger="logout from:body"`, "New messages",
		`<script nonce="N0" src="/static/htmx.min.js"></script>`, `<body hx-nonce:inherited="N0" x-data `,
		`<title>Ana · Charla</title>`, `href="/me.css"`)
	wantLacks(t, html, "pauseOnBackground", `htmx.min.js" defer`)
	if strings.Count(html, "hx-sse:connect=") != 1 {
		t.Error("want exactly one event stream")
	}

	p := testPage()
	p.HTTP2 = true
	wantContains(t, renderHTML(t, MessagesPage(p, Sidebar{}, timeline)), "sse.pauseOnBackground:false")
}

func TestOlderMessagesHaveNoStream(t *testing.T) {
	html := renderHTML(t,
		MessagesPage(testPage(), Sidebar{},
			Timeline{Conversation: directConversation, Messages: []chat.Message{testMessage(3)}, Before: 4}))
	wantContains(t, html, `<ol id="older-messages"`, `href="/messages?with=2">Jump to newest messages`,
		"This is the beginning of your conversation with Ana.")
	wantLacks(t, html, "hx-sse:connect", "<iframe", "<textarea", `id="messages"`)
}

func TestStartPage(t *testing.T) {
	general := ConversationRow{Conversation: chat.Conversation{Room: 1, Kind: chat.Channel, Name: "General",
		LastSeq: 1}}
	html := renderHTML(t,
		ChatPage(testPage(), Sidebar{Rows: []ConversationRow{general}, Online: OnlineUsers{Count: 1}}, nil))
	wantContains(t, html, `hx-sse:connect="/events"`, "Share the address of this page", `href="/messages?room=1"`)

	html = renderHTML(t,
		ChatPage(testPage(),
			Sidebar{
				Rows: []ConversationRow{general, {Conversation: directConversation}}, Online: OnlineUsers{Count: 1},
			}, nil))
	wantContains(t, html, "Choose a conversation")
}

func TestErrorPageForAnonymousUsers(t *testing.T) {
	anonymous := Page{AssetURL: testPage().AssetURL}
	html := renderHTML(t, ErrorPage(anonymous, 404, "This doesn't exist, or you don't have access to it.", "req-1"))
	wantContains(t, html, "This doesn&#39;t exist", "req-1", "<title>404 · Charla</title>")
	wantLacks(t, html, "/me.css", "logout")
}
