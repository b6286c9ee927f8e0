package e2e

import "testing"

// hears counts the sounds that a page really plays from now on.
func (b *tab) hears() {
	b.Helper()
	ask[bool](b, `(window.played = 0, document.addEventListener('playing', () => window.played++, true), true)`)
}

// wantsSound chooses it in the settings.
func (b *tab) wantsSound() {
	b.Helper()
	b.open("/settings")
	b.choose("#sound", "A")
	b.until("a sound is chosen", `document.querySelector('#sound').value === '1'`)
	b.click("form[action='/settings'] button")
	b.at("/settings?saved=1")
}

func TestASoundAndADotForWhatIsNotOnScreen(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.program("Bob")
	ana.wantsSound()
	ana.open("/chat")
	ana.live()
	ana.hears()
	ana.until("nothing is unread", `document.querySelector('#icon').href.includes('/icon.')`)
	ana.click("#room-1")
	ana.opened("room=1")

	bob.write("room=1", "before your eyes")
	ana.reads("before your eyes")
	ana.program().write("room=1", "my own words")
	ana.reads("before your eyes", "my own words")
	bob.write("with=1", "psst")
	ana.until("the icon has a dot", `document.querySelector('#icon').href.includes('/icon-unread.')`)
	ana.until("a sound is played", `window.played > 0`)
	ana.until("it was the only one", `window.played === 1 && document.querySelectorAll('audio').length === 1`)
	ana.click("#with-2")
	ana.opened("with=2")
	ana.until("the dot is gone", `document.querySelector('#icon').href.includes('/icon.')`)
	ana.until("nothing more was played", `window.played === 1`)
}

// A page in which nobody has clicked may not sound. It says nothing about that.
func TestASoundThatTheBrowserRefusesIsNoError(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.program("Bob")
	ana.wantsSound()
	quiet := ana.another()
	quiet.open("/chat")
	quiet.live()
	quiet.hears()
	bob.write("with=1", "psst")
	quiet.until("a sound is there", `document.querySelector('audio')`)
	quiet.until("what is unread shows", `document.title === '(1) Charla'`)
}

func TestTheEndOfAnAccount(t *testing.T) {
	t.Parallel()
	s := serve(t)
	bob, ana := s.newcomer("Bob"), s.newcomer("Ana")
	ana.program().write("with=1", "words of Ana")
	bob.program().write("with=2", "dear Ana")
	bob.open("/messages?with=2")
	bob.live()
	bob.reads("words of Ana", "dear Ana")

	elsewhere := ana.another()
	elsewhere.open("/chat")
	elsewhere.live()
	ana.open("/settings")
	ana.click("a[href='/settings/delete']")
	ana.at("/settings/delete")
	ana.tolerate("status of 422")
	ana.click("input[value=take]")
	ana.fill("#current", "not my password")
	ana.press("\r")
	ana.until("it is wrong", `document.querySelector('#current-err')?.innerText && document.querySelector('input[value=take]').checked`)
	ana.fill("#current", password)
	ana.press("\r")
	ana.at("/login?ended=deleted")
	ana.until("she is told", `document.querySelector('.form__saved').innerText.includes('deleted')`)
	ana.until("nothing of hers is left here", `!Object.keys(localStorage).some(k => k.startsWith('charla-2'))`)
	elsewhere.until("the other page is signed out", `location.pathname === '/login'`)

	bob.tolerate("status of 403")
	bob.until("her words go", `document.querySelector('#messages').innerText.includes('This message was deleted.')`)
	bob.until("her name goes", `document.querySelector('#conv-name').innerText === 'Deleted person' &&
		document.querySelector('#with-2 bdi').innerText === 'Deleted person' && !document.body.innerText.includes('words of Ana')`)
	bob.fill("#text", "are you there?")
	bob.press("\r")
	bob.until("he is told that nobody reads", `document.body.innerText.includes('Nobody would read it.') && document.querySelector('#text').value === 'are you there?'`)
	bob.open("/messages?with=2")
	bob.until("there is no box", `document.querySelector('.deserted') && !document.querySelector('#composer')`)
}
