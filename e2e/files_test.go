package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chips are the names of the files in the box that wait, separated by bars.
const chips = `[...document.querySelectorAll('.chip--here:not([hidden]) .chip__name')].map(e => e.innerText).join('|')`

// pictures are the names of the pictures on a line, of a message on the page; cards those of its other files.
func pictures(n int) string {
	return say(`[...document.querySelectorAll('%s .picture__open')].map(e => e.dataset.name).join('|')`, line(n))
}

func cards(n int) string {
	return say(`[...document.querySelectorAll('%s .file__name')].map(e => e.innerText).join('|')`, line(n))
}

func TestFilesWithAMessageAndAlone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)

	ana.chooses(mine.jpeg("hills.jpg", 1600, 1067, 0), mine.png("tall.png", 300, 900), mine.keep("notes.txt", []byte("Bread, olives, lemonade.")))
	ana.until("three chips", chips+` === 'hills.jpg|tall.png|notes.txt'`)
	ana.shoots("chips")
	ana.open("/messages?with=2")
	ana.live()
	ana.until("they are still there", chips+` === 'hills.jpg|tall.png|notes.txt'`)
	second := ana.another()
	second.open("/messages?with=2")
	second.live()
	second.until("they are on another device", chips+` === 'hills.jpg|tall.png|notes.txt'`)
	ana.click("#chip-2 .chip__button")
	ana.until("one is removed", chips+` === 'hills.jpg|notes.txt'`)
	second.until("on the other device too", chips+` === 'hills.jpg|notes.txt'`)
	ana.fill("#text", "Look at this")
	ana.press("\r")
	bob.until("Bob sees them", say(`document.querySelector('#m-1 .message__body')?.innerText === 'Look at this' && %s === 'hills.jpg' && %s === 'notes.txt'`, pictures(1), cards(1)))
	ana.until("so does Ana, and the box is empty", say(`%s === 'hills.jpg' && %s === '' && %s`, pictures(1), chips, ready))
	second.until("and they are out of the box on the other device", chips+` === ''`)
	bob.until("the picture is drawn", `document.querySelector('#m-1 .picture__image').naturalWidth > 300`)

	ana.chooses(mine.keep("only.pdf", []byte("%PDF-1.7\n")))
	ana.until("a chip", chips+` === 'only.pdf'`)
	ana.click("#text")
	ana.press("\r")
	bob.until("it came without words", say(`%s === 'only.pdf' && !document.querySelector('#m-2 .message__body')`, cards(2)))
	ana.until("the box is empty", say(`%s === '' && %s`, chips, ready))
	bob.shoots("received")
}

// choosing waits until what was chosen waits in the box.
func (b *tab) choosing(names string, paths ...string) {
	b.Helper()
	b.chooses(paths...)
	b.until(names+" wait in the box", say(`%s === %s`, chips, asJSON(names)))
}

// uploadsAt lets the browser send so many bytes a second, or as many as it can: -1.
func (b *tab) uploadsAt(bytes float64) {
	b.Helper()
	do(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
		{DownloadThroughput: -1, UploadThroughput: bytes},
	}})
}

