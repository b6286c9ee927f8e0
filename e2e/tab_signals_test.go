package e2e

import "testing"

// countSounds counts the sounds that the page plays from now on.
func (b *tab) countSounds() {
	b.Helper()
	eval[bool](b, `(window.played = 0, document.addEventListener('playing', () => window.played++, true), true)`)
}

// enableSound selects a sound in the settings.
func (b *tab) enableSound() {
	b.Helper()
	b.open("/settings")
	b.selectOption("#sound", "S")
	b.waitUntil("a sound is chosen", `document.querySelector('#sound').value === '1'`)
	b.click("form[action='/settings'] button")
	b.waitForPath("/settings?saved=1")
}

func TestSoundAndIconDotForOffscreenMessages(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	ana.enableSound()
	ana.open("/chat")
	ana.waitForStream()
	ana.countSounds()
	ana.waitUntil("nothing is unread", `document.querySelector('#favicon').href.includes('/icon.')`)
	ana.click("#room-1")
	ana.waitForConversation("room=1")

	bob.postMessages("room=1", "before your eyes")
	ana.waitForMessages("before your eyes")
	ana.api().postMessages("room=1", "my own words")
	ana.waitForMessages("before your eyes", "my own words")
	bob.postMessages("with=1", "psst")
	ana.waitUntil("the icon has a dot", `document.querySelector('#favicon').href.includes('/icon-unread.')`)
	ana.waitUntil("a sound is played", `window.played > 0`)
	ana.waitUntil("exactly one sound was played",
		`window.played === 1 && document.querySelectorAll('audio').length === 1`)
	ana.click("#with-2")
	ana.waitForConversation("with=2")
	ana.waitUntil("the dot is gone", `document.querySelector('#favicon').href.includes('/icon.')`)
	ana.waitUntil("no other sound was played", `window.played === 1`)
}

// TestBlockedSoundIsNoError uses a page without a click, in which browsers block sounds. The page must not report that
// as an error.
func TestBlockedSoundIsNoError(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	ana.enableSound()
	quiet := ana.anotherTab()
	quiet.open("/chat")
	quiet.waitForStream()
	quiet.countSounds()
	bob.postMessages("with=1", "psst")
	quiet.waitUntil("the page has a sound", `document.querySelector('audio')`)
	quiet.waitUntil("the title shows the unread count", `document.title === '(1) Charla'`)
}

func TestPageTitles(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newAPIUser("Bob")
	bob.postMessages("room=1", "hello")
	for path, title := range map[string]string{
		"/rooms": "Rooms · Charla", "/rooms/1": "General · Charla", "/messages/1": "Bob · Charla",
		"/people": "People · Charla", "/emoji?room=1": "Emoji · Charla",
	} {
		ana.open(path)
		ana.waitForStream()
		bob.postMessages("with=1", "about "+path)
		ana.waitUntil("the page has received the message", sprintf(`document.querySelector('#with-2 .unread-badge')`))
		if got := eval[string](ana, `document.title`); got != title {
			t.Errorf("%s is called %q", path, got)
		}
		ana.open("/messages?with=2")
		ana.waitForStream()
	}
}
