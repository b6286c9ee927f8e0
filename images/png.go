package images

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"errors"
	"image"
	"io"
)

// pngHeader is the header of a PNG (PNG specification, 11.2).
type pngHeader struct {
	width, height    int
	depth, colorType byte
	channels         int // samples of a pixel
	interlaced       bool
	palette          [256][4]byte // RGBA with the color channels multiplied by alpha
	transparent      [3]uint16    // the color that is transparent
	hasTransparent   bool
	hasPalette       bool
}

// The color types of a PNG.
const (
	pngGray, pngRGB, pngIndexed, pngGrayAlpha, pngRGBA = 0, 2, 3, 4, 6
)

// readPNG reads the header of a PNG up to its pixels. It ignores all checksums, as browsers do.
func readPNG(src io.ReadSeeker) (picture, error) {
	h, _, err := openPNG(src)
	if err != nil {
		return picture{}, err
	}
	p := picture{size: image.Pt(h.width, h.height), memory: 2*int64(h.rowBytes(h.width)) + 4*int64(h.width)}
	shift := 0
	if h.interlaced {
		for shift < 3 && 4*pixelCount(h.reduced(shift)) > maxInterlacedBytes {
			shift++
		}
		p.size = h.reduced(shift)
		p.memory += 4 * pixelCount(p.size)
	}
	p.decode = func(c *canvas) error { return decodePNG(src, shift, c) }
	return p, nil
}

// maxInterlacedBytes is the memory in bytes for the pixels of an interlaced PNG, whose passes have to be put together
// before they are scaled. Of a larger picture, only the first passes are read, which are a smaller picture.
const maxInterlacedBytes = 24 << 20

// reduced returns the size of an interlaced picture of which only every 2^shift-th row and column is read.
func (h *pngHeader) reduced(shift int) image.Point {
	step := 1<<shift - 1
	return image.Pt((h.width+step)>>shift, (h.height+step)>>shift)
}

// rowBytes returns the number of bytes of a row with a number of pixels.
func (h *pngHeader) rowBytes(pixels int) int { return (pixels*h.channels*int(h.depth) + 7) / 8 }

// openPNG reads the chunks before the pixels, and returns a reader of the pixels.
func openPNG(src io.ReadSeeker) (*pngHeader, *pngPixels, error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	r := bufio.NewReaderSize(src, 64<<10)
	h := &pngHeader{}
	r.Discard(8) // the signature
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, nil, ErrUndecodable
		}
		length, name := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		switch {
		case h.width == 0 && name != "IHDR":
			return nil, nil, ErrUndecodable
		case name == "IDAT":
			if h.colorType == pngIndexed && !h.hasPalette {
				return nil, nil, ErrUndecodable
			}
			return h, &pngPixels{r: r, left: length}, nil
		}
		chunk := make([]byte, min(length, 3*256)) // no chunk that is read is longer
		n, _ := io.ReadFull(r, chunk)
		if err := h.readChunk(name, chunk[:n]); err != nil {
			return nil, nil, err
		}
		if _, err := io.CopyN(io.Discard, r, length-int64(n)+4); err != nil { // the rest and the checksum
			return nil, nil, ErrUndecodable
		}
	}
}

// readChunk reads a chunk that comes before the pixels.
func (h *pngHeader) readChunk(name string, chunk []byte) error {
	switch name {
	case "IHDR":
		return h.readSize(chunk)
	case "PLTE":
		h.hasPalette = true
		for i := range h.palette {
			h.palette[i] = [4]byte{3: 255}
		}
		for i := 0; i+3 <= len(chunk); i += 3 {
			copy(h.palette[i/3][:], chunk[i:i+3])
		}
	case "tRNS":
		h.readTransparency(chunk)
	}
	return nil
}

// readSize reads the size and the kind of pixels. It returns Invalid if there are too many pixels.
func (h *pngHeader) readSize(chunk []byte) error {
	if len(chunk) < 13 {
		return ErrUndecodable
	}
	width, height := binary.BigEndian.Uint32(chunk), binary.BigEndian.Uint32(chunk[4:])
	h.depth, h.colorType, h.interlaced = chunk[8], chunk[9], chunk[12] == 1
	h.channels = map[byte]int{pngGray: 1, pngRGB: 3, pngIndexed: 1, pngGrayAlpha: 2, pngRGBA: 4}[h.colorType]
	depths := map[byte]string{
		pngGray: "\x01\x02\x04\x08\x10", pngIndexed: "\x01\x02\x04\x08",
		pngRGB: "\x08\x10", pngGrayAlpha: "\x08\x10", pngRGBA: "\x08\x10",
	}[h.colorType]
	valid := false
	for _, depth := range []byte(depths) {
		valid = valid || depth == h.depth
	}
	if !valid || chunk[10] != 0 || chunk[11] != 0 || chunk[12] > 1 || width == 0 || height == 0 ||
		width > 1<<31-1 || height > 1<<31-1 {
		return ErrUndecodable
	}
	h.width, h.height = int(width), int(height)
	if int64(h.rowBytes(h.width))*int64(h.height) > maxDecodedBytes {
		return errTooLarge
	}
	return checkSize(image.Pt(h.width, h.height))
}

