package files

import (
	"encoding/binary"
	"io"
	"math"
	"strings"
)

// boxed are the kinds of films and sound that are made of boxes (ISO/IEC 14496-12, and QuickTime, from which that came). Pictures
// and raw pictures are made of boxes too, but need what these can do without.
var boxed = []string{"video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2", "video/x-m4v", "audio/mp4", "audio/x-m4a"}

// maxBoxes is how many boxes of a file are looked at: a film in pieces of a quarter of a second has so many in nine hours.
const maxBoxes = 1 << 18

// xmp is what a box of kind uuid begins with that holds a packet of XMP.
const xmp = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"

// film is a file of boxes.
type film struct {
	file interface {
		io.ReaderAt
		io.WriterAt
	}
	size    int64
	left    int  // boxes that are still looked at
	blanked bool // something was taken out
}

// box is a part of a film: its head at one place, its content from another to an end.
type box struct {
	kind          string
	at, body, end int64
}

// forgetPlace takes out of a film or a sound what it says of where it was made, by what and when. The box becomes one of kind free
// with zeros in it, so that no other moves; whoever plays it passes over those. Titles, covers and chapters of music stay. What is no
// box as it should be ends the look, and stays as it is. It tells whether anything was taken out.
func forgetPlace(f film) (bool, error) {
	f.left = maxBoxes
	err := f.each(0, f.size, f.in(""))
	return f.blanked, err
}

// in returns what is to be done with a box inside another, by the kinds of the two. What is not listed is not looked into: pictures
// and sound lie elsewhere, and nothing nests without end.
func (f *film) in(outer string) func(box) error {
	return func(b box) error {
		switch within := outer + "/" + b.kind; within {
		case "/moov", "moov/trak", "/udta", "moov/udta", "trak/udta", "meta/ilst":
			return f.each(b.body, b.end, f.in(b.kind))
		case "moov/meta", "trak/meta", "udta/meta":
			return f.meta(b)
		case "udta/chpl", "udta/free": // chapters, and what is blank already
			return nil
		case "/uuid", "moov/uuid", "trak/uuid":
			if id, err := f.read(b.body, b.end, len(xmp)); err != nil || string(id) != xmp {
				return err
			}
			return f.blank(b)
		case "ilst/\xa9xyz":
			return f.blank(b)
		default:
			if outer == "udta" {
				return f.blank(b)
			}
			return nil
		}
	}
}

// meta is a list of titles and covers, or one of keys of any name, such as com.apple.quicktime.location.ISO6709. In QuickTime its
// boxes begin at once, elsewhere after a version.
func (f *film) meta(b box) error {
	start, err := f.read(b.body, b.end, 8)
	if err != nil {
		return err
	}
	from := b.body + 4
	if strings.HasSuffix(string(start), "hdlr") {
		from = b.body
	}
	keyed := false
	if err := f.each(from, b.end, func(inner box) error { keyed = keyed || inner.kind == "keys"; return nil }); err != nil {
		return err
	}
	if keyed {
		return f.blank(b)
	}
	return f.each(from, b.end, f.in("meta"))
}

// each goes over the boxes between two places.
func (f *film) each(from, to int64, do func(box) error) error {
	for f.left > 0 {
		f.left--
		b, err := f.head(from, to)
		if err != nil || b.end == 0 {
			return err
		}
		if err := do(b); err != nil {
			return err
		}
		from = b.end
	}
	return nil
}

// head reads the head of the box at some place; none where there is no whole box before to. Its size may stand after its kind, or be
// 0, which means up to the end of the file.
func (f *film) head(at, to int64) (box, error) {
	head, err := f.read(at, to, 16)
	if err != nil || len(head) < 8 {
		return box{}, err
	}
	b := box{kind: string(head[4:8]), at: at, body: at + 8}
	size := uint64(binary.BigEndian.Uint32(head))
	switch {
	case size == 0 && to == f.size:
		size = uint64(to - at)
	case size == 1 && len(head) == 16:
		b.body, size = at+16, binary.BigEndian.Uint64(head[8:])
	}
	if size > math.MaxInt64 || int64(size) < b.body-at || int64(size) > to-at {
		return box{}, nil
	}
	b.end = at + int64(size)
	return b, nil
}

// read returns so many bytes from some place, or fewer where the end is near.
func (f *film) read(at, end int64, want int) ([]byte, error) {
	p := make([]byte, max(0, min(int64(want), end-at)))
	n, err := f.file.ReadAt(p, at)
	if n == len(p) { // where the file ends just there, both are right
		err = nil
	}
	return p, err
}

var zeros [32 << 10]byte

func (f *film) blank(b box) error {
	f.blanked = true
	_, err := f.file.WriteAt([]byte("free"), b.at+4)
	for at := b.body; err == nil && at < b.end; at += int64(len(zeros)) {
		_, err = f.file.WriteAt(zeros[:min(int64(len(zeros)), b.end-at)], at)
	}
	return err
}
