package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// limitUploadRate limits the upload rate of the browser to bytes per second. -1 removes the limit.
func (b *tab) limitUploadRate(bytes float64) {
	b.Helper()
	call(b, network.EmulateNetworkConditionsByRule,
		network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
			{DownloadThroughput: -1, UploadThroughput: bytes},
		}})
}

func TestSendWaitsForUploads(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.limitUploadRate(300 << 10)
	ana.chooseFiles(samples.write("large.bin", make([]byte, 1<<20)), samples.write("small.txt", []byte("here")))
	ana.waitUntil("half of it is uploaded",
		`(p => p && p.value > 0 && p.value < p.max &&
		p.max > 1 << 20)(document.querySelector('.attachment__progress'))`)
	ana.saveScreenshot("progress")
	ana.fill("#composer-text", "with all of it")
	ana.pressKeys("\r")
	ana.waitUntil("the page says that the message is pending", `document.querySelector('.composer__pending')`)
	ana.limitUploadRate(-1)
	bob.waitUntil("all files arrived together",
		sprintf(`document.querySelector('#m-1 .message__body')?.innerText === 'with all of it' &&
		%s === 'large.bin|small.txt'`, fileNames(1)))
	ana.waitUntil("the composer is empty",
		sprintf(`%s === '' && !document.querySelector('.composer__pending') && %s`, attachmentNames, composerReady))

	ana.limitUploadRate(100 << 10)
	ana.chooseFiles(samples.write("first.txt", []byte("first")), samples.write("other.bin", make([]byte, 20<<20)))
	ana.waitUntil("the first file is attached while the second one is uploaded",
		attachmentNames+` === 'first.txt' && document.querySelector('.attachment__progress')?.ariaLabel === 'other.bin'`)
	ana.click("[aria-label='Cancel upload']")
	ana.limitUploadRate(-1)
	ana.waitUntil("the upload is cancelled, and the first file is still attached",
		attachmentNames+` === 'first.txt' && document.querySelectorAll('.attachment').length === 1`)
	ana.chooseFiles(samples.write("next.txt", []byte("next")))
	ana.waitUntil("another file can be attached", attachmentNames+` === 'first.txt|next.txt'`)
}

// TestFailedUploadsCanBeRepeated stops the server during an upload of several files.
func TestFailedUploadsCanBeRepeated(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana := s.newUser("Ana")
	ana.allowErrors(serverDownErrors)
	ana.open("/messages?with=1")
	ana.waitForStream()
	ana.limitUploadRate(200 << 10)
	ana.chooseFiles(samples.write("first.txt", []byte("first")), samples.write("large.bin", make([]byte, 20<<20)))
	ana.waitUntil("the first file is attached while the second one is uploaded",
		attachmentNames+` === 'first.txt' && document.querySelector('.attachment__progress')?.value > 0`)
	s.stop()
	failed := `[...document.querySelectorAll('.attachment--failed .attachment__name')].map(e => e.innerText).join('|')`
	ana.waitUntil("the page names the files that failed", failed+` === 'first.txt|large.bin'`)
	ana.saveScreenshot("failed")
	ana.limitUploadRate(-1)
	s.start()
	ana.click(".attachment__retry")
	ana.waitUntil("both files are attached once",
		attachmentNames+` === 'first.txt|large.bin' && document.querySelectorAll('.attachment').length === 2`)
}

