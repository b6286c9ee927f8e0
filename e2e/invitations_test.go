package e2e

import (
	"net/url"
	"testing"
)

func TestInvitation(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	cellar := ana.api().createRoom("Cellar", "invited")
	ana.open("/settings")
	ana.click(`a[href="/invites"]`)
	ana.waitForPath("/invites")
	ana.fill("#uses", "2")
	ana.click(`[name=rooms][value="` + cellar + `"]`)
	ana.click(`form[action="/invites"] .button`)
	ana.waitUntil("the invitation is listed", `document.querySelector('.item-list input')`)
	link, err := url.Parse(eval[string](ana, `document.querySelector('.item-list input').value`))
	if err != nil {
		t.Fatal(err)
	}
	ana.api().mustPost("/admin", url.Values{"registration": {"closed"}})

	for _, name := range []string{"Bob", "Carla"} {
		b := s.newBrowser()
		b.name = name
		if name == "Carla" {
			b.disableScripts()
		}
		b.open(link.Path)
		b.waitUntil("the page says who invites to what",
			`document.body.innerText.includes('Ana invites you to join Charla.') && document.body.innerText.includes('Cellar')`)
		b.fill("#name", name)
		b.fill("#email", emailOf(name))
		b.fill("#password", password)
		b.pressKeys("\r")
		b.waitForPath("/messages?room=" + cellar)
	}
	dora := s.newBrowser()
	dora.allowErrors("status of 404")
	dora.open(link.Path)
	dora.waitUntil("the invitation is used up", `document.body.innerText.includes('This invitation has ended')`)
}