func TestSendWaitsForFilesThatAreComing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)
	ana.uploadsAt(300 << 10)
	ana.chooses(mine.keep("large.bin", make([]byte, 1<<20)), mine.keep("small.txt", []byte("here")))
	ana.until("half of it has come", `(p => p && p.value > 0 && p.value < p.max && p.max > 1 << 20)(document.querySelector('.chip__bar'))`)
	ana.shoots("progress")
	ana.fill("#text", "with all of it")
	ana.press("\r")
	ana.until("it says that it waits", `document.querySelector('.composer__later')`)
	ana.uploadsAt(-1)
	bob.until("all came together", say(`document.querySelector('#m-1 .message__body')?.innerText === 'with all of it' && %s === 'large.bin|small.txt'`, cards(1)))
	ana.until("nothing is left in the box", say(`%s === '' && !document.querySelector('.composer__later') && %s`, chips, ready))

	ana.uploadsAt(100 << 10)
	ana.chooses(mine.keep("other.bin", make([]byte, 1<<20)), mine.keep("next.txt", []byte("next")))
	ana.until("it goes", `document.querySelector('.chip__bar')`)
	ana.click(".chip:has(.chip__bar) .chip__button")
	ana.uploadsAt(-1)
	ana.until("it was given up, and the next came", say(`%s === 'next.txt' && document.querySelectorAll('.chip:not(.chip--out)').length === 1`, chips))
	upload := ask[string](ana, `document.querySelector('.chip--out [id^=up-]').id.slice('up-'.length)`)
	late := ana.program().keeps("text/plain", mine.keep("late.txt", []byte("late")), "with=2&upload="+upload)
	ana.until("what came nevertheless is taken out", say(`performance.getEntriesByType('resource').some(e => e.name.endsWith('/files/%s/delete') && e.responseStatus === 200)`, late))
	ana.open("/messages?with=2")
	ana.live()
	ana.until("it is gone", say(`%s === 'next.txt'`, chips))
}

func TestFilesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	s := serve(t, "CHARLA_FILE_SIZE=1", "CHARLA_FILES=2")
	mine := newAlbum(t)
	ana := s.newcomer("Ana")
	ana.tolerate("status of 422")
	ana.open("/messages?with=1")
	ana.live()
	refused := func(why string) string {
		return say(`[...document.querySelectorAll('.chip--failed .chip__why')].map(e => e.innerText).join('|') === %s`, asJSON(why))
	}
	ana.chooses(mine.keep("film.bin", make([]byte, 2<<20)))
	ana.until("a large one never goes", refused("A file has at most 1 MB."))
	ana.click(".chip--failed .chip__button")
	ana.chooses(mine.keep("broken.png", []byte("\x89PNG\r\n\x1a\n and no picture")), mine.keep("<img src=x onerror=alert(1)>\u202egpj.txt", []byte("harmless")))
	ana.until("a broken picture is refused in words, and the other came", say(`%s && %s === '<img src=x onerror=alert(1)>gpj.txt'`, refused("This picture is broken, or of a kind that Charla cannot show."), chips))
	ana.shoots("refused")
	ana.click(".chip--failed .chip__button")
	ana.chooses(mine.keep("2.txt", []byte("2")), mine.keep("3.txt", []byte("3")))
	ana.until("a third is too many", refused("A message takes at most 2 files."))
	ana.click(".chip--failed .chip__button")
	long := strings.Repeat("long ", 1000)
	ana.fill("#text", long)
	ana.press("\r")
	ana.until("the text is refused", `document.querySelector('#why').innerText.length > 5`)
	ana.holds(long)
	ana.until("the files are back with it", say(`%s === '<img src=x onerror=alert(1)>gpj.txt|2.txt' && %s`, chips, nothingWaits))
	ana.click("#text")
	ana.press("a", chromedp.ModifierCtrl)
	ana.typ("short")
	ana.press("\r")
	ana.until("now it went, and names are names", say(`%s === '<img src=x onerror=alert(1)>gpj.txt|2.txt'`, cards(1)))
	ana.menuFor(1)
	ana.until("the menu names what was said", `document.querySelector('#menu .deeds__what').innerText === 'Ana: short'`)
}

