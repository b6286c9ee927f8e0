package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// foundMessages is a script for the search results: the conversation and the text of each, with the marked words.
const foundMessages = `[...document.querySelectorAll('.search-hit')].map(e =>
	['room', 'text'].map(part => e.querySelector('.search-hit__' + part).innerHTML).join(': '))`

// searchFocused is a script that is true if the search field of the side bar has the focus and nothing is typed there.
const searchFocused = `(e => e.closest('.message-search--sidebar') && e.value === '')(document.activeElement)`

// waitForResults waits until the page shows exactly these search results.
func (b *tab) waitForResults(want ...string) {
	b.Helper()
	list := asJSON(append([]string{}, want...))
	b.waitUntil("the results are "+list,
		sprintf(`JSON.stringify(%s) === JSON.stringify(%s)`, foundMessages, list))
}

// TestSearch searches in the side bar and in a conversation, narrows the results, opens a found message in its place,
// and reads on from there to the newest one. Then it searches at 320 px and without scripts.
func TestSearch(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob := s.newAPIUser("Bob")
	bob.postMessages("with=1", "otra canción")
	bob.postMessages("room=1", numberedTexts("line", 40)...)
	bob.postMessages("room=1", "una canción de 上海人")
	bob.postMessages("room=1", numberedTexts("later line", 60)...)
	const inGeneral, direct = "General: una <mark>canción</mark> de 上海人", "Bob: otra <mark>canción</mark>"

	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.pressKeys("k", chromedp.ModifierCtrl)
	ana.waitUntil("Ctrl+K leads to the search", searchFocused)
	ana.typeText("CANCION")
	ana.pressKeys("\r")
	ana.waitForPath("/search?q=CANCION")
	ana.waitForResults(inGeneral, direct)
	ana.checkAccessibility("search results")

	ana.click(".search-filters__link:nth-child(1)") // from me
	ana.waitForPath("/search?from=me&q=CANCION")
	ana.waitForResults()
	ana.click(".search-filters__link[aria-current=true]")
	ana.waitForResults(inGeneral, direct)

	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.fill(".message-search--conversation input", "can")
	ana.pressKeys("\r")
	ana.waitForPath("/search?in=1&q=can")
	ana.waitForResults(inGeneral)
	ana.tabTo(".search-filters__link[aria-current=true]")
	ana.tabTo(".search-hit")
	ana.pressKeys("\r")
	ana.waitForStream()
	ana.waitUntil("the message is marked and on the screen", markedOnScreen)
	ana.readToTheEnd()
	bob.postMessages("room=1", "live news")
	ana.waitUntil("the page shows everything up to the newest message",
		messageTexts+`.slice(-2).join() === 'later line 60,live news'`)

	ana.setSize(320, 740)
	ana.open("/messages?room=1")
	ana.click(".message-search--conversation button")
	ana.waitForPath("/search?in=1&q=")
	ana.fill(".message-search--page input", "上海")
	ana.pressKeys("\r")
	ana.waitForResults("General: una canción de <mark>上海</mark>人")
	ana.checkFits("the search page", 320)

	plain := s.newBrowser()
	plain.disableScripts()
	plain.open("/login")
	plain.logIn("Ana")
	plain.waitForPath("/chat")
	plain.fill(".message-search--sidebar input", "cancion in:general")
	plain.pressKeys("\r")
	plain.waitForResults(inGeneral)
	plain.click(".search-hit")
	plain.waitUntil("the message is marked and on the screen", markedOnScreen)
	plain.click(".newer-link a")
	plain.waitUntil("the newest message is shown", messageTexts+`.at(-1) === 'live news'`)
}
