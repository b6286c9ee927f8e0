package images

import (
	"bufio"
	"encoding/binary"
	"errors"
	"image"
	"io"
)

// maxScans is how many scans a JPEG may have. A scan is a pass over all pixels; encoders use about ten. A scan of few
// bytes may still take much time.
const maxScans = 32

// The bytes that mark segments of a JPEG (ITU T.81, table B.1).
const (
	startOfFrame0, startOfFrame2 = 0xc0, 0xc2
	huffmanTables                = 0xc4
	restart0, restart7           = 0xd0, 0xd7
	startOfImage, endOfImage     = 0xd8, 0xd9
	startOfScan, quantTables     = 0xda, 0xdb
	restartInterval, adobeMarker = 0xdd, 0xee
)

// maxCoefficientBytes is the memory in bytes for the coefficients of a JPEG with several scans. For a larger picture,
// only those of the lowest frequencies are kept, so that it is decoded with fewer pixels.
const maxCoefficientBytes = 32 << 20

// jpegFrame is the header of the pixels of a JPEG.
type jpegFrame struct {
	width, height int
	progressive   bool
	buffered      bool // the pixels are in several scans, so that all coefficients have to be kept
	components    []jpegComponent
	maxH, maxV    int // the largest sampling factors
	transform     int // of the colors, as in the Adobe segment; -1 without one
}

// jpegComponent is one of the color channels of a JPEG.
type jpegComponent struct {
	id, table   byte
	h, v        int         // sampling factors
	blocks      image.Point // how many blocks cover the picture, including those that only fill the last unit
	quant       [64]float32 // of the first scan, in zigzag order
	hasQuant    bool
	coefficient []int16  // the kept coefficients of all blocks; only if the frame is buffered
	nonzero     []uint64 // which coefficients of a block are not zero, as a bit for each, in zigzag order
	samples     []byte   // the decoded pixels of one row of units
	stride      int      // the width of samples
}

// readJPEG reads the structure of a JPEG: the size and the kind of its pixels, and whether they are in several scans.
func readJPEG(src io.ReadSeeker) (picture, error) {
	frame, scans, err := scanJPEG(src)
	if err == nil {
		err = checkSize(image.Pt(frame.width, frame.height))
	}
	switch {
	case err != nil:
		return picture{}, err
	case scans == 0:
		return picture{}, ErrUndecodable
	case scans > maxScans:
		return picture{}, errTooLarge
	}
	block := frame.blockSize()
	p := picture{size: frame.scaled(block), memory: frame.memory(block)}
	p.decode = func(c *canvas) error { return decodeJPEG(src, frame, block, c) }
	return p, nil
}

// scanJPEG reads the segments of a JPEG and counts the scans. It returns ErrUndecodable for a JPEG that browsers do not
// show either, for instance one with arithmetic coding, and for a file with a second frame.
func scanJPEG(src io.ReadSeeker) (frame *jpegFrame, scans int, err error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	r, transform := bufio.NewReaderSize(src, 64<<10), -1
	for {
		marker, err := nextMarker(r)
		if err != nil || marker == endOfImage { // a truncated file
			break
		}
		segment, err := readSegment(r, marker)
		if err != nil {
			break
		}
		switch {
		case isStartOfFrame(marker):
			if frame != nil || marker > startOfFrame2 {
				return nil, 0, ErrUndecodable
			}
			if frame, err = parseFrame(segment); err != nil {
				return nil, 0, err
			}
			frame.progressive = marker == startOfFrame2
			frame.buffered = frame.progressive
		case marker == adobeMarker && len(segment) > 11 && string(segment[:5]) == "Adobe":
			transform = int(segment[11])
		case marker == startOfScan && frame != nil:
			scans++
			frame.buffered = frame.buffered || len(segment) == 0 || int(segment[0]) != len(frame.components)
		}
	}
	if frame == nil {
		return nil, 0, ErrUndecodable
	}
	frame.transform = transform
	return frame, scans, nil
}

