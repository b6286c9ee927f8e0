package e2e

import (
	"html"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
)

// holds waits until the box holds a text.
func (b *tab) holds(text string) {
	b.Helper()
	b.until("the box holds "+text, say(`%s?.value === %s`, box, asJSON(text)))
}

var boxOnPage = regexp.MustCompile(`(?s)<textarea id="text".*?>\n(.*?)</textarea>`)

// kept waits until this is the draft that the server has.
func (b *tab) kept(place, text string) {
	b.Helper()
	cookie := b.program().cookie
	until(b.T, "the server keeps "+text, func() (bool, string) {
		request, err := http.NewRequest(http.MethodGet, b.site.url("/messages?"+place), nil)
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
		found := boxOnPage.FindSubmatch(page)
		if err != nil || found == nil {
			return false, say("%s %v", answer.Status, err)
		}
		return html.UnescapeString(string(found[1])) == text, string(found[1])
	})
}

// elsewhere is the same person with another browser.
func (b *tab) elsewhere() *tab {
	b.Helper()
	other := b.site.stranger()
	other.open("/login")
	other.logIn(b.name)
	other.at("/chat")
	other.live()
	return other
}

func TestADraftIsThereAgain(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.program("Bob")
	ana := s.newcomer("Ana")
	phone := ana.elsewhere()
	ana.open("/messages?with=1")
	ana.live()
	ana.fill("#text", "dear Bob")
	ana.press("\r", chromedp.ModifierShift)
	ana.typ("how are you?")
	ana.kept("with=1", "dear Bob\nhow are you?")

	ana.open("/messages?with=1")
	ana.holds("dear Bob\nhow are you?")
	phone.open("/messages?with=1")
	phone.live()
	phone.holds("dear Bob\nhow are you?")
	phone.until("the caret stands at its end", `document.activeElement === `+box+` && `+box+`.selectionStart === `+box+`.value.length`)
	phone.typ(" I am fine.")
	phone.kept("with=1", "dear Bob\nhow are you? I am fine.")
	ana.open("/messages?with=1")
	ana.live()
	ana.holds("dear Bob\nhow are you? I am fine.")
	if offered(ana) {
		t.Error("a draft that went on elsewhere is offered beside what became of it")
	}
	ana.click("#text")
	ana.press("\r")
	ana.reads("dear Bob\nhow are you? I am fine.")
	ana.kept("with=1", "")
	phone.open("/messages?with=1")
	phone.reads("dear Bob\nhow are you? I am fine.")
	phone.holds("")
}

// offered tells whether the page offers another draft.
func offered(b *tab) bool {
	b.Helper()
	return b.is(`[...document.querySelectorAll('.waiting')].some(e => !e.closest('#outbox'))`)
}

func TestADraftIsMarkedInTheList(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	phone := ana.elsewhere()
	const mark = `document.querySelector('#room-1 .draft')`
	ana.click("#room-1")
	ana.opened("room=1")
	ana.fill("#text", "half a thought")
	phone.until("it is marked elsewhere", mark+`?.innerText === 'Draft'`)
	ana.press("\r")
	ana.reads("half a thought")
	phone.until("the mark is gone", `!`+mark)
	ana.typ("another one")
	phone.until("it is marked again", mark)
	ana.until("the list knows", mark)
	ana.press("a", chromedp.ModifierCtrl)
	ana.press("\b")
	phone.until("nothing is left of it", `!`+mark)
}

func TestOfTwoDraftsTheNewerWinsAndTheOtherIsOffered(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.tolerate(noServer)
	phone := ana.elsewhere()
	for _, b := range []*tab{ana, phone} {
		b.open("/messages?room=1")
		b.live()
	}
	ana.offline(true)
	ana.fill("#text", "from the train")
	phone.fill("#text", "from the sofa")
	phone.kept("room=1", "from the sofa")
	ana.offline(false)
	ana.open("/messages?room=1")
	ana.holds("from the sofa")
	ana.until("the older one is offered", `document.querySelector('.waiting__body')?.innerText === 'from the train'`)
	ana.click(".waiting .button")
	ana.holds("from the train")
	ana.until("the other one is offered now", `document.querySelector('.waiting__body').innerText === 'from the sofa'`)
	ana.click("#text")
	ana.press("\r")
	ana.reads("from the train")

	ana.fill("#text", "the last word")
	ana.kept("room=1", "the last word")
	phone.tolerate("status of 409")
	phone.fill("#text", ", again") // in a page that knew nothing of all this
	phone.until("what it replaced is offered", `document.querySelector('.waiting__body')?.innerText === 'the last word'`)
}

func TestADraftWithoutScripts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.stranger()
	ana.withoutScripts()
	ana.register("Ana")
	ana.at("/chat")
	ana.open("/messages?room=1")
	ana.fill("#text", "half a thought")
	ana.click(`.composer__keep[formaction="/typing"]`)
	ana.until("it is kept", box+`?.defaultValue === 'half a thought'`)
	ana.open("/chat")
	ana.until("it is marked", `document.querySelector('#room-1 .draft')`)
	ana.open("/messages?room=1")
	ana.holds("half a thought")
	ana.click(".send")
	ana.until("it is sent", liveLines+`.at(-1) === 'half a thought' && `+box+`.value === ''`)
	ana.open("/chat")
	ana.until("the mark is gone", `document.querySelector('#room-1') && !document.querySelector('#room-1 .draft')`)
}
