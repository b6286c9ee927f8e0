package images

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
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
	animated         bool
	frame            image.Rectangle // where the first frame of an animation lies; empty before its header was read
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
	p := picture{size: image.Pt(h.width, h.height), memory: 2*int64(h.rowBytes(h.width)) + 8*int64(h.width)}
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
// before they are scaled. Of a larger picture, only the first passes are read, which form the same picture with fewer
// pixels.
const maxInterlacedBytes = 24 << 20

// reduced returns the size of an interlaced picture of which only every 2^shift-th row and column is read.
func (h *pngHeader) reduced(shift int) image.Point {
	step := 1<<shift - 1
	return image.Pt((h.width+step)>>shift, (h.height+step)>>shift)
}

// rowBytes returns the number of bytes of a row with a number of pixels.
func (h *pngHeader) rowBytes(pixels int) int { return (pixels*h.channels*int(h.depth) + 7) / 8 }

// openPNG reads the chunks before the pixels, and returns a reader of the pixels. For an animation these are the pixels
// of the first frame. The file may have another picture before it, for programs that do not support animations.
func openPNG(src io.ReadSeeker) (*pngHeader, *pngPixels, error) {
	h, pixels, err := findPixels(src, true)
	if err == ErrUndecodable {
		return findPixels(src, false)
	}
	return h, pixels, err
}

// findPixels does the work of openPNG. If animation is true, it looks for the first frame of an animation and ignores a
// picture that is not part of it. Otherwise it looks for that picture.
func findPixels(src io.ReadSeeker, animation bool) (*pngHeader, *pngPixels, error) {
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
		// not a part of the animation
		case name == "IDAT" && animation && h.animated && h.frame.Empty() && !h.interlaced:
		case name == "IDAT", name == "fdAT" && !h.frame.Empty():
			if h.colorType == pngIndexed && !h.hasPalette {
				return nil, nil, ErrUndecodable
			}
			if name == "IDAT" {
				h.frame = image.Rect(0, 0, h.width, h.height)
			}
			pixels := &pngPixels{r: r, name: name}
			pixels.start(length)
			return h, pixels, nil
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
	case "acTL":
		h.animated = true
	case "fcTL":
		if len(chunk) >= 20 && h.frame.Empty() {
			number := func(i int) int { return int(binary.BigEndian.Uint32(chunk[i:])) }
			at := image.Pt(number(12), number(16))
			frame := image.Rectangle{at, at.Add(image.Pt(number(4), number(8)))}
			h.frame = frame.Intersect(image.Rect(0, 0, h.width, h.height))
			if h.frame != frame {
				return ErrUndecodable
			}
		}
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

// pngPixels reads the content of the chunks with pixels, which follow each other.
type pngPixels struct {
	r    *bufio.Reader
	name string // of the chunks
	left int64  // bytes of the current chunk
}

// start begins a chunk. A chunk of an animation begins with a number.
func (p *pngPixels) start(length int64) {
	if p.left = length; p.name == "fdAT" {
		n, _ := p.r.Discard(int(min(4, length)))
		p.left -= int64(n)
	}
}

func (p *pngPixels) Read(b []byte) (int, error) {
	for p.left == 0 {
		var head [12]byte // the checksum of the last chunk, and the length and the name of the next one
		if _, err := io.ReadFull(p.r, head[:]); err != nil || string(head[8:]) != p.name {
			return 0, io.EOF
		}
		p.start(int64(binary.BigEndian.Uint32(head[4:])))
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
	return rows.decode(c)
}

// decode decodes a picture that is not interlaced. What lies outside of the first frame is transparent.
func (p *pngRows) decode(c *canvas) error {
	h := p.header
	rgba, none := make([]byte, 4*h.width), make([]byte, 4*h.width)
	p.start(h.frame.Dx())
	for y := range h.height {
		shown := none
		if y >= h.frame.Min.Y && y < h.frame.Max.Y {
			row, err := p.next()
			if err != nil {
				return undecodableAt(y - h.frame.Min.Y)
			}
			h.toRGBA(rgba[4*h.frame.Min.X:4*h.frame.Max.X], row)
			shown = rgba
		}
		if err := c.addRow(shown); err != nil {
			return err
		}
	}
	return nil
}
