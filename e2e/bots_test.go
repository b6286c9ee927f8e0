package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// A person makes a bot and an address with a browser without scripts; what is shown once works from then on, and everybody
// sees that a bot writes.
func TestABotIsMadeAndWrites(t *testing.T) {
	t.Parallel()
	s := serve(t)
	bob := s.newcomer("Bob")
	ana := s.stranger()
	ana.withoutScripts()
	ana.register("Ana")
	ana.at("/chat")
	ana.open("/settings")
	ana.click(`a[href="/bots"]`)
	ana.at("/bots")
	ana.fill("#name", "Weather report")
	ana.click(`form[action="/bots"] button`)
	ana.until("its token is told", `document.querySelector('#fresh')?.value.startsWith('charla_')`)
	token := ask[string](ana, `document.querySelector('#fresh').value`)
	ana.click(".aside button")
	ana.until("the address is told", `document.querySelector('#fresh')?.value.includes('/hooks/')`)
	address := ask[string](ana, `document.querySelector('#fresh').value`)
	ana.size(320, 740)
	ana.fits("/bots", 320)

	bob.open("/messages?room=1")
	bob.live()
	deliver(t, address, "", "Rain at noon")
	bob.reads("Rain at noon")
	bob.until("it is a bot's", `document.querySelector('.message .bot')?.innerText === 'bot'`)
	deliver(t, s.url("/messages"), token, "room=1&body=And+wind")
	bob.reads("Rain at noon", "And wind")

	ana.open("/bots")
	ana.until("nothing is told twice", `document.querySelector('.things') && !document.querySelector('#fresh')`)
	ana.open("/sessions")
	ana.fits("/sessions", 320)
}

// deliver sends a text as curl does, with a token or none.
func deliver(t *testing.T, to, token, body string) {
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
