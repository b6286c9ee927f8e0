package e2e

import "testing"

// noticeText is a script for the notice about something that failed.
const noticeText = `document.querySelector('#page-notice').innerText.trim()`

func TestUnreachableServerIsReported(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := s.newAPIUser("Bob")
	ana := s.newUser("Ana")
	ana.allowErrors(serverDownErrors)
	bob.postMessages("room=1", "hello")
	bob.postMessages("with=2", "psst")
	ana.open("/messages?room=1")
	ana.waitForStream()
	const unreached = noticeText + ` === "Can't connect to Charla. Try again."`
	for _, action := range []struct {
		what string
		do   func()
	}{
		{"the back link on a phone", func() { ana.setSize(320, 640); ana.click(".back-link--list") }},
		{"the menu of a message", func() {
			ana.hover(".message")
			ana.click(".message__menu-button")
		}},
		{"the emoji button", func() { ana.click(".emoji-button--popover") }},
		{"a conversation in the sidebar", func() { ana.click("#with-1") }},
		{"the search", func() { ana.fill(".search-form input", "b") }},
	} {
		ana.setSize(1280, 800)
		ana.setOffline(true)
		ana.typeAndEnter("waits")
		ana.waitUntil("the message is queued, and the page says why",
			queuedTexts+` !== '' && `+connectionStatus+`.startsWith('You are offline')`)
		if ana.isTrue(noticeText) {
			t.Fatalf("before %s, the page says that sending failed: %s", action.what, eval[string](ana, noticeText))
		}
		action.do()
		ana.waitUntil("the notice appears after using "+action.what, unreached)
		ana.setOffline(false)
		ana.waitUntil("the notice is cleared", noticeText+` === '' && `+composerReady)
		ana.pressKeys("\x1b")
	}
}

func TestConnectionBannerCoversNothing(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.allowErrors(serverDownErrors)
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.setOffline(true)
	ana.waitUntil("there is no connection", connectionStatus)
	for _, width := range []int64{320, 768, 1280} {
		ana.setSize(width, 640)
		ana.waitUntil("the banner is above the conversation", `(([b, c]) =>
			b.height > 0 && b.bottom <= c.top + 1 && b.left === c.left && b.right === c.right &&
				c.bottom <= innerHeight)(
			['#connection-status', '#conversation'].map(e => document.querySelector(e).getBoundingClientRect()))`)
		ana.checkFits("the banner", width)
	}
	ana.click("#room-1")
	ana.waitUntil("the page says that the conversation could not be opened", noticeText)
	ana.setOffline(false)
	ana.waitUntil("the notice is cleared", noticeText+` === ''`)
}

func TestPresenceIsUnknownWhileOffline(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	ana.allowErrors(serverDownErrors)
	bob.holdStream()
	ana.open("/messages?with=2")
	ana.waitForStream()
	const state = `document.querySelector('.conversation__state .presence')`
	const shown = state + `.innerText === 'Online' && ` + state + `.checkVisibility({ visibilityProperty: true })`
	ana.waitUntil("Bob is online", shown)
	ana.setOffline(true)
	ana.waitUntil("nothing says whether Bob is online",
		connectionStatus+` && !`+state+`.checkVisibility({ visibilityProperty: true })`)
	ana.setOffline(false)
	ana.waitUntil("Bob is online again", shown)
}
