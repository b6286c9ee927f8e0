package images

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"

	"charla/chat"
)

// The limits of an animation: its number of frames, the number of pixels in all frames together, and the number of
// extensions, of which a frame usually has one. An animation beyond them would take too long to process.
const (
	maxFrames          = 1000
	maxAnimationPixels = 192 << 20
	maxExtensions      = 10 * maxFrames
)

var errAnimationTooLong = &chat.Error{
	Code: chat.Invalid, Field: "file",
	Format: "This animation is too long or too large. Make it shorter or smaller and send it again.",
}

// animation is a GIF with several frames. It holds no pixels; the frames are decoded one at a time.
type animation struct {
	screen        image.Rectangle
	loopExtension []byte // the extension with the number of loops; empty for one
}

// gifReader reads the frames of a GIF. Blocks and extensions are terms of the GIF89a specification, appendix B.
type gifReader struct {
	r             *bufio.Reader
	screen        image.Rectangle
	colors        []byte // the color table of frames without their own
	control       []byte // the content of the extension about the next frame
	loopExtension []byte
	scratch       []byte // reused by readExtension, because a small file may contain many extensions
	extensions    int    // how many extensions were read
}

// The first bytes of blocks and extensions, and the lengths of parts of a GIF.
const (
	extensionBlock, imageBlock, trailer   = 0x21, 0x2c, 0x3b
	graphicControlLabel, applicationLabel = 0xf9, 0xff
	headerLength, imageDescriptorLength   = 6 + 7, 9
)

// newGIFReader returns a gifReader for a file. It has already read the header of the GIF.
func newGIFReader(src io.ReadSeeker) (*gifReader, error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	g := &gifReader{r: bufio.NewReaderSize(src, 64<<10)}
	header, err := g.readBytes(headerLength)
	if err != nil {
		return nil, ErrUndecodable
	}
	size := image.Pt(int(binary.LittleEndian.Uint16(header[6:])), int(binary.LittleEndian.Uint16(header[8:])))
	g.screen = image.Rectangle{Max: size}
	if g.colors, err = g.readColorTable(header[10]); err != nil {
		return nil, ErrUndecodable
	}
	return g, nil
}

// readBytes returns the next n bytes of the file.
func (g *gifReader) readBytes(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(g.r, b)
	return b, err
}

// readColorTable returns the color table that comes next in the file, or nil if the flags say that there is none.
func (g *gifReader) readColorTable(flags byte) ([]byte, error) {
	if flags&0x80 == 0 {
		return nil, nil
	}
	return g.readBytes(3 << (1 + flags&7))
}

// errNoMoreFrames is the error that next returns after the last frame.
var errNoMoreFrames = errors.New("no more frames")

// next returns the next frame. The caller must then read its pixels. After the last frame, which may be where the file
// ends or is damaged, next returns errNoMoreFrames.
func (g *gifReader) next() (*gifFrame, error) {
	for {
		block, err := g.r.ReadByte()
		switch {
		case err == nil && block == extensionBlock:
			if err := g.readExtension(); err != nil {
				return nil, err
			}
		case err == nil && block == imageBlock:
			return g.readFrame()
		case err != nil || block != 0: // some programs write a zero too many
			return nil, errNoMoreFrames
		}
	}
}

// readExtension reads an extension. It keeps the extension if it describes the next frame or the number of loops, and
// drops any other extension, such as a comment.
func (g *gifReader) readExtension() error {
	if g.extensions++; g.extensions > maxExtensions {
		return errAnimationTooLong
	}
	label, err := g.r.ReadByte()
	if err != nil {
		return errNoMoreFrames
	}
	body, err := g.readSubBlocks(g.scratch[:0], 16)
	g.scratch = body
	switch {
	case err != nil:
		return errNoMoreFrames
	case label == graphicControlLabel && len(body) >= 5:
		g.control = bytes.Clone(body[1:5])
	case label == applicationLabel && bytes.HasPrefix(body, []byte("\x0bNETSCAPE2.0\x03\x01")) && len(body) >= 17:
		g.loopExtension = append([]byte{extensionBlock, label}, append(body[:16:16], 0)...)
	}
	return nil
}

// readSubBlocks reads a chain of sub-blocks, each of which begins with its length, and appends them to b. It leaves out
// sub-blocks that begin after the first limit bytes.
func (g *gifReader) readSubBlocks(b []byte, limit int) ([]byte, error) {
	for {
		n, err := g.r.ReadByte()
		if err != nil {
			return b, err
		}
		if len(b) > limit {
			_, err = g.r.Discard(int(n))
		} else {
			start := len(b) + 1
			b = append(append(b, n), make([]byte, n)...)
			_, err = io.ReadFull(g.r, b[start:])
		}
		if n == 0 || err != nil {
			return b, err
		}
	}
}

