package storage

import (
	"encoding/binary"
	"io"
	"math"
	"strings"
)

// mp4Types are the kinds of films and sound that are made of boxes (ISO/IEC 14496-12, and QuickTime, from which that came). Pictures
// and raw pictures are made of boxes too, but need what these can do without.
var mp4Types = []string{"video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2", "video/x-m4v", "audio/mp4", "audio/x-m4a"}

// maxAtoms is how many boxes of a file are looked at: a film in pieces of a quarter of a second has so many in nine hours.
const maxAtoms = 1 << 18

// xmpUUID is what a box of kind uuid begins with that holds a packet of XMP.
const xmpUUID = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"

// mp4File is a file of boxes.
type mp4File struct {
	file interface {
		io.ReaderAt
		io.WriterAt
	}
	size      int64
	atomsLeft int  // boxes that are still looked at
	changed   bool // something was taken out
}

// atom is a part of a film: its head at one place, its content from another to an end.
type atom struct {
	kind                string
	start, content, end int64
}

// stripGPS takes out of a film or a sound what it says of where it was made, by what and when. The box becomes one of kind free
// with zeros in it, so that no other moves; whoever plays it passes over those. Titles, covers and chapters of music stay. What is no
// box as it should be ends the look, and stays as it is. It tells whether anything was taken out.
func stripGPS(f mp4File) (bool, error) {
	f.atomsLeft = maxAtoms
	err := f.eachAtom(0, f.size, f.visitor(""))
	return f.changed, err
}

// visitor returns what is to be done with a box inside another, by the kinds of the two. What is not listed is not looked into: pictures
// and sound lie elsewhere, and nothing nests without end.
func (f *mp4File) visitor(outer string) func(atom) error {
	return func(b atom) error {
		switch within := outer + "/" + b.kind; within {
		case "/moov", "moov/trak", "/udta", "moov/udta", "trak/udta", "meta/ilst":
			return f.eachAtom(b.content, b.end, f.visitor(b.kind))
		case "moov/meta", "trak/meta", "udta/meta":
			return f.visitMeta(b)
		case "udta/chpl", "udta/free": // chapters, and what is blank already
			return nil
		case "/uuid", "moov/uuid", "trak/uuid":
			if id, err := f.readAt(b.content, b.end, len(xmpUUID)); err != nil || string(id) != xmpUUID {
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

// visitMeta is a list of titles and covers, or one of keys of any name, such as com.apple.quicktime.location.ISO6709. In QuickTime its
// boxes begin at once, elsewhere after a version.
func (f *mp4File) visitMeta(b atom) error {
	start, err := f.readAt(b.content, b.end, 8)
	if err != nil {
		return err
	}
	from := b.content + 4
	if strings.HasSuffix(string(start), "hdlr") {
		from = b.content
	}
	keyed := false
	if err := f.eachAtom(from, b.end, func(inner atom) error { keyed = keyed || inner.kind == "keys"; return nil }); err != nil {
		return err
	}
	if keyed {
		return f.blank(b)
	}
	return f.eachAtom(from, b.end, f.visitor("meta"))
}

// eachAtom goes over the boxes between two places.
func (f *mp4File) eachAtom(from, to int64, do func(atom) error) error {
	for f.atomsLeft > 0 {
		f.atomsLeft--
		b, err := f.readHeader(from, to)
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

// readHeader reads the head of the box at some place; none where there is no whole box before to. Its size may stand after its kind, or be
// 0, which means up to the end of the file.
func (f *mp4File) readHeader(at, to int64) (atom, error) {
	head, err := f.readAt(at, to, 16)
	if err != nil || len(head) < 8 {
		return atom{}, err
	}
	b := atom{kind: string(head[4:8]), start: at, content: at + 8}
	size := uint64(binary.BigEndian.Uint32(head))
	switch {
	case size == 0 && to == f.size:
		size = uint64(to - at)
	case size == 1 && len(head) == 16:
		b.content, size = at+16, binary.BigEndian.Uint64(head[8:])
	}
	if size > math.MaxInt64 || int64(size) < b.content-at || int64(size) > to-at {
		return atom{}, nil
	}
	b.end = at + int64(size)
	return b, nil
}

// readAt returns so many bytes from some place, or fewer where the end is near.
func (f *mp4File) readAt(at, end int64, want int) ([]byte, error) {
	p := make([]byte, max(0, min(int64(want), end-at)))
	n, err := f.file.ReadAt(p, at)
	if n == len(p) { // where the file ends just there, both are right
		err = nil
	}
	return p, err
}

var zeros [32 << 10]byte

func (f *mp4File) blank(b atom) error {
	f.changed = true
	_, err := f.file.WriteAt([]byte("free"), b.start+4)
	for at := b.content; err == nil && at < b.end; at += int64(len(zeros)) {
		_, err = f.file.WriteAt(zeros[:min(int64(len(zeros)), b.end-at)], at)
	}
	return err
}