func TestFilesWaitOffline(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.tolerate(noServer)
	ana.meets(bob)
	bob.meets(ana)
	ana.choosing("one.txt|two.txt", mine.keep("one.txt", []byte("one")), mine.keep("two.txt", []byte("two")))
	ana.offline(true)
	ana.click("#text")
	ana.press("\r")
	ana.until("they wait", `document.querySelector('#outbox .waiting__files')?.innerText === 'one.txt, two.txt'`)
	ana.until("and are out of the box", chips+` === ''`)
	ana.takesBack("")
	ana.until("they are back in the box", say(`%s === 'one.txt|two.txt' && %s.value === ''`, chips, box))
	ana.chooses(mine.keep("three.txt", []byte("three")))
	ana.until("a third cannot come now", `document.querySelector('.chip--failed .chip__retry')?.checkVisibility()`)
	ana.sends("from the tunnel")
	ana.until("two go with a message", `document.querySelector('#outbox .waiting__files')?.innerText === 'one.txt, two.txt'`)
	ana.offline(false)
	bob.until("they came, once", say(`%s === 'one.txt|two.txt' && document.querySelectorAll('.message').length === 1`, cards(1)))
	ana.until("the third came by itself, and waits", say(`%s === 'three.txt' && %s`, chips, nothingWaits))

	s.stop()
	ana.click("#text")
	ana.press("\r")
	ana.until("it waits", `document.querySelector('#outbox .waiting__files')?.innerText === 'three.txt'`)
	s.start()
	bob.tolerate(noServer)
	ana.open("/messages?with=2")
	ana.live()
	bob.until("it came, once", say(`%s === 'three.txt' && document.querySelectorAll('.message').length === 2`, cards(2)))
	ana.until("and is not in the box", say(`%s === '' && %s`, chips, nothingWaits))
}

func TestFilesDroppedAndPasted(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?with=1")
	ana.live()
	path := mine.jpeg("dropped.jpg", 640, 480, 2)
	ana.drags(".beginning", false, path)
	ana.until("it says where they may be dropped", shown(".dropping"))
	ana.shoots("dropping")
	ana.drags(".beginning", true, path)
	ana.until("it came, and no more is said", chips+` === 'dropped.jpg' && !document.querySelector('.dropping')`)
	ask[bool](ana, `(() => { const d = new DataTransfer(); d.items.add(new File(['pasted'], 'pasted.txt')); `+
		box+`.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true})); return true })()`)
	ana.until("what was pasted came too", chips+` === 'dropped.jpg|pasted.txt'`)

	ana.click(".chip__summary")
	ana.fill(".chip__alt", "Hills at dusk")
	ana.click("#text")
	ana.until("it is known what it shows", `document.querySelector('.chip__described').innerText === 'Hills at dusk'`)
	ana.press("\r")
	ana.until("it is told to those who cannot see it", `document.querySelector('#m-1 .picture__image')?.alt === 'Hills at dusk'`)
}

func TestFilesWithoutScripts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana := s.stranger()
	ana.withoutScripts()
	ana.register("Ana")
	ana.at("/chat")
	ana.open("/messages?room=1")
	ana.chooses(mine.jpeg("plain.jpg", 640, 480, 3))
	ana.click(`[formaction="/files"]`)
	ana.until("it waits", `document.querySelector('.chip__name')?.innerText === 'plain.jpg'`)
	ana.shoots("noscript")
	ana.fill("#text", "and words")
	ana.chooses(mine.keep("plain.txt", []byte("plain")))
	ana.click(".send")
	ana.until("both came", `(d => d?.querySelector('.picture__open')?.dataset.name === 'plain.jpg' && d.querySelector('.file__name').innerText === 'plain.txt' &&
		d.querySelector('.message__body').innerText === 'and words')(document.querySelector('iframe')?.contentDocument)`)
}

// TestAFileComesIntoItsOwnBox: whatever conversation is open by then.
func TestAFileComesIntoItsOwnBox(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	s.program("Bob")
	ana := s.newcomer("Ana")
	ana.open("/messages?with=1")
	ana.live()
	ana.uploadsAt(200 << 10)
	ana.chooses(mine.keep("large.bin", make([]byte, 1<<20)))
	ana.until("it is under way", `document.querySelector('.chip__bar')`)
	ana.click("#room-1")
	ana.opened("room=1")
	ana.uploadsAt(-1)
	second := ana.another()
	until(t, "it has come", func() (bool, string) {
		second.open("/messages?with=1")
		return second.is(chips + ` === 'large.bin'`), "nothing"
	})
	if ana.is(chips + ` !== ''`) {
		t.Error("it is in the box of another conversation")
	}
	ana.open("/messages?with=1")
	ana.until("it is in its own", chips+` === 'large.bin'`)
}

