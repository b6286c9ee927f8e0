package images

import (
	"bufio"
	"compress/lzw"
	"image"
	"image/color"
	"io"
)

// gifFrame is a frame of a GIF. Its pixels are read from the file when it is decoded.
type gifFrame struct {
	area        image.Rectangle // where the frame lies on the screen; it may go beyond the screen
	colors      []byte          // the color table: three bytes for each color
	interlaced  bool
	codeSize    byte // the initial size of a code in bits
	delay       int  // in hundredths of a second
	disposal    byte
	transparent int // the index of the transparent color, or -1
}

// decode decodes the part of a frame that lies on a screen. If the pixels end too early, the rest is transparent, or
// cut off if the frame has no transparent color. decode returns nil if no part of the frame is visible.
func (f *gifFrame) decode(pixels io.Reader, screen image.Rectangle) *image.Paletted {
	visible := f.area.Intersect(screen)
	if visible.Empty() || f.codeSize < 2 || f.codeSize > 8 {
		return nil
	}
	img := image.NewPaletted(visible, f.palette())
	if f.transparent > 0 {
		for i := range img.Pix {
			img.Pix[i] = byte(f.transparent)
		}
	}
	rows := f.decodeRows(pixels, img)
	switch {
	case rows == 0:
		return nil
	case rows < f.area.Dy() && f.transparent < 0 && !f.interlaced:
		visible.Max.Y = min(visible.Max.Y, f.area.Min.Y+rows)
		return img.SubImage(visible).(*image.Paletted)
	}
	return img
}

// decodeRows decodes the rows of a frame into img and returns how many the file contains. The last one may be
// incomplete.
func (f *gifFrame) decodeRows(pixels io.Reader, img *image.Paletted) (rows int) {
	r := lzw.NewReader(pixels, lzw.LSB, int(f.codeSize))
	defer r.Close()
	row := make([]byte, f.area.Dx())
	for start, step := range f.passes() {
		for y := start; y < f.area.Dy(); y += step {
			n, err := io.ReadFull(r, row)
			if n == 0 {
				return rows
			}
			rows++
			if at := f.area.Min.Y + y; at < img.Rect.Max.Y {
				for i, v := range row[:min(n, img.Rect.Dx())] {
					if int(v) < len(img.Palette) {
						img.Pix[(at-img.Rect.Min.Y)*img.Stride+i] = v
					}
				}
			}
			if err != nil {
				return rows
			}
		}
	}
	return rows
}

// passes yields the first row and the distance of the rows of each pass (GIF89a, appendix E).
func (f *gifFrame) passes() func(yield func(start, step int) bool) {
	return func(yield func(start, step int) bool) {
		if !f.interlaced {
			yield(0, 1)
			return
		}
		for _, p := range [4][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}} {
			if !yield(p[0], p[1]) {
				return
			}
		}
	}
}

// palette returns the colors of a frame, of which one may be transparent. A frame without a color table is black and
// white.
func (f *gifFrame) palette() color.Palette {
	colors := f.colors
	if len(colors) < 6 {
		colors = []byte{0, 0, 0, 255, 255, 255}
	}
	var p color.Palette
	for i := 0; i+3 <= len(colors); i += 3 {
		p = append(p, color.RGBA{colors[i], colors[i+1], colors[i+2], 255})
	}
	for f.transparent >= len(p) {
		p = append(p, color.RGBA{0, 0, 0, 255})
	}
	if f.transparent >= 0 {
		p[f.transparent] = color.RGBA{}
	}
	return p
}

// subBlockReader reads the content of a chain of sub-blocks, each of which begins with its length.
type subBlockReader struct {
	r     *bufio.Reader
	left  int // bytes of the current sub-block
	ended bool
}

func (s *subBlockReader) Read(b []byte) (int, error) {
	if s.left == 0 && !s.ended {
		n, err := s.r.ReadByte()
		s.left, s.ended = int(n), n == 0 || err != nil
	}
	if s.ended {
		return 0, io.EOF
	}
	n, err := s.r.Read(b[:min(len(b), s.left)])
	s.left -= n
	return n, err
}

// ReadByte returns the next byte. Without it, the decoder would read ahead.
func (s *subBlockReader) ReadByte() (byte, error) {
	if s.left == 0 {
		if n, err := s.Read(nil); n == 0 && err != nil {
			return 0, err
		}
	}
	s.left--
	return s.r.ReadByte()
}
