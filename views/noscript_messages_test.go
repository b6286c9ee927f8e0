package views

import (
	"testing"

	"charla/chat"
)

func TestNoscriptMessages(t *testing.T) {
	thread := Timeline{Conversation: directConversation, Messages: []chat.Message{testMessage(17)}, HasOlder: true}
	html := renderHTML(t, NoscriptMessagesStart(testPage(), thread))
	wantContains(t, html, `<html lang="en"`, `<base target="_top">`, `<ol class="messages">`, `id="m-17"`, "before=17")
	wantLacks(t, html, "</ol>", "</body>", "<script", "hx-trigger")
	empty := renderHTML(t, NoscriptMessagesStart(testPage(), Timeline{Conversation: directConversation}))
	wantContains(t, empty, renderHTML(t, conversationStart(Locale{}, directConversation)))
	wantContains(t, renderHTML(t, NoscriptMessagesEnd(Locale{}, true)), `<meta http-equiv="refresh" content="1">`)
	wantContains(t, renderHTML(t, NoscriptMessagesEnd(Locale{}, false)), `href="/login" target="_top"`)
}
