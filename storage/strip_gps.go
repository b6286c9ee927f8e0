package storage

import (
	"encoding/binary"
	"io"
	"math"
	"strings"
)

// mp4Types are the content types of audio and video files that consist of atoms (also called boxes), as ISO/IEC
// 14496-12 and QuickTime define them. HEIC images also consist of atoms but are not listed, because they cannot be
// displayed without their metadata.
var mp4Types = []string{
	"video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2", "video/x-m4v", "audio/mp4", "audio/x-m4a",
}

// maxAtoms limits how many atoms (parts of a file) are read. A video that was recorded in fragments of a quarter of a
// second reaches the limit after nine hours.
const maxAtoms = 1 << 18

// xmpUUID is how the content of a uuid atom begins if the atom contains XMP metadata.
const xmpUUID = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"

// mp4File is an open audio or video file that consists of atoms.
type mp4File struct {
	file interface {
		io.ReaderAt
		io.WriterAt
	}
	size      int64
	atomsLeft int  // how many more atoms are read
	changed   bool // an atom was blanked
}

// atom is a part of a file. Its header begins at start; its content begins after the header and extends to end.
type atom struct {
	kind                string
	start, content, end int64
}

// stripGPS removes metadata about where, when and with which device a video or audio file was recorded. It reports
// whether it changed the file. All other bytes keep their positions: stripGPS fills the atoms that contain the metadata
// with zeros and changes their kind to free, which players skip. Titles, covers and chapters stay. If it meets an
// invalid atom, it leaves that atom and the rest of the parent atom unchanged.
func stripGPS(f mp4File) (bool, error) {
	f.atomsLeft = maxAtoms
	err := f.eachAtom(0, f.size, f.visitor(""))
	return f.changed, err
}

// visitor returns the function that handles the atoms inside a parent of the given kind. Only the kinds listed here are
// searched. They do not contain the media data, and they limit the depth of the search.
func (f *mp4File) visitor(parent string) func(atom) error {
	return func(a atom) error {
		switch path := parent + "/" + a.kind; path {
		case "/moov", "moov/trak", "/udta", "moov/udta", "trak/udta", "meta/ilst":
			return f.eachAtom(a.content, a.end, f.visitor(a.kind))
		case "moov/meta", "trak/meta", "udta/meta":
			return f.visitMeta(a)
		case "udta/chpl", "udta/free": // chapters, and atoms that are blank already
			return nil
		case "/uuid", "moov/uuid", "trak/uuid":
			id, err := f.read(a.content, a.end, len(xmpUUID))
			if err != nil || string(id) != xmpUUID {
				return err
			}
			return f.blank(a)
		case "ilst/\xa9xyz":
			return f.blank(a)
		}
		if parent == "udta" {
			return f.blank(a)
		}
		return nil
	}
}

// visitMeta handles a meta atom. With a keys atom inside, it may hold any metadata, such as
// com.apple.quicktime.location.ISO6709, and visitMeta blanks it. Without one, it lists titles and covers, and visitMeta
// searches the atoms inside. These begin at once in QuickTime files, and after a version of four bytes in other files.
func (f *mp4File) visitMeta(a atom) error {
	start, err := f.read(a.content, a.end, 8)
	if err != nil {
		return err
	}
	from := a.content + 4
	if strings.HasSuffix(string(start), "hdlr") {
		from = a.content
	}
	hasKeys := false
	findKeys := func(inner atom) error { hasKeys = hasKeys || inner.kind == "keys"; return nil }
	if err := f.eachAtom(from, a.end, findKeys); err != nil {
		return err
	}
	if hasKeys {
		return f.blank(a)
	}
	return f.eachAtom(from, a.end, f.visitor("meta"))
}

// eachAtom calls visit for each atom between two offsets in the file. It stops at an invalid atom, or when maxAtoms
// were read.
func (f *mp4File) eachAtom(from, to int64, visit func(atom) error) error {
	for f.atomsLeft > 0 {
		f.atomsLeft--
		a, err := f.readHeader(from, to)
		if err != nil || a.end == 0 {
			return err
		}
		if err := visit(a); err != nil {
			return err
		}
		from = a.end
	}
	return nil
}

// readHeader reads the header of the atom at an offset. It returns a zero atom if there is no valid atom that ends at
// or before limit. A size of 1 means that a 64-bit size follows the kind; a size of 0 means that the atom extends to
// the end of the file.
func (f *mp4File) readHeader(at, limit int64) (atom, error) {
	header, err := f.read(at, limit, 16)
	if err != nil || len(header) < 8 {
		return atom{}, err
	}
	a := atom{kind: string(header[4:8]), start: at, content: at + 8}
	size := uint64(binary.BigEndian.Uint32(header))
	switch {
	case size == 0 && limit == f.size:
		size = uint64(limit - at)
	case size == 1 && len(header) == 16:
		a.content, size = at+16, binary.BigEndian.Uint64(header[8:])
	}
	if size > math.MaxInt64 || int64(size) < a.content-at || int64(size) > limit-at {
		return atom{}, nil
	}
	a.end = at + int64(size)
	return a, nil
}

// read returns count bytes of the file from the offset at, or fewer if limit comes first.
func (f *mp4File) read(at, limit int64, count int) ([]byte, error) {
	p := make([]byte, max(0, min(int64(count), limit-at)))
	n, err := f.file.ReadAt(p, at)
	if n == len(p) { // ReadAt may return io.EOF with the last bytes of the file
		err = nil
	}
	return p, err
}

var zeros [32 << 10]byte

// blank overwrites the content of an atom with zeros and changes its kind to free.
func (f *mp4File) blank(a atom) error {
	f.changed = true
	if _, err := f.file.WriteAt([]byte("free"), a.start+4); err != nil {
		return err
	}
	for at := a.content; at < a.end; at += int64(len(zeros)) {
		if _, err := f.file.WriteAt(zeros[:min(int64(len(zeros)), a.end-at)], at); err != nil {
			return err
		}
	}
	return nil
}
