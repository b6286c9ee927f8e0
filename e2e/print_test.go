package e2e

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
)

// TestPrintConversation prints a conversation that is much longer than the window: every message has its place on the
// paper, no part of the page is cut off, and there is nothing to click.
func TestPrintConversation(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	bob := s.newAPIUser("Bob")
	const messages = 45
	for n := range messages {
		bob.postMessages("room=1", fmt.Sprintf("line %d\nof a conversation\nthat is printed", n))
	}
	for _, scripts := range []bool{true, false} {
		if !scripts {
			ana.disableScripts()
		}
		ana.setSize(1000, 500)
		ana.open("/messages?room=1")
		pdf := call(ana, page.PrintToPDF, page.PrintToPDFParams{}).Data
		if pages := bytes.Count(pdf, []byte("/Type /Page\n")); pages < 3 {
			t.Errorf("with scripts %v, the PDF has %d pages", scripts, pages)
		}
		call(ana, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		ana.waitUntil("all messages are visible", sprintf(`[...document.querySelectorAll('#messages .message')].filter(m =>
			m.innerText.includes('that is printed') && m.checkVisibility() && m.offsetHeight > 50).length === %d`, messages))
		for _, selector := range []string{".scroller", ".timeline", ".conversation", ".app__main", ".app"} {
			ana.waitUntil(selector+" shows everything", sprintf(`(e => e.offsetHeight >= e.scrollHeight &&
				e.offsetHeight > 3000 && getComputedStyle(e).overflowY === 'visible')(document.querySelector('%s'))`, selector))
		}
		for _, selector := range []string{".sidebar", ".composer", ".back-link", ".noscript-messages-frame"} {
			ana.waitUntil(selector+" is not printed",
				sprintf(`[...document.querySelectorAll('%s')].every(e => !e.checkVisibility())`, selector))
		}
		call(ana, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	}
}