func TestRejectedFiles(t *testing.T) {
	t.Parallel()
	s := startServer(t, "CHARLA_FILE_SIZE=1", "CHARLA_FILES=2")
	samples := newSampleFiles(t)
	ana := s.newUser("Ana")
	ana.allowErrors("status of 422|status of 413")
	ana.open("/messages?with=1")
	ana.waitForStream()
	refused := func(why string) string {
		return sprintf(`[...document.querySelectorAll('.attachment--failed .attachment__error')].map(e => e.innerText)
			.join('|') === %s`,
			asJSON(why))
	}
	ana.chooseFiles(samples.write("film.bin", make([]byte, 2<<20)))
	ana.waitUntil("a file that is too large is refused", refused("A file can be at most 1 MB."))
	ana.click(".attachment--failed .attachment__button")
	ana.chooseFiles(samples.write("long.bin", make([]byte, 4<<20)))
	ana.waitUntil("an upload that is too large is refused as a whole",
		refused("Upload failed.")+
			` && document.querySelector('#composer-error').innerText === 'All files together can be at most 2 MB.'`)
	ana.click(".attachment--failed .attachment__button")
	header := "IHDR\x00\x00\xff\x00\x00\x00\xff\x00\x08\x02\x00\x00\x00" // of 65,280 × 65,280 pixels
	huge := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + header + " sum\x00\x00\x00\x00IDAT")
	ana.chooseFiles(samples.write("huge.png", huge),
		samples.write("<img src=x onerror=alert(1)>\u202egpj.txt", []byte("harmless")))
	ana.waitUntil("the huge picture is refused with a reason, and the other file is attached",
		sprintf(`%s && %s === '<img src=x onerror=alert(1)>gpj.txt'`,
			refused("This picture has too many pixels. Make it smaller and send it again."),
			attachmentNames))
	ana.saveScreenshot("refused")
	ana.click(".attachment--failed .attachment__button")
	ana.chooseFiles(samples.write("2.txt", []byte("2")), samples.write("3.txt", []byte("3")))
	ana.waitUntil("a third file is refused", refused("A message can have at most 2 files."))
	ana.click(".attachment--failed .attachment__button")
	long := strings.Repeat("long ", 1000)
	ana.fill("#composer-text", long)
	ana.pressKeys("\r")
	ana.waitUntil("the text is refused", `document.querySelector('#send-error').innerText.length > 5`)
	ana.waitForComposerText(long)
	ana.waitUntil("the files are attached again", sprintf(`%s === '<img src=x onerror=alert(1)>gpj.txt|2.txt' && %s`,
		attachmentNames, queueEmpty))
	ana.click("#composer-text")
	ana.pressKeys("a", chromedp.ModifierCtrl)
	ana.typeText("short")
	ana.pressKeys("\r")
	ana.waitUntil("the message is sent, and file names are escaped",
		sprintf(`%s === '<img src=x onerror=alert(1)>gpj.txt|2.txt' && %s === ''`, fileNames(1), attachmentNames))
	ana.openMenu(1)
	ana.waitUntil("the menu shows the text of the message",
		`document.querySelector('#message-menu .message-actions__quote').innerText === 'Ana: short'`)
}

func TestDropAndPasteFiles(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana := s.newUser("Ana")
	ana.open("/messages?with=1")
	ana.waitForStream()
	path := samples.jpeg("dropped.jpg", 640, 480, 2)
	ana.dragFiles(".conversation-start", false, path)
	ana.waitUntil("the drop area is shown", isVisible(".drop-overlay"))
	ana.saveScreenshot("dropping")
	ana.dragFiles(".attach-button__input", true, path)
	ana.waitUntil("the file is attached, and the drop area is gone",
		attachmentNames+` === 'dropped.jpg' && !document.querySelector('.drop-overlay')`)
	eval[bool](ana, `(() => { const d = new DataTransfer(); d.items.add(new File(['1'], 'pasted.txt'));
		d.items.add(new File(['2'], 'too.txt')); `+
		composer+`.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true,
			cancelable: true})); return true })()`)
	ana.waitUntil("the pasted files are attached too", attachmentNames+` === 'dropped.jpg|pasted.txt|too.txt'`)
	ana.waitUntil("they came with one request",
		`performance.getEntriesByType('resource').filter(e => e.name.includes('/files?')).length === 2`)

	ana.click(".attachment__alt-summary")
	ana.fill(".attachment__alt", "Hills at dusk")
	ana.click("#composer-text")
	ana.waitUntil("the alternative text is shown",
		`document.querySelector('.attachment__alt-current').innerText === 'Hills at dusk'`)
	ana.pressKeys("\r")
	ana.waitUntil("the alternative text is set",
		`document.querySelector('#m-1 .picture__image')?.alt === 'Hills at dusk'`)
}

// dragFiles drags files over an element, and drops them there if drop is true.
func (b *tab) dragFiles(selector string, drop bool, paths ...string) {
	b.Helper()
	xy := eval[[]float64](b, sprintf(clickPoint, asJSON(selector)))
	data := input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter,
		input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		if kind != input.DispatchDragEventTypeDrop || drop {
			call(b, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: xy[0], Y: xy[1], Data: &data})
		}
	}
}
