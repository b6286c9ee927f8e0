package images

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/draw"
	"image/gif"
	"io"
	"math"

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
	Format: "This animation is longer or larger than Charla can show. Make it shorter or smaller and send it again.",
}

// animation is a GIF with several frames. It holds no pixels; the frames are decoded one at a time.
type animation struct {
	width, height int
	loopExtension []byte // the extension with the number of loops; empty for one
}

// gifReader splits a GIF into its frames and returns each frame as a GIF of its own. Blocks and extensions are terms of
// the GIF89a specification, appendix B.
type gifReader struct {
	r              *bufio.Reader
	header         []byte // signature, screen size and global color table
	graphicControl []byte // the extension about the next frame: its duration and its transparent color
	loopExtension  []byte
	scratch        []byte // reused by readExtension, because a small file may contain many extensions
	extensions     int    // how many extensions were read
}

// The first bytes of blocks and extensions, and the lengths of parts of a GIF.
const (
	extensionBlock, imageBlock, trailer   = 0x21, 0x2c, 0x3b
	graphicControlLabel, applicationLabel = 0xf9, 0xff
	headerLength, imageDescriptorLength   = 6 + 7, 9
)

// newGIFReader returns a gifReader for r. It has already read the header of the GIF.
func newGIFReader(r io.Reader) (*gifReader, error) {
	g := &gifReader{r: bufio.NewReaderSize(r, 64<<10)}
	screen, err := g.readBytes(nil, headerLength)
	if err != nil {
		return nil, err
	}
	g.header, err = g.readColorTable(screen, screen[10])
	return g, err
}

// readBytes appends the next n bytes of the file to b.
func (g *gifReader) readBytes(b []byte, n int) ([]byte, error) {
	start := len(b)
	b = append(b, make([]byte, n)...)
	_, err := io.ReadFull(g.r, b[start:])
	return b, err
}

// readColorTable appends the color table that comes next in the file to b. It returns b unchanged if the flags say that
// there is no color table.
func (g *gifReader) readColorTable(b []byte, flags byte) ([]byte, error) {
	if flags&0x80 == 0 {
		return b, nil
	}
	return g.readBytes(b, 3<<(1+flags&7))
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
			b, err = g.readBytes(append(b, n), int(n))
		}
		if n == 0 || err != nil {
			return b, err
		}
	}
}

// errNoMoreFrames is the error that next returns after the last frame.
var errNoMoreFrames = errors.New("no more frames")

