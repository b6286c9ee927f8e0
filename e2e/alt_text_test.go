package e2e

import "testing"

// TestAltTextCanBeAddedLater adds alternative texts by editing the message. They reach all open pages.
func TestAltTextCanBeAddedLater(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.attachFiles("one.png|two.png", samples.png("one.png", 40, 30), samples.png("two.png", 30, 40))
	ana.fill("#composer-text", "Two of them")
	ana.pressKeys("\r")
	const alts = `[...document.querySelectorAll('#m-1 .picture__image')].map(e => e.alt).join('|')`
	bob.waitUntil("the pictures have no alternative texts", alts+` === 'one.png|two.png'`)

	ana.waitUntil("the message is shown", alts+` === 'one.png|two.png'`)
	ana.openMenu(1)
	ana.click("#message-menu details:has(textarea) > summary")
	ana.fill("#message-menu [aria-label='Description of one.png']", "Hills at dusk")
	ana.click("#message-menu [aria-label='Description of two.png']")
	ana.saveScreenshot("describing")
	ana.pressKeys("\x1b")
	ana.waitUntil("the menu is closed", menuClosed)
	ana.openMenu(1)
	ana.waitUntil("the unsaved texts are still there",
		`document.querySelector("#message-menu [aria-label='Description of one.png']").value === 'Hills at dusk' &&
		document.querySelector('#message-menu [name=body]').value === 'Two of them'`)
	ana.fill("#message-menu [aria-label='Description of two.png']", "A tall house")
	ana.click("#message-menu .message-actions__form .button")
	bob.waitUntil("the alternative texts are set", alts+` === 'Hills at dusk|A tall house'`)
	ana.waitUntil("the alternative texts are saved", alts+` === 'Hills at dusk|A tall house' && `+menuClosed)
	ana.openMenu(1)
	ana.waitUntil("the menu starts with the saved texts",
		`!document.querySelector('#message-menu details[open]') &&
		document.querySelector("#message-menu [aria-label='Description of two.png']").value === 'A tall house'`)
}