// readTransparency reads the alpha of the palette, or the color that is transparent.
func (h *pngHeader) readTransparency(chunk []byte) {
	if h.colorType == pngIndexed {
		for i, a := range chunk[:min(len(chunk), 256)] {
			c := &h.palette[i]
			*c = [4]byte{multiply(c[0], a), multiply(c[1], a), multiply(c[2], a), a}
		}
		return
	}
	if h.hasTransparent = h.channels&1 == 1 && len(chunk) >= 2*h.channels; h.hasTransparent {
		for i := range h.channels {
			h.transparent[i] = binary.BigEndian.Uint16(chunk[2*i:])
		}
	}
}

// multiply returns a color channel multiplied by alpha.
func multiply(v, alpha byte) byte { return byte((uint32(v)*uint32(alpha) + 127) / 255) }

// pngPixels reads the content of the IDAT chunks, which follow each other.
type pngPixels struct {
	r    *bufio.Reader
	left int64 // bytes of the current chunk
}

func (p *pngPixels) Read(b []byte) (int, error) {
	for p.left == 0 {
		var head [12]byte // the checksum of the last chunk, and the length and the name of the next one
		if _, err := io.ReadFull(p.r, head[:]); err != nil || string(head[8:]) != "IDAT" {
			return 0, io.EOF
		}
		p.left = int64(binary.BigEndian.Uint32(head[4:]))
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	return n, err
}

// decodePNG decodes the pixels of a PNG into a canvas. If the file ends too early, the rest of the picture stays
// transparent. Of an interlaced picture, it reads every 2^shift-th row and column.
func decodePNG(src io.ReadSeeker, shift int, c *canvas) error {
	h, pixels, err := openPNG(src)
	if err != nil {
		return err
	}
	var zlibHeader [2]byte
	if _, err := io.ReadFull(pixels, zlibHeader[:]); err != nil {
		return ErrUndecodable
	}
	rows := &pngRows{header: h, r: flate.NewReader(pixels)}
	if h.interlaced {
		return rows.decodeInterlaced(shift, c)
	}
	rgba := make([]byte, 4*h.width)
	rows.start(h.width)
	for y := range h.height {
		row, err := rows.next()
		if err != nil {
			return undecodableAt(y)
		}
		h.toRGBA(rgba, row)
		if err := c.addRow(rgba); err != nil {
			return err
		}
	}
	return nil
}

// undecodableAt returns the error for a file whose pixels end before a row. A part of a picture is shown.
func undecodableAt(row int) error {
	if row == 0 {
		return ErrUndecodable
	}
	return nil
}

// pngRows reads rows of pixels and undoes their filters.
type pngRows struct {
	header        *pngHeader
	r             io.Reader
	row, previous []byte // without the byte for the filter
	pixelBytes    int    // the distance in bytes to the pixel on the left
}

// start begins a picture, or a pass of an interlaced picture, whose rows have the given number of pixels.
func (p *pngRows) start(pixels int) {
	n := p.header.rowBytes(pixels)
	p.row, p.previous = make([]byte, n), make([]byte, n)
	p.pixelBytes = max(1, p.header.channels*int(p.header.depth)/8)
}

var errFilter = errors.New("unknown filter of a PNG row")

// next returns the next row. It is valid until the next call.
func (p *pngRows) next() ([]byte, error) {
	p.row, p.previous = p.previous, p.row
	var filter [1]byte
	if _, err := io.ReadFull(p.r, filter[:]); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(p.r, p.row); err != nil {
		return nil, err
	}
	row, up, n := p.row, p.previous[:len(p.row)], p.pixelBytes
	switch filter[0] {
	case 0:
	case 1:
		for i := n; i < len(row); i++ {
			row[i] += row[i-n]
		}
	case 2:
		for i := range row {
			row[i] += up[i]
		}
	case 3:
		for i := range row {
			left := 0
			if i >= n {
				left = int(row[i-n])
			}
			row[i] += byte((left + int(up[i])) / 2)
		}
	case 4:
		for i := range min(n, len(row)) {
			row[i] += up[i]
		}
		for i := n; i < len(row); i++ {
			row[i] += paeth(int(row[i-n]), int(up[i]), int(up[i-n]))
		}
	default:
		return nil, errFilter
	}
	return row, nil
}

// paeth returns the one of left, up and corner that is nearest to left + up - corner (PNG specification, 9.4).
func paeth(left, up, corner int) byte {
	toLeft, toUp := up-corner, left-corner
	toCorner := max(toLeft+toUp, -toLeft-toUp)
	toLeft, toUp = max(toLeft, -toLeft), max(toUp, -toUp)
	switch {
	case toLeft <= toUp && toLeft <= toCorner:
		return byte(left)
	case toUp <= toCorner:
		return byte(up)
	}
	return byte(corner)
}
