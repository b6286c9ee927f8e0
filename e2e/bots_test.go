package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestCreateBotAndPost creates a bot and a webhook in a browser without scripts. The token and the webhook URL are
// shown once and work from then on, and messages are marked as written by a bot.
func TestCreateBotAndPost(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := s.newUser("Bob")
	ana := s.newBrowser()
	ana.disableScripts()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/settings")
	ana.click(`a[href="/bots"]`)
	ana.waitForPath("/bots")
	ana.fill("#name", "Weather report")
	ana.click(`form[action="/bots"] button`)
	ana.waitUntil("the token is shown", `document.querySelector('#new-secret')?.value.startsWith('charla_')`)
	token := eval[string](ana, `document.querySelector('#new-secret').value`)
	ana.click(".webhook-form button")
	ana.waitUntil("the webhook URL is shown", `document.querySelector('#new-secret')?.value.includes('/hooks/')`)
	address := eval[string](ana, `document.querySelector('#new-secret').value`)
	ana.setSize(320, 740)
	ana.checkFits("/bots", 320)

	bob.open("/messages?room=1")
	bob.waitForStream()
	postText(t, address, "", "Rain at noon")
	bob.waitForMessages("Rain at noon")
	bob.waitUntil("the message is marked as written by a bot",
		`document.querySelector('.message .bot-badge')?.innerText === 'bot'`)
	postText(t, s.url("/messages"), token, "room=1&body=And+wind")
	bob.waitForMessages("Rain at noon", "And wind")

	ana.open("/bots")
	ana.waitUntil("neither is shown again",
		`document.querySelector('.item-list') && !document.querySelector('#new-secret')`)
	ana.open("/sessions")
	ana.checkFits("/sessions", 320)
}

// postText posts a body as curl does, with a bearer token unless it is empty.
func postText(t *testing.T, to, token, body string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatal(answer.Status)
	}
}
