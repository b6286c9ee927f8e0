package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// line is the selector of the nth message of a conversation that has nothing but messages.
func line(n int) string { return say("#m-%d", n) }

// hover moves the mouse over an element.
func (b *tab) hover(selector string) {
	b.Helper()
	xy := ask[[]float64](b, say(spot, asJSON(selector)))
	if len(xy) != 2 {
		b.Fatalf("%s cannot point at %s", b.name, selector)
	}
	b.run(chromedp.MouseEvent("mouseMoved", xy[0], xy[1]))
}

// reacted is what stands under a message: emoji and count.
func reacted(n int) string {
	return say(`[...document.querySelectorAll('%s .reaction')].map(e => e.innerText.replace(/\s+/g, ' ').trim()).join()`, line(n))
}

func TestEditAndDelete(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)
	ana.write("Hello Bbo")
	ana.write("How are you?")
	bob.reads("Hello Bbo", "How are you?")
	bob.menuFor(1)
	bob.until("it is not his to change", `document.querySelector('#menu .emoji') && !document.querySelector('#menu details')`)
	bob.press("\x1b")
	bob.until("Escape shuts the menu", shut)

	ana.menuFor(1)
	ana.click("#menu details:nth-of-type(1) summary")
	ana.tolerate("status of 422")
	ask[bool](ana, `(e => { e.value = 'x'.repeat(4001); return true })(document.querySelector('#menu textarea'))`)
	ana.click("#menu details:nth-of-type(1) .button")
	ana.until("it says why not, and the text stays", `document.querySelector('#deed-err').innerText.includes('4,000') && document.querySelector('#menu textarea').value.length === 4001`)
	ask[bool](ana, `(e => { e.select(); return true })(document.querySelector('#menu textarea'))`)
	ana.fill("#menu textarea", "")
	ask[bool](ana, `(e => { e.select(); return true })(document.querySelector('#menu textarea'))`)
	ana.typ("Hello Bob")
	ana.click("#menu details:nth-of-type(1) .button")
	ana.until("the menu is shut, and the focus where it was opened", shut+` && `+onItsButton(1))
	for _, b := range []*tab{ana, bob} {
		b.reads("Hello Bob", "How are you?")
		b.until("it says that it was edited", `document.querySelector('#m-1 .message__edited relative-time')?.shadowRoot.textContent.match(/\d\d:\d\d/)`)
	}
	ana.menuFor(2)
	ana.click("#menu details:nth-of-type(2) summary")
	ana.click("#menu .button--grave")
	for _, b := range []*tab{ana, bob} {
		b.reads("Hello Bob", "This message was deleted.")
		b.until("the menu is shut", shut)
	}
	ana.until("the focus is on what is left of the line", `document.activeElement.matches('#m-2 .message__time')`)
	bob.write("What was that?")
	ana.reads("Hello Bob", "This message was deleted.", "What was that?")
	bob.open("/messages?with=1")
	bob.reads("Hello Bob", "This message was deleted.", "What was that?")
}

func TestReactionsInAllTabs(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)
	second := bob.another()
	second.open("/messages?with=1")
	second.live()
	ana.write("We won")
	everybody := []*tab{ana, bob, second}
	sees := func(want string) {
		t.Helper()
		for _, b := range everybody {
			b.until("the reactions are "+want, reacted(1)+` === `+asJSON(want))
		}
	}
	second.until("it came", say(`%s.length === 1`, lines))
	bob.menuFor(1)
	bob.click(`#menu .emoji[value="🎉"]`)
	bob.until("the menu is shut", shut)
	sees("🎉 1")
	edge := `getComputedStyle(document.querySelector('#m-1 .reaction')).borderColor`
	if ask[string](bob, edge) == ask[string](ana, edge) {
		t.Error("Bob's own reaction looks like another's")
	}
	ana.until("it says who", `document.querySelector('#m-1 .reaction').title === 'Bob'`)
	ana.click("#m-1 .reaction")
	sees("🎉 2")
	bob.menuFor(1)
	bob.until("it knows his own", `document.querySelector('#menu .emoji[value="🎉"]').ariaPressed === 'true' && document.querySelector('.deeds__who').innerText.includes('Bob, Ana')`)
	bob.click(`#menu .emoji[value="❤️"]`)
	bob.until("the menu is shut", shut)
	sees("🎉 2,❤️ 1")
	second.click("#m-1 .reaction")
	sees("🎉 1,❤️ 1")
	ana.click("#m-1 .reaction")
	sees("❤️ 1")
	bob.reactsWith(1, "corazón rojo", "❤️")
	sees("")
	bob.reactsWith(1, "pizza", "🍕")
	sees("🍕 1")
	second.reactsWith(1, "thumbs up", "👍")
	sees("🍕 1,👍 1")
}

func TestChangesWhileOneIsCutOff(t *testing.T) {
	t.Parallel()
	s := serve(t)
	cable := s.cable(t)
	ana := s.program("Ana")
	bob := s.stranger()
	bob.addr = cable.addr
	bob.register("Bob")
	bob.live()
	bob.tolerate(noServer)
	ana.write("with=2", "one", "two", "three")
	bob.open("/messages?with=1")
	bob.live()
	bob.reads("one", "two", "three")
	cable.cut()
	bob.gone()
	ana.sends("/messages/1/edit", url.Values{"body": {"one, edited"}})
	ana.sends("/messages/2/delete", nil)
	ana.sends("/messages/3/reactions", url.Values{"emoji": {"👍"}})
	ana.write("with=2", "four")
	ana.sends("/messages/4/edit", url.Values{"body": {"four, edited"}})
	cable.mend()
	bob.reads("one, edited", "This message was deleted.", "three", "four, edited")
	bob.until("the reaction came", reacted(3)+` === '👍 1'`)
	ana.sends("/messages/1/edit", url.Values{"body": {"one, twice"}})
	bob.reads("one, twice", "This message was deleted.", "three", "four, edited")
}

