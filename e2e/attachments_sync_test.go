package e2e

import "testing"

// queuedFiles is a script for the names of the files of the messages that wait, separated by bars.
const queuedFiles = `[...document.querySelectorAll('.waiting-message__files > bdi')].map(e => e.innerText).join('|')`

func TestFilesQueueOffline(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.allowErrors(serverDownErrors)
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	ana.attachFiles("one.txt|two.txt", samples.write("one.txt", []byte("one")), samples.write("two.txt", []byte("two")))
	ana.setOffline(true)
	ana.click("#composer-text")
	ana.pressKeys("\r")
	ana.waitUntil("they are queued",
		queuedFiles+` === 'one.txt|two.txt'`)
	ana.waitUntil("the files are not in the composer", attachmentNames+` === ''`)
	ana.cancelQueued(1)
	ana.waitUntil("the attachments are back in the composer", sprintf(`%s === 'one.txt|two.txt' && %s.value === ''`,
		attachmentNames, composer))
	ana.chooseFiles(samples.write("three.txt", []byte("three")))
	ana.waitUntil("the third file cannot be uploaded now",
		`document.querySelector('.attachment--failed .attachment__retry')?.checkVisibility()`)
	ana.typeAndEnter("from the tunnel")
	ana.waitUntil("the two other files are queued with a message",
		queuedFiles+` === 'one.txt|two.txt'`)
	ana.setOffline(false)
	bob.waitUntil("the message arrived once",
		sprintf(`%s === 'one.txt|two.txt' && document.querySelectorAll('.message').length === 1`, fileNames(1)))
	ana.waitUntil("the third file was uploaded automatically, and is attached", sprintf(`%s === 'three.txt' && %s`,
		attachmentNames, queueEmpty))

	s.stop()
	ana.click("#composer-text")
	ana.pressKeys("\r")
	ana.waitUntil("it is queued",
		queuedFiles+` === 'three.txt'`)
	s.start()
	bob.allowErrors(serverDownErrors)
	ana.open("/messages?with=2")
	ana.waitForStream()
	bob.waitUntil("the message arrived once",
		sprintf(`%s === 'three.txt' && document.querySelectorAll('.message').length === 2`,
			fileNames(2)))
	ana.waitUntil("the file is not in the composer", sprintf(`%s === '' && %s`, attachmentNames, queueEmpty))
}

// TestUploadStaysInItsConversation switches to another conversation during an upload.
func TestUploadStaysInItsConversation(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	s.newAPIUser("Bob")
	ana := s.newUser("Ana")
	ana.open("/messages?with=1")
	ana.waitForStream()
	ana.limitUploadRate(200 << 10)
	ana.chooseFiles(samples.write("large.bin", make([]byte, 1<<20)))
	ana.waitUntil("the upload is in progress", `document.querySelector('.attachment__progress')`)
	ana.click("#room-1")
	ana.waitForConversation("room=1")
	ana.limitUploadRate(-1)
	second := ana.anotherTab()
	waitUntil(t, "the file is attached", func() (bool, string) {
		second.open("/messages?with=1")
		return second.isTrue(attachmentNames + ` === 'large.bin'`), "nothing"
	})
	if ana.isTrue(attachmentNames + ` !== ''`) {
		t.Error("it is in the composer of another conversation")
	}
	ana.open("/messages?with=1")
	ana.waitUntil("the file is attached in its own conversation", attachmentNames+` === 'large.bin'`)
}

// TestAttachmentsSyncAcrossDevices attaches and removes files in one browser and expects the same in another one, which
// is offline for a while.
func TestAttachmentsSyncAcrossDevices(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	samples := newSampleFiles(t)
	ana := s.newUser("Ana")
	ana.open("/messages?with=1")
	ana.waitForStream()
	second := s.newBrowser()
	second.open("/login")
	second.logIn("Ana")
	second.waitForPath("/chat")
	second.open("/messages?with=1")
	second.waitForStream()

	ana.attachFiles("one.png|two.txt", samples.png("one.png", 40, 30), samples.write("two.txt", []byte("two")))
	second.waitUntil("the files are attached", attachmentNames+` === 'one.png|two.txt'`)
	second.click(".attachment__alt-summary")
	second.fill(".attachment__alt", `Hills "at" </textarea><img src=x onerror=alert(1)>`)
	second.click("#composer-text")
	ana.waitUntil("the alternative text is shown",
		`document.querySelector('.attachment__alt-current').innerText === 'Hills "at" </textarea><img src=x onerror=alert(1)>'`)
	second.waitUntil("the form of the attachment stays open", `document.querySelector('.attachment__alt-form').open`)
	second.click("#attachment-2 .attachment__button")
	ana.waitUntil("one file is gone", attachmentNames+` === 'one.png'`)

	second.allowErrors(serverDownErrors)
	second.setOffline(true)
	second.waitUntil("the second browser is offline", `document.querySelector('.connection-status__message')`)
	ana.chooseFiles(samples.write(`<img src=x onerror=alert(1)>.txt`, []byte("three")))
	ana.waitUntil("a third file is attached", attachmentNames+` === 'one.png|<img src=x onerror=alert(1)>.txt'`)
	ana.click("#attachment-1 .attachment__button")
	ana.waitUntil("the first attachment is gone", attachmentNames+` === '<img src=x onerror=alert(1)>.txt'`)
	second.setOffline(false)
	second.waitUntil("the second browser has caught up", attachmentNames+` === '<img src=x onerror=alert(1)>.txt'`)
	second.typeAndEnter("from the other one")
	ana.waitUntil("the message is sent", sprintf(`%s === '<img src=x onerror=alert(1)>.txt' && %s === ''`, fileNames(1),
		attachmentNames))
}
