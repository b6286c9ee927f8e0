package storage

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// maxAtoms limits how many atoms (parts of a file) are read, and how many parts of it are erased. A video that was
// recorded in fragments of a quarter of a second reaches the limit after nine hours.
const maxAtoms = 1 << 18

// errNotMP4 is returned for a file whose atoms are not as ISO/IEC 14496-12 and QuickTime define them, so that it is
// unknown what they contain.
var errNotMP4 = errors.New("the structure of the file is not that of an MP4")

// mp4File is an open audio or video file that consists of atoms.
type mp4File struct {
	file interface {
		io.ReaderAt
		io.WriterAt
	}
	size      int64
	atomsLeft int      // how many more atoms are read
	erased    []span   // what must be erased
	samples   []span   // of tracks that must be erased
	media     []span   // the contents of mdat atoms
	moov      bool     // the file has a moov atom, which describes the tracks
	fragments bool     // the file has moof atoms
	telemetry bool     // the file has a track that is neither video nor sound
	video     []string // the codecs of the video tracks
	sound     bool     // the file has a sound track
}

// span is a part of a file between two offsets that is erased. If free is true, the part is an atom: its size stays,
// and its kind becomes free.
type span struct {
	from, to int64
	free     bool
}

// atom is a part of a file. Its header begins at start; its content begins after the header and extends to end.
type atom struct {
	kind                string
	start, content, end int64
}

// eachAtom calls visit for each atom between two offsets in the file. Bytes after the last atom that are too few for
// another one are erased. eachAtom returns errNotMP4 for an invalid atom, or when maxAtoms were read.
func (f *mp4File) eachAtom(from, to int64, visit func(atom) error) error {
	for from+8 <= to {
		if f.atomsLeft--; f.atomsLeft < 0 {
			return errNotMP4
		}
		a, err := f.readHeader(from, to)
		if err != nil {
			return err
		}
		if a.end == a.start { // zeros end a list of user data
			break
		}
		if err := visit(a); err != nil {
			return err
		}
		from = a.end
	}
	return f.erase(span{from: from, to: to})
}

// readHeader reads the header of the atom at an offset. It returns errNotMP4 if there is no valid atom that ends at or
// before limit. A size of 1 means that a 64-bit size follows the kind. A size of 0 means that the atom extends to the
// end of the file; but inside another atom, or if the kind is zero too, it marks the end of a list, and readHeader
// returns an empty atom. An atom with media data may extend beyond the end of the file, which is then truncated.
func (f *mp4File) readHeader(at, limit int64) (atom, error) {
	header, err := f.read(at, limit, 16)
	if err != nil {
		return atom{}, err
	}
	a := atom{kind: string(header[4:8]), start: at, content: at + 8}
	size := uint64(binary.BigEndian.Uint32(header))
	switch {
	case size == 0 && limit == f.size && a.kind != "\x00\x00\x00\x00":
		size = uint64(limit - at)
	case size == 0:
		a.end = at
		return a, nil
	case size == 1 && len(header) == 16:
		a.content, size = at+16, binary.BigEndian.Uint64(header[8:])
	}
	if size <= math.MaxInt64 && int64(size) > limit-at && limit == f.size && a.kind == "mdat" {
		size = uint64(limit - at)
	}
	if size > math.MaxInt64 || int64(size) < a.content-at || int64(size) > limit-at {
		return atom{}, errNotMP4
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

// erase remembers a part of the file that must be erased.
func (f *mp4File) erase(s span) error {
	if s.from >= s.to {
		return nil
	}
	if last := len(f.erased) - 1; last >= 0 && !s.free && !f.erased[last].free && f.erased[last].to == s.from {
		f.erased[last].to = s.to
		return nil
	}
	if len(f.erased) == maxAtoms {
		return errNotMP4
	}
	f.erased = append(f.erased, s)
	return nil
}

// eraseAtom remembers that an atom must become a free atom, which players skip.
func (f *mp4File) eraseAtom(a atom) error {
	if a.content-a.start == 16 { // the 64-bit size stays, too
		if err := f.erase(span{a.start, a.start + 8, true}); err != nil {
			return err
		}
		return f.erase(span{from: a.content, to: a.end})
	}
	return f.erase(span{a.start, a.end, true})
}

var zeros [32 << 10]byte

// apply erases what was found: it fills it with zeros, so that nothing else in the file moves.
func (f *mp4File) apply() error {
	for _, s := range f.erased {
		if s.free {
			if _, err := f.file.WriteAt([]byte("free"), s.from+4); err != nil {
				return err
			}
			s.from += 8
		}
		for at := s.from; at < s.to; at += int64(len(zeros)) {
			if _, err := f.file.WriteAt(zeros[:min(int64(len(zeros)), s.to-at)], at); err != nil {
				return err
			}
		}
	}
	return nil
}
