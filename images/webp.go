package images

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"io"

	"golang.org/x/image/webp"
)

// webpFrame is a still picture in a WebP file: the whole file, or the first frame of an animation.
type webpFrame struct {
	canvas image.Point // the size of the whole picture
	at     image.Point // where the frame lies in it
	kind   string      // the name of the chunk with the pixels: "VP8 " or "VP8L"
	pixels []byte
	alpha  []byte      // the ALPH chunk of a lossy picture; nil without one
	size   image.Point // of the pixels
}

// readWebP reads the structure of a WebP and its compressed pixels. It ignores everything that is not needed to show
// the picture or the first frame, and lengths that go beyond the end of the file.
func readWebP(src io.ReadSeeker) (picture, error) {
	end, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return picture{}, err
	}
	f := &webpFrame{}
	if err := f.readChunks(src, 12, end); err != nil {
		return picture{}, err
	}
	f.size = f.sizeOfPixels()
	if f.canvas == (image.Point{}) {
		f.canvas = f.size
	}
	if err := checkSize(f.canvas); err != nil {
		return picture{}, err
	}
	if f.size.X == 0 || f.size.Y == 0 || checkSize(f.size) != nil {
		return picture{}, ErrUndecodable
	}
	perPixel := int64(2) // the lossy format has two colors at half the resolution
	switch {
	case f.kind == "VP8L":
		perPixel = 8
	case f.alpha != nil:
		perPixel = 10
	}
	memory := 2*int64(len(f.pixels)+len(f.alpha)) + perPixel*pixelCount(f.size) + 4*int64(f.canvas.X)
	return picture{size: f.canvas, memory: memory, decode: f.decode}, nil
}

// readChunks reads the chunks between two offsets of a file, up to the first pixels.
func (f *webpFrame) readChunks(src io.ReadSeeker, from, end int64) error {
	for from+8 <= end && f.pixels == nil {
		var head [8]byte
		if err := readAt(src, from, head[:]); err != nil {
			return err
		}
		length := int64(binary.LittleEndian.Uint32(head[4:]))
		stop := min(from+8+length, end)
		if err := f.readChunk(src, string(head[:4]), from+8, stop); err != nil {
			return err
		}
		from += 8 + length + length&1
	}
	return nil
}

// readChunk reads a chunk whose content lies between two offsets.
func (f *webpFrame) readChunk(src io.ReadSeeker, name string, from, end int64) error {
	content := func(limit int64) ([]byte, error) {
		b := make([]byte, max(0, min(end-from, limit)))
		return b, readAt(src, from, b)
	}
	switch name {
	case "VP8X":
		b, err := content(10)
		if err == nil && len(b) == 10 {
			f.canvas = image.Pt(1+uint24(b[4:]), 1+uint24(b[7:]))
		}
		return err
	case "ANMF":
		b, err := content(16)
		if err != nil || len(b) < 16 {
			return err
		}
		f.at = image.Pt(2*uint24(b), 2*uint24(b[3:]))
		return f.readChunks(src, from+16, end)
	case "ALPH":
		var err error
		f.alpha, err = content(maxMemory)
		return err
	case "VP8 ", "VP8L":
		var err error
		f.kind = name
		f.pixels, err = content(maxMemory)
		return err
	}
	return nil
}

// readAt reads len(b) bytes at an offset of a file.
func readAt(src io.ReadSeeker, at int64, b []byte) error {
	if _, err := src.Seek(at, io.SeekStart); err != nil {
		return err
	}
	_, err := io.ReadFull(src, b)
	return err
}

// uint24 returns a number of three bytes.
func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// sizeOfPixels returns the size in the header of the pixels (RFC 9649), and zero if the header is invalid.
func (f *webpFrame) sizeOfPixels() image.Point {
	b := f.pixels
	switch {
	case f.kind == "VP8 " && len(b) >= 10 && string(b[3:6]) == "\x9d\x01\x2a":
		return image.Pt(int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff))
	case f.kind == "VP8L" && len(b) >= 5 && b[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(b[1:])
		return image.Pt(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff))
	}
	return image.Point{}
}

// decode decodes the frame into a canvas.
func (f *webpFrame) decode(c *canvas) error {
	img, err := webp.Decode(bytes.NewReader(f.file(0)))
	if err != nil { // the file may end too early: the decoder then shows what it can
		img, err = webp.Decode(bytes.NewReader(f.file(1 << 20)))
	}
	if err != nil {
		return ErrUndecodable
	}
	f.pixels, f.alpha = nil, nil
	row := image.NewRGBA(image.Rect(0, 0, f.canvas.X, 1))
	for y := range f.canvas.Y {
		clear(row.Pix)
		area := img.Bounds().Sub(img.Bounds().Min).Add(f.at)
		draw.Draw(row, area.Sub(image.Pt(0, y)), img, img.Bounds().Min, draw.Src)
		if err := c.addRow(row.Pix); err != nil {
			return err
		}
	}
	return nil
}

// file returns a file that contains only the frame, with additional zeros after its pixels.
func (f *webpFrame) file(padding int) []byte {
	chunk := func(b []byte, name string, content []byte, padding int) []byte {
		n := len(content) + padding
		b = binary.LittleEndian.AppendUint32(append(b, name...), uint32(n))
		return append(append(b, content...), make([]byte, padding+n&1)...)
	}
	b := []byte("RIFF\x00\x00\x00\x00WEBP")
	if f.alpha != nil && f.kind == "VP8 " {
		head := []byte{1 << 4, 0, 0, 0} // the picture has alpha
		w, h := f.size.X-1, f.size.Y-1
		head = append(head, byte(w), byte(w>>8), byte(w>>16), byte(h), byte(h>>8), byte(h>>16))
		b = chunk(chunk(b, "VP8X", head, 0), "ALPH", f.alpha, 0)
	}
	b = chunk(b, f.kind, f.pixels, padding)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}
