package views

import (
	"testing"

	"charla/chat"
)

func TestURLs(t *testing.T) {
	for got, want := range map[string]string{
		EventsURL(chat.ConversationRef{}, 5):                  "/events",
		EventsURL(chat.ConversationRef{With: 2}, 0):           "/events?with=2&after=0",
		EventsURL(chat.ConversationRef{Room: 1}, 7):           "/events?room=1&after=7",
		MessagesURL(chat.ConversationRef{Room: 1}):            "/messages?room=1",
		MessagesBeforeURL(chat.ConversationRef{With: 2}, 41):  "/messages?with=2&before=41",
		NoscriptMessagesURL(chat.ConversationRef{With: 2}, 0): "/messages/live?with=2",
		MessageURL(3): "/messages/3",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
