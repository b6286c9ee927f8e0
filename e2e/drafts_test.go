package e2e

import (
	"html"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
)

// waitForComposerText waits until the composer contains a text.
func (b *tab) waitForComposerText(text string) {
	b.Helper()
	b.waitUntil("the composer contains "+text, sprintf(`%s?.value === %s`, composer, asJSON(text)))
}

// composerInHTML finds the text of the composer in the HTML of a page.
var composerInHTML = regexp.MustCompile(`(?s)<textarea id="composer-text".*?>\n(.*?)</textarea>`)

// waitForStoredDraft waits until the server has stored a draft.
func (b *tab) waitForStoredDraft(query, text string) {
	b.Helper()
	cookie := b.api().cookie
	waitUntil(b.T, "the server keeps "+text, func() (bool, string) {
		request, err := http.NewRequest(http.MethodGet, b.server.url("/messages?"+query), nil)
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Cookie", cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		defer answer.Body.Close()
		page, err := io.ReadAll(answer.Body)
		found := composerInHTML.FindSubmatch(page)
		if err != nil || found == nil {
			return false, sprintf("%s %v", answer.Status, err)
		}
		return html.UnescapeString(string(found[1])) == text, string(found[1])
	})
}

func TestDraftIsRestored(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.newAPIUser("Bob")
	ana := s.newUser("Ana")
	phone := ana.inAnotherBrowser()
	ana.open("/messages?with=1")
	ana.waitForStream()
	ana.fill("#composer-text", "dear Bob")
	ana.pressKeys("\r", chromedp.ModifierShift)
	ana.typeText("how are you?")
	ana.waitForStoredDraft("with=1", "dear Bob\nhow are you?")

	ana.open("/messages?with=1")
	ana.waitForComposerText("dear Bob\nhow are you?")
	phone.open("/messages?with=1")
	phone.waitForStream()
	phone.waitForComposerText("dear Bob\nhow are you?")
	phone.waitUntil("the caret is at the end",
		`document.activeElement === `+composer+` && `+composer+`.selectionStart === `+composer+`.value.length`)
	phone.typeText(" I am fine.")
	phone.waitForStoredDraft("with=1", "dear Bob\nhow are you? I am fine.")
	ana.open("/messages?with=1")
	ana.waitForStream()
	ana.waitForComposerText("dear Bob\nhow are you? I am fine.")
	if draftOffered(ana) {
		t.Error("an older version of the draft is offered")
	}
	ana.click("#composer-text")
	ana.pressKeys("\r")
	ana.waitForMessages("dear Bob\nhow are you? I am fine.")
	ana.waitForStoredDraft("with=1", "")
	phone.open("/messages?with=1")
	phone.waitForMessages("dear Bob\nhow are you? I am fine.")
	phone.waitForComposerText("")
}

// otherDrafts is a script for the texts that are offered beside the composer, separated by bars.
const otherDrafts = `[...document.querySelectorAll('.composer-area .pending-text__body')].map(e => e.textContent).join('|')`

// draftOffered reports whether the page offers another draft.
func draftOffered(b *tab) bool {
	b.Helper()
	return b.isTrue(`document.querySelector('.pending-text')`)
}

func TestDraftBadgeInSidebar(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	phone := ana.inAnotherBrowser()
	const mark = `document.querySelector('#room-1 .draft-badge')`
	ana.click("#room-1")
	ana.waitForConversation("room=1")
	ana.fill("#composer-text", "half a thought")
	phone.waitUntil("the draft is marked in the other browser", mark+`?.innerText === 'Draft'`)
	ana.pressKeys("\r")
	ana.waitForMessages("half a thought")
	phone.waitUntil("the draft mark is gone", `!`+mark)
	ana.typeText("another one")
	phone.waitUntil("the draft is marked again", mark)
	ana.waitUntil("the sidebar shows the draft", mark)
	ana.pressKeys("a", chromedp.ModifierCtrl)
	ana.pressKeys("\b")
	phone.waitUntil("the draft mark is gone", `!`+mark)
}

func TestNewerDraftWinsAndOlderIsOffered(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.allowErrors(serverDownErrors)
	phone := ana.inAnotherBrowser()
	for _, b := range []*tab{ana, phone} {
		b.open("/messages?room=1")
		b.waitForStream()
	}
	ana.setOffline(true)
	ana.fill("#composer-text", "from the train")
	phone.fill("#composer-text", "from the sofa")
	phone.waitForStoredDraft("room=1", "from the sofa")
	ana.setOffline(false)
	ana.open("/messages?room=1")
	ana.waitForComposerText("from the sofa")
	ana.waitUntil("the older draft is offered",
		`document.querySelector('.pending-text__body')?.innerText === 'from the train'`)
	ana.click(".pending-text .button")
	ana.waitForComposerText("from the train")
	ana.waitUntil("the other draft is offered now",
		`document.querySelector('.pending-text__body').innerText === 'from the sofa'`)
	ana.click("#composer-text")
	ana.pressKeys("\r")
	ana.waitForMessages("from the train")

	ana.fill("#composer-text", "the last word")
	ana.waitForStoredDraft("room=1", "the last word")
	phone.fill("#composer-text", ", again") // in a page that has not seen any of this
	phone.waitUntil("the replaced draft is offered",
		`document.querySelector('.pending-text__body')?.innerText === 'the last word'`)
}

func TestDraftWithoutScripts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newBrowser()
	ana.disableScripts()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/messages?room=1")
	ana.fill("#composer-text", "half a thought")
	ana.click(`.composer__noscript-button[formaction="/drafts"]`)
	ana.waitUntil("the draft is saved", composer+`?.defaultValue === 'half a thought'`)
	ana.open("/chat")
	ana.waitUntil("the draft is marked", `document.querySelector('#room-1 .draft-badge')`)
	ana.open("/messages?room=1")
	ana.waitForComposerText("half a thought")
	ana.click(".send-button")
	ana.waitUntil("the message is sent", frameMessageTexts+`.at(-1) === 'half a thought' && `+composer+`.value === ''`)
	ana.open("/chat")
	ana.waitUntil("the draft mark is gone",
		`document.querySelector('#room-1') && !document.querySelector('#room-1 .draft-badge')`)
}

func TestDraftInTwoTabs(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.fill("#composer-text", "half")
	ana.waitForStoredDraft("room=1", "half")
	second := ana.anotherTab()
	second.open("/messages?room=1")
	second.waitForStream()
	second.waitForComposerText("half")
	ana.click("#composer-text")
	ana.pressKeys("\r")
	ana.waitForMessages("half")
	second.waitForComposerText("")
	second.fill("#composer-text", "half")
	second.pressKeys("\r")
	ana.waitForMessages("half", "half")
	second.waitForMessages("half", "half")
	second.waitUntil("the queue is empty", composerReady)
}
