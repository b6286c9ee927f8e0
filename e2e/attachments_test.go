package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
)

// attachmentNames is a script for the names of the files attached in the composer, separated by bars.
const attachmentNames = `[...document.querySelectorAll('.attachment--ready:not([hidden]) .attachment__name')]
	.map(e => e.innerText).join('|')`

// pictureNames is a script for the names of the pictures of the nth message, separated by bars.
func pictureNames(n int) string {
	return sprintf(`[...document.querySelectorAll('%s .picture__link')].map(e => e.dataset.name).join('|')`,
		messageSelector(n))
}

// fileNames is a script for the names of the other files of the nth message, separated by bars.
func fileNames(n int) string {
	return sprintf(`[...document.querySelectorAll('%s .file__name')].map(e => e.innerText).join('|')`,
		messageSelector(n))
}

func TestSendFilesWithAndWithoutText(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)

	ana.chooseFiles(samples.jpeg("hills.jpg", 1600, 1067, 0), samples.png("tall.png", 300, 900),
		samples.write("notes.txt", []byte("Bread, olives, lemonade.")))
	ana.waitUntil("three attachments", attachmentNames+` === 'hills.jpg|tall.png|notes.txt'`)
	ana.saveScreenshot("chips")
	ana.open("/messages?with=2")
	ana.waitForStream()
	ana.waitUntil("the attachments are still there", attachmentNames+` === 'hills.jpg|tall.png|notes.txt'`)
	second := ana.anotherTab()
	second.open("/messages?with=2")
	second.waitForStream()
	second.waitUntil("the attachments are on the other device", attachmentNames+` === 'hills.jpg|tall.png|notes.txt'`)
	ana.click("#attachment-2 .attachment__button")
	ana.waitUntil("one file is removed", attachmentNames+` === 'hills.jpg|notes.txt'`)
	second.waitUntil("the file is removed on the other device too", attachmentNames+` === 'hills.jpg|notes.txt'`)
	ana.fill("#composer-text", "Look at this")
	ana.pressKeys("\r")
	bob.waitUntil("Bob sees them",
		sprintf(`document.querySelector('#m-1 .message__body')?.innerText === 'Look at this' && %s === 'hills.jpg' &&
		%s === 'notes.txt'`, pictureNames(1), fileNames(1)))
	ana.waitUntil("Ana sees them too, and the composer is empty", sprintf(`%s === 'hills.jpg' && %s === '' && %s`,
		pictureNames(1), attachmentNames, composerReady))
	second.waitUntil("the attachments are gone on the other device", attachmentNames+` === ''`)
	bob.waitUntil("the picture is loaded", `document.querySelector('#m-1 .picture__image').naturalWidth > 300`)

	ana.chooseFiles(samples.write("only.pdf", []byte("%PDF-1.7\n")))
	ana.waitUntil("an attachment", attachmentNames+` === 'only.pdf'`)
	ana.click("#composer-text")
	ana.pressKeys("\r")
	bob.waitUntil("the message has no text",
		sprintf(`%s === 'only.pdf' && !document.querySelector('#m-2 .message__body')`, fileNames(2)))
	ana.waitUntil("the composer is empty", sprintf(`%s === '' && %s`, attachmentNames, composerReady))
	bob.saveScreenshot("received")
}

// attachFiles chooses files and waits until they are attached in the composer.
func (b *tab) attachFiles(names string, paths ...string) {
	b.Helper()
	b.chooseFiles(paths...)
	b.waitUntil(names+" are attached", sprintf(`%s === %s`, attachmentNames, asJSON(names)))
}

func TestFilesWithoutScripts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana := s.newBrowser()
	ana.disableScripts()
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/messages?room=1")
	ana.chooseFiles(samples.jpeg("plain.jpg", 640, 480, 3))
	ana.click(`[formaction="/files"]`)
	ana.waitUntil("it is queued", `document.querySelector('.attachment__name')?.innerText === 'plain.jpg'`)
	ana.saveScreenshot("noscript")
	ana.fill("#composer-text", "and words")
	ana.chooseFiles(samples.write("plain.txt", []byte("plain")))
	ana.click(".send-button")
	ana.waitUntil("the picture, the file and the text arrived",
		`(d => d?.querySelector('.picture__link')?.dataset.name === 'plain.jpg' &&
		d.querySelector('.file__name').innerText === 'plain.txt' &&
		d.querySelector('.message__body').innerText === 'and words')(document.querySelector('iframe')
			?.contentDocument)`)
}

// chooseFiles chooses files in the composer as the file dialog of the browser does.
func (b *tab) chooseFiles(paths ...string) {
	b.Helper()
	b.chooseFilesIn(".attach-button__input", paths...)
}

// chooseFilesIn chooses files in the file input that a selector finds.
func (b *tab) chooseFilesIn(selector string, paths ...string) {
	b.Helper()
	b.waitUntil("there is "+selector, sprintf(`document.querySelector(%s)`, asJSON(selector)))
	field, err := tryEval[*runtime.RemoteObject](b, sprintf(`document.querySelector(%s)`, asJSON(selector)))
	if err != nil {
		b.Fatal(err)
	}
	call(b, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, ObjectID: field.ObjectID})
}