// TestWhatAPictureShowsCanBeSaidLater with the message that it came with, and everybody's page has it at once.
func TestWhatAPictureShowsCanBeSaidLater(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)
	ana.choosing("one.png|two.png", mine.png("one.png", 40, 30), mine.png("two.png", 30, 40))
	ana.fill("#text", "Two of them")
	ana.press("\r")
	const alts = `[...document.querySelectorAll('#m-1 .picture__image')].map(e => e.alt).join('|')`
	bob.until("they came without words", alts+` === 'one.png|two.png'`)

	ana.until("the line is there", alts+` === 'one.png|two.png'`)
	ana.menuFor(1)
	ana.click("#menu details:has(textarea) > summary")
	ana.fill("#menu [aria-label='What one.png shows']", "Hills at dusk")
	ana.click("#menu [aria-label='What two.png shows']")
	ana.shoots("describing")
	ana.press("\x1b")
	ana.until("it is shut", shut)
	ana.menuFor(1)
	ana.until("what was written stayed", `document.querySelector("#menu [aria-label='What one.png shows']").value === 'Hills at dusk' && document.querySelector('#menu [name=body]').value === 'Two of them'`)
	ana.fill("#menu [aria-label='What two.png shows']", "A tall house")
	ana.click("#menu .deeds__form .button")
	bob.until("it is told to those who cannot see", alts+` === 'Hills at dusk|A tall house'`)
	ana.until("it is saved", alts+` === 'Hills at dusk|A tall house' && `+shut)
	ana.menuFor(1)
	ana.until("and nothing is kept of what was", `!document.querySelector('#menu details[open]') && document.querySelector("#menu [aria-label='What two.png shows']").value === 'A tall house'`)
}

// TestFilesTravelToOtherDevices as they come and go, also to one that was away.
func TestFilesTravelToOtherDevices(t *testing.T) {
	t.Parallel()
	s := serve(t)
	mine := newAlbum(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?with=1")
	ana.live()
	second := s.stranger()
	second.open("/login")
	second.logIn("Ana")
	second.at("/chat")
	second.open("/messages?with=1")
	second.live()

	ana.choosing("one.png|two.txt", mine.png("one.png", 40, 30), mine.keep("two.txt", []byte("two")))
	second.until("they came", chips+` === 'one.png|two.txt'`)
	second.click(".chip__summary")
	second.fill(".chip__alt", `Hills "at" </textarea><img src=x onerror=alert(1)>`)
	second.click("#text")
	ana.until("what it shows is known", `document.querySelector('.chip__described').innerText === 'Hills "at" </textarea><img src=x onerror=alert(1)>'`)
	second.until("and its chip stays as it was", `document.querySelector('.chip__describe').open`)
	second.click("#chip-2 .chip__button")
	ana.until("one is gone", chips+` === 'one.png'`)

	second.tolerate(noServer)
	second.offline(true)
	second.until("it is away", `document.querySelector('.connection__news')`)
	ana.chooses(mine.keep(`<img src=x onerror=alert(1)>.txt`, []byte("three")))
	ana.until("a third", chips+` === 'one.png|<img src=x onerror=alert(1)>.txt'`)
	ana.click("#chip-1 .chip__button")
	ana.until("the first is gone", chips+` === '<img src=x onerror=alert(1)>.txt'`)
	second.offline(false)
	second.until("it has caught up", chips+` === '<img src=x onerror=alert(1)>.txt'`)
	second.sends("from the other one")
	ana.until("it was sent", say(`%s === '<img src=x onerror=alert(1)>.txt' && %s === ''`, cards(1), chips))
}
