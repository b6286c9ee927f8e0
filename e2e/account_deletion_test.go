package e2e

import (
	"strings"
	"testing"
)

func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob, ana := s.newUser("Bob"), s.newUser("Ana")
	ana.api().postMessages("with=1", "words of Ana")
	bob.api().postMessages("with=2", "dear Ana")
	bob.open("/messages?with=2")
	bob.waitForStream()
	bob.waitForMessages("words of Ana", "dear Ana")

	elsewhere := ana.anotherTab()
	elsewhere.open("/messages?room=1")
	elsewhere.waitForStream()
	elsewhere.fill("#composer-text", strings.Repeat("long ", 1000)) // which the server refuses
	elsewhere.waitUntil("the browser keeps what she writes", localStorageText+`.includes('long long')`)
	ana.open("/settings")
	ana.click("a[href='/settings/delete']")
	ana.waitForPath("/settings/delete")
	ana.allowErrors("status of 422")
	ana.click("input[value=delete]")
	ana.fill("#current", "not my password")
	ana.pressKeys("\r")
	ana.waitUntil("the password is wrong",
		`document.querySelector('#current-error')?.innerText && document.querySelector('input[value=delete]').checked`)
	ana.fill("#current", password)
	ana.pressKeys("\r")
	ana.waitForPath("/login?ended=deleted")
	ana.waitUntil("the page confirms the deletion",
		`document.querySelector('.form__note').innerText.includes('deleted')`)
	ana.waitUntil("the browser has none of her data", localStorageEmpty)
	elsewhere.waitUntil("the other page is signed out", `location.pathname === '/login'`)
	elsewhere.waitUntil("the browser still has none of her data", localStorageEmpty)

	bob.allowErrors("status of 403")
	bob.waitUntil("her messages are deleted",
		`document.querySelector('#messages').innerText.includes('This message was deleted.')`)
	bob.waitUntil("her name is gone", `document.querySelector('#conversation-name').innerText === 'Deleted account' &&
		document.querySelector('#with-2 bdi').innerText === 'Deleted account' &&
			!document.body.innerText.includes('words of Ana')`)
	bob.fill("#composer-text", "are you there?")
	bob.pressKeys("\r")
	bob.waitUntil("the page says that nobody would read it",
		`document.body.innerText.includes("you can't send them messages") &&
		document.querySelector('#composer-text').value === 'are you there?'`)
	bob.open("/messages?with=2")
	bob.waitUntil("there is no composer",
		`document.querySelector('.peer-deleted') && !document.querySelector('#composer')`)
}