// next returns the next frame, as a GIF of its own, and its size in pixels. With sizeOnly, it returns a frame without
// pixel data. After the last frame it returns errNoMoreFrames.
func (g *gifReader) next(sizeOnly bool) (frame []byte, size image.Point, err error) {
	for {
		block, err := g.r.ReadByte()
		if err != nil {
			return nil, size, err
		}
		switch block {
		case extensionBlock:
			if err := g.readExtension(); err != nil {
				return nil, size, err
			}
		case imageBlock:
			return g.readFrame(sizeOnly)
		case trailer:
			return nil, size, errNoMoreFrames
		default:
			return nil, size, errCorrupt
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
		return err
	}
	body, err := g.readSubBlocks(g.scratch[:0], 16)
	g.scratch = body
	switch {
	case err != nil:
		return err
	case label == graphicControlLabel:
		g.graphicControl = append([]byte{extensionBlock, label}, body...)
	case label == applicationLabel && bytes.HasPrefix(body, []byte("\x0bNETSCAPE2.0\x03\x01")) && len(body) >= 17:
		g.loopExtension = append([]byte{extensionBlock, label}, append(body[:16:16], 0)...)
	}
	return nil
}

// readFrame reads the frame whose descriptor comes next in the file, and returns it as a GIF of its own with its size
// in pixels.
func (g *gifReader) readFrame(sizeOnly bool) ([]byte, image.Point, error) {
	descriptor, err := g.readBytes([]byte{imageBlock}, imageDescriptorLength)
	if err != nil {
		return nil, image.Point{}, err
	}
	width, height := binary.LittleEndian.Uint16(descriptor[5:]), binary.LittleEndian.Uint16(descriptor[7:])
	size := image.Pt(int(width), int(height))
	frame := append(bytes.Clone(g.header), g.graphicControl...)
	g.graphicControl = nil
	frame, err = g.readColorTable(append(frame, descriptor...), descriptor[imageDescriptorLength])
	if err != nil {
		return nil, size, err
	}
	frame, err = g.readBytes(frame, 1) // the initial size of a code in bits
	if err != nil {
		return nil, size, err
	}
	limit := math.MaxInt
	if sizeOnly {
		limit = 0
	}
	frame, err = g.readSubBlocks(frame, limit)
	return append(frame, trailer), size, err
}

// measureGIF estimates the memory for decoding a GIF and finds out whether it is an animation. It counts the frames and
// their pixels without decoding them, and returns errAnimationTooLong if there are too many.
func measureGIF(src io.ReadSeeker, c image.Config) (decodeCost, error) {
	r, err := newGIFReader(src)
	if err != nil {
		return decodeCost{}, errCorrupt
	}
	var n, sum int64
	for {
		_, size, err := r.next(true)
		if errors.Is(err, errNoMoreFrames) && n > 0 {
			break
		}
		if errors.Is(err, errAnimationTooLong) {
			return decodeCost{}, err
		}
		if err != nil {
			return decodeCost{}, errCorrupt
		}
		n, sum = n+1, sum+int64(size.X)*int64(size.Y)
		if n > 1 && (n > maxFrames || sum > maxAnimationPixels) {
			return decodeCost{}, errAnimationTooLong
		}
	}
	found := decodeCost{bytes: (1 + 4) * pixelCount(c)} // the indexed pixels, and the screen in RGBA
	if n > 1 {
		found.animation = &animation{c.Width, c.Height, r.loopExtension}
	}
	return found, nil
}

// firstFrame decodes the first frame of a GIF and draws it at the position that the frame has in the whole picture.
func firstFrame(src io.Reader) (image.Image, error) {
	r, err := newGIFReader(src)
	if err != nil {
		return nil, err
	}
	frame, _, err := r.next(false)
	if err != nil {
		return nil, err
	}
	g, err := gif.DecodeAll(bytes.NewReader(frame))
	if err != nil {
		return nil, err
	}
	screen := image.Rect(0, 0, g.Config.Width, g.Config.Height)
	if g.Image[0].Rect == screen {
		return g.Image[0], nil
	}
	img := image.NewRGBA(screen)
	draw.Draw(img, g.Image[0].Rect, g.Image[0], g.Image[0].Rect.Min, draw.Src)
	return img, nil
}

// process makes the renditions of an animation and passes them to keep: first the whole animation as the original, then
// smaller variants of its first frame.
func (a *animation) process(ctx context.Context, src io.ReadSeeker, keep func(Rendition) error) (Picture, error) {
	first, err := readFromStart(src, firstFrame)
	if err != nil {
		return Picture{}, errCorrupt
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return Picture{}, err
	}
	reencode := func(w io.Writer) error { return a.reencode(ctx, w, src) }
	if err := keep(Rendition{chat.VariantOriginal, "image/gif", reencode}); err != nil {
		return Picture{}, err
	}
	return makeSmallerVariants(first, false, true, keep)
}

// reencode writes the animation to w with every frame decoded and encoded again, so that nothing else from the file
// remains. It stops with an error when ctx ends.
func (a *animation) reencode(ctx context.Context, w io.Writer, src io.Reader) error {
	r, err := newGIFReader(src)
	if err != nil {
		return errCorrupt
	}
	for n := 0; ; n++ {
		frame, _, err := r.next(false)
		if errors.Is(err, errNoMoreFrames) {
			_, err := w.Write([]byte{trailer})
			return err
		}
		if err != nil {
			return errCorrupt
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if frame, err = a.reencodeFrame(frame); err != nil {
			return err
		}
		if n == 0 {
			if _, err := w.Write(append(frame[:headerLength:headerLength], a.loopExtension...)); err != nil {
				return err
			}
		}
		if _, err := w.Write(frame[headerLength : len(frame)-1]); err != nil {
			return err
		}
	}
}

// reencodeFrame decodes a GIF with one frame and encodes it again. The result has its own color table.
func (a *animation) reencodeFrame(frame []byte) ([]byte, error) {
	g, err := gif.DecodeAll(bytes.NewReader(frame))
	if err != nil {
		return nil, errCorrupt
	}
	g.Config.ColorModel = nil
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, g); err != nil {
		return nil, errCorrupt
	}
	return out.Bytes(), nil
}
