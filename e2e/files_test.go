package e2e

import "testing"

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
	ana.click("#chip-2 .chip__button")
	ana.until("one is removed", chips+` === 'hills.jpg|notes.txt'`)
	ana.fill("#text", "Look at this")
	ana.press("\r")
	bob.until("Bob sees them", say(`document.querySelector('#m-1 .message__body')?.innerText === 'Look at this' && %s === 'hills.jpg' && %s === 'notes.txt'`, pictures(1), cards(1)))
	ana.until("so does Ana, and the box is empty", say(`%s === 'hills.jpg' && %s === '' && %s`, pictures(1), chips, ready))
	bob.until("the picture is drawn", `document.querySelector('#m-1 .picture__image').naturalWidth > 300`)

	ana.chooses(mine.keep("only.pdf", []byte("%PDF-1.7\n")))
	ana.until("a chip", chips+` === 'only.pdf'`)
	ana.click("#text")
	ana.press("\r")
	bob.until("it came without words", say(`%s === 'only.pdf' && !document.querySelector('#m-2 .message__body')`, cards(2)))
	ana.until("the box is empty", say(`%s === '' && %s`, chips, ready))
	bob.shoots("received")
}