// isStartOfFrame reports whether a marker begins a frame, of whatever kind.
func isStartOfFrame(marker byte) bool {
	return marker >= 0xc0 && marker <= 0xcf && marker != huffmanTables && marker != 0xc8 && marker != 0xcc
}

// parseFrame parses the content of a frame segment: precision, height, width, and the number of components; for each
// component its id, its sampling factors and its quantization table.
func parseFrame(b []byte) (*jpegFrame, error) {
	if len(b) < 6 || b[0] != 8 || len(b) < 6+3*int(b[5]) {
		return nil, ErrUndecodable
	}
	f := &jpegFrame{height: int(binary.BigEndian.Uint16(b[1:])), width: int(binary.BigEndian.Uint16(b[3:]))}
	n := int(b[5])
	if f.width == 0 || f.height == 0 || n != 1 && n != 3 && n != 4 {
		return nil, ErrUndecodable
	}
	for i := range n {
		at := b[6+3*i:]
		c := jpegComponent{id: at[0], h: int(at[1] >> 4), v: int(at[1] & 15), table: at[2]}
		if n == 1 {
			c.h, c.v = 1, 1 // of a single component, the factors have no meaning
		}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.table > 3 {
			return nil, ErrUndecodable
		}
		f.maxH, f.maxV = max(f.maxH, c.h), max(f.maxV, c.v)
		f.components = append(f.components, c)
	}
	units := f.units()
	for i := range f.components {
		c := &f.components[i]
		c.blocks = image.Pt(units.X*c.h, units.Y*c.v)
	}
	return f, nil
}

// units returns how many units cover the picture. A unit has the blocks of all components for the same area.
func (f *jpegFrame) units() image.Point {
	return image.Pt((f.width+8*f.maxH-1)/(8*f.maxH), (f.height+8*f.maxV-1)/(8*f.maxV))
}

// scaled returns the size of the picture if each block of 8 × 8 pixels is decoded into block × block pixels.
func (f *jpegFrame) scaled(block int) image.Point {
	return image.Pt((f.width*block+7)/8, (f.height*block+7)/8)
}

// blockSize returns the width and height in pixels, from 1 to 8, into which each block is decoded. It is the smallest
// size that is enough for the original rendition, and smaller still if the coefficients need more than
// maxCoefficientBytes.
func (f *jpegFrame) blockSize() int {
	block := 8
	for block > 1 {
		smaller := f.scaled(block - 1)
		if max(smaller.X, smaller.Y) < originalSide && f.memory(block) <= maxCoefficientBytes {
			break
		}
		block--
	}
	return block
}

// memory returns how many bytes of memory decoding needs if each block is decoded into block × block pixels.
func (f *jpegFrame) memory(block int) (bytes int64) {
	for _, c := range f.components {
		if f.buffered {
			bytes += int64(c.blocks.X) * int64(c.blocks.Y) * int64(8+2*block*block)
		}
		bytes += int64(c.blocks.X) * int64(c.v*block*block)
	}
	return bytes + 4*int64(f.width)
}

// nextMarker reads up to the next marker that starts a segment or ends the picture, and returns it. It skips pixel
// data, in which 0xff is followed by 0 or belongs to a restart marker.
func nextMarker(r *bufio.Reader) (byte, error) {
	for {
		if _, err := r.ReadSlice(0xff); errors.Is(err, bufio.ErrBufferFull) {
			continue
		} else if err != nil {
			return 0, err
		}
		marker, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		switch {
		case marker == 0xff:
			r.UnreadByte()
		case marker > 1 && (marker < restart0 || marker > startOfImage):
			return marker, nil
		}
	}
}

// readSegment reads the segment that follows a marker. It returns the content of the segments that decoding needs. It
// skips every other segment and returns nil.
func readSegment(r *bufio.Reader, marker byte) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := max(0, int(length[0])<<8|int(length[1])-2)
	switch {
	case isStartOfFrame(marker), marker == huffmanTables, marker == startOfScan, marker == quantTables,
		marker == restartInterval, marker == adobeMarker:
		segment := make([]byte, n)
		_, err := io.ReadFull(r, segment)
		return segment, err
	}
	_, err := r.Discard(n)
	return nil, err
}