func TestOlderLinesThatChangeOnTheirWay(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.program("Ana")
	bob := s.newcomer("Bob")
	ana.write("with=2", numbered("line", 60)...)
	bob.open("/messages?with=1")
	bob.live()
	bob.until("the newest are there", say(`%s.length >= 50`, lines))
	ask[bool](bob, `(e => { e.scrollTop = -e.scrollHeight; return true })(document.querySelector('#scroll'))`)
	bob.until("all are there", say(`%s.length === 60`, lines))
	bob.until("the window asked what changed", `performance.getEntriesByType('resource').some(e => e.name.includes('changed_after'))`)
	ana.sends("/messages/2/edit", url.Values{"body": {"an old line, edited"}})
	ana.sends("/messages/3/delete", nil)
	bob.until("the old lines changed", lines+`[1] === 'an old line, edited' && `+lines+`[2] === 'This message was deleted.'`)
	bob.menuFor(1)
	bob.click(`#menu .emoji[value="👍"]`)
	bob.until("an old line takes a reaction", reacted(1)+` === '👍 1' && `+lines+`.length === 60`)
}

func TestChangesWithoutScripts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	bob := s.program("Bob")
	ana := s.stranger()
	ana.withoutScripts()
	ana.register("Ana")
	ana.at("/chat")
	bob.write("with=2", "Hello Ana")
	ana.open("/messages?with=1")
	ana.fill("#text", "Hello Bbo")
	ana.click(".send")
	ana.until("it is there", liveLines+`.at(-1) === 'Hello Bbo'`)
	ana.inFrame("#m-2 .message__time")
	ana.at("/messages/2")
	ana.click("details:nth-of-type(1) summary")
	ask[bool](ana, `(e => { e.select(); return true })(document.querySelector('.deeds textarea'))`)
	ana.fill(".deeds textarea", "!")
	ana.click("details:nth-of-type(1) .button")
	ana.at("/messages?room=2")
	ana.until("the other text is there", liveLines+`.at(-1).includes('!')`)

	ana.inFrame("#m-1 .message__time")
	ana.at("/messages/1")
	ana.click(`.emoji[value="👍"]`)
	ana.at("/messages?room=2")
	ana.until("the reaction is there", `document.querySelector('iframe').contentDocument.querySelector('#m-1 .reaction')`)
	bob.sends("/messages/1/reactions", url.Values{"emoji": {"👍"}})
	ana.inFrame("#m-1 .reaction")
	ana.until("hers is taken back, his stays", `(e => e && e.title === 'Bob')(document.querySelector('iframe').contentDocument.querySelector('#m-1 .reaction'))`)

	ana.inFrame("#m-1 .message__time")
	ana.at("/messages/1")
	ana.click("a.emoji")
	ana.at("/emoji?message=1")
	ana.fill(".picker__search [name=q]", "pizza")
	ana.click(".picker__search .search__go")
	ana.click(`[value="🍕"]`)
	ana.at("/messages?room=2")
	ana.until("any emoji will do", `document.querySelector('iframe').contentDocument.querySelector('#m-1 .reaction[value="🍕"]')`)

	bob.sends("/messages/1/delete", nil)
	ana.open("/messages?with=1")
	ana.until("what was deleted is gone from the next page", liveLines+`[0] === 'This message was deleted.'`)
	ana.inFrame("#m-2 .message__time")
	ana.at("/messages/2")
	ana.click("details:nth-of-type(2) summary")
	ana.click(".button--grave")
	ana.at("/messages?room=2")
	ana.until("both are gone", liveLines+`.every(t => t === 'This message was deleted.')`)
}

// inFrame clicks on an element of the frame.
func (b *tab) inFrame(selector string) {
	b.Helper()
	b.until(selector+" is in the frame", say(`document.querySelector('iframe')?.contentDocument?.querySelector('%s')`, selector))
	xy := b.spotInFrame(selector)
	b.run(chromedp.MouseClickXY(xy[0], xy[1]))
}

func TestNobodyIsShutOutOfChanges(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.stranger()
	ana.withoutPolicy()
	ana.register("Ana")
	ana.at("/chat")
	bob := s.program("Bob")
	bob.write("with=1", "Hello Ana", "to be deleted")
	ana.program().write("with=2", "Hello Bob")
	ana.program().sends("/messages/3/edit", url.Values{"body": {"Hello, Bob"}})
	bob.sends("/messages/2/delete", nil)
	for _, emoji := range []string{"👍", "🎉", "❤️"} {
		bob.sends("/messages/3/reactions", url.Values{"emoji": {emoji}})
	}
	ana.program().sends("/messages/3/reactions", url.Values{"emoji": {"🎉"}})
	for _, width := range []int64{1280, 360} {
		ana.size(width, 740)
		ana.open("/messages?with=2")
		ana.live()
		ana.accessible("lines with reactions")
		ana.menuFor(3)
		ana.click("#menu details:nth-of-type(1) summary")
		ana.click("#menu details:nth-of-type(2) summary")
		ana.accessible("the menu")
		ana.click("#menu a.emoji")
		ana.until("the picker is in it", `document.querySelector('#menu-emoji')`)
		ana.accessible("the menu with the picker")
		ana.open("/messages/3")
		ana.accessible("the page of a message")
		ana.fits("the page of a message", width)
	}
	answer, _ := bob.send("/messages/3/edit", url.Values{"body": {"x"}})
	if !slices.Contains([]int{http.StatusForbidden}, answer.StatusCode) {
		t.Errorf("another's message: %s", answer.Status)
	}
}