// readFrame reads the descriptor of a frame, up to its pixels. It makes the screen as large as the first frame needs,
// as browsers do.
func (g *gifReader) readFrame() (*gifFrame, error) {
	b, err := g.readBytes(imageDescriptorLength)
	if err != nil {
		return nil, errNoMoreFrames
	}
	number := func(i int) int { return int(binary.LittleEndian.Uint16(b[i:])) }
	at, size := image.Pt(number(0), number(2)), image.Pt(number(4), number(6))
	if size.X == 0 || size.Y == 0 {
		size = g.screen.Max
	}
	f := &gifFrame{area: image.Rectangle{at, at.Add(size)}, interlaced: b[8]&0x40 != 0, transparent: -1}
	if c := g.control; c != nil {
		f.disposal, f.delay = c[0]>>2&7, int(binary.LittleEndian.Uint16(c[1:]))
		if c[0]&1 != 0 {
			f.transparent = int(c[3])
		}
	}
	g.control = nil
	if f.colors, err = g.readColorTable(b[8]); err != nil {
		return nil, errNoMoreFrames
	}
	if f.colors == nil {
		f.colors = g.colors
	}
	if f.codeSize, err = g.r.ReadByte(); err != nil {
		return nil, errNoMoreFrames
	}
	return f, nil
}

// skipPixels skips the pixels of a frame.
func (g *gifReader) skipPixels() { g.readSubBlocks(nil, -1) }

// decodePixels decodes the pixels of a frame, and skips what follows them.
func (g *gifReader) decodePixels(f *gifFrame, screen image.Rectangle) *image.Paletted {
	pixels := &subBlockReader{r: g.r}
	img := f.decode(pixels, screen)
	io.Copy(io.Discard, pixels)
	return img
}

// readGIF reads the structure of a GIF and finds out whether it is an animation. It counts the frames and their pixels
// without decoding them, and returns errAnimationTooLong if there are too many.
func readGIF(src io.ReadSeeker) (picture, error) {
	r, err := newGIFReader(src)
	if err != nil {
		return picture{}, err
	}
	var n, sum int64
	for {
		f, err := r.next()
		if errors.Is(err, errNoMoreFrames) {
			break
		}
		if err != nil {
			return picture{}, err
		}
		if n == 0 {
			r.screen = r.screen.Union(image.Rectangle{Max: f.area.Max})
		}
		r.skipPixels()
		n, sum = n+1, sum+pixelCount(f.area.Size())
		if n > 1 && (n > maxFrames || sum > maxAnimationPixels) {
			return picture{}, errAnimationTooLong
		}
	}
	if n == 0 {
		return picture{}, ErrUndecodable
	}
	if err := checkSize(r.screen.Max); err != nil {
		return picture{}, err
	}
	p := picture{size: r.screen.Max, memory: pixelCount(r.screen.Max) + 4*int64(r.screen.Max.X)}
	p.decode = func(c *canvas) error { return decodeFirstFrame(src, r.screen, c) }
	if n > 1 {
		p.animation = &animation{r.screen, r.loopExtension}
	}
	return p, nil
}

// decodeFirstFrame decodes the first frame of a GIF, at the position that the frame has in the whole picture.
func decodeFirstFrame(src io.ReadSeeker, screen image.Rectangle, c *canvas) error {
	r, err := newGIFReader(src)
	if err != nil {
		return err
	}
	f, err := r.next()
	if err != nil {
		return ErrUndecodable
	}
	img := r.decodePixels(f, screen)
	if img == nil {
		return ErrUndecodable
	}
	var colors [256][4]byte
	for i, v := range img.Palette {
		c := v.(color.RGBA)
		colors[i] = [4]byte{c.R, c.G, c.B, c.A}
	}
	row := make([]byte, 4*screen.Max.X)
	for y := range screen.Max.Y {
		clear(row)
		if y >= img.Rect.Min.Y && y < img.Rect.Max.Y {
			for i, v := range img.Pix[(y-img.Rect.Min.Y)*img.Stride:][:img.Rect.Dx()] {
				copy(row[4*(img.Rect.Min.X+i):][:4], colors[v][:])
			}
		}
		if err := c.addRow(row); err != nil {
			return err
		}
	}
	return nil
}
