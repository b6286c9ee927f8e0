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

// An animation of more than so many frames, or so many pixels in all of them, would take too long.
const (
	maxFrames          = 1000
	maxAnimationPixels = 192 << 20
)

var errAnimationTooLong = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This animation is longer or larger than Charla can show. Make it shorter or smaller and send it again."}

// animation is a GIF of several frames, of which one at a time is in memory.
type animation struct {
	width, height int
	loopExtension []byte // how often it is shown, as it says itself; empty for once
}

// gifReader walks over the blocks of a GIF (GIF89a specification, appendix B) and hands out each frame, as a GIF of its own.
type gifReader struct {
	r              *bufio.Reader
	header         []byte // signature, screen and common colours
	graphicControl []byte // what was said about the next frame: how long it is shown, and what shines through
	loopExtension  []byte
}

// The blocks of a GIF, and the lengths of its parts.
const (
	extensionBlock, imageBlock, trailer   = 0x21, 0x2c, 0x3b
	graphicControlLabel, applicationLabel = 0xf9, 0xff
	headerLength, imageDescriptorLength   = 6 + 7, 9
)

// newGIFReader reads the head of a GIF.
func newGIFReader(r io.Reader) (*gifReader, error) {
	f := &gifReader{r: bufio.NewReaderSize(r, 64<<10)}
	screen, err := f.readBytes(nil, headerLength)
	if err != nil {
		return nil, err
	}
	f.header, err = f.readColorTable(screen, screen[10])
	return f, err
}

// readBytes appends the next n bytes.
func (f *gifReader) readBytes(to []byte, n int) ([]byte, error) {
	at := len(to)
	to = append(to, make([]byte, n)...)
	_, err := io.ReadFull(f.r, to[at:])
	return to, err
}

// readColorTable appends a table of colours, if the flags say that there is one.
func (f *gifReader) readColorTable(to []byte, flags byte) ([]byte, error) {
	if flags&0x80 == 0 {
		return to, nil
	}
	return f.readBytes(to, 3<<(1+flags&7))
}

// readSubBlocks appends a chain of pieces, each with its length before it, to its end. Those after the first most bytes are dropped.
func (f *gifReader) readSubBlocks(to []byte, most int) ([]byte, error) {
	for {
		n, err := f.r.ReadByte()
		if err != nil {
			return to, err
		}
		if len(to) > most {
			_, err = f.r.Discard(int(n))
		} else {
			to, err = f.readBytes(append(to, n), int(n))
		}
		if n == 0 || err != nil {
			return to, err
		}
	}
}

// errNoMoreFrames comes after the last frame.
var errNoMoreFrames = errors.New("no more frames")

// next returns the next frame and its size. If only that is wanted, the frame holds no pixels.
func (f *gifReader) next(sizeOnly bool) (frame []byte, size image.Point, err error) {
	for {
		block, err := f.r.ReadByte()
		if err != nil {
			return nil, size, err
		}
		switch block {
		case extensionBlock:
			if err := f.readExtension(); err != nil {
				return nil, size, err
			}
		case imageBlock:
			return f.readFrame(sizeOnly)
		case trailer:
			return nil, size, errNoMoreFrames
		default:
			return nil, size, errCorrupt
		}
	}
}

// readExtension keeps what is said about the next frame and about repeating; comments and the like go.
func (f *gifReader) readExtension() error {
	label, err := f.r.ReadByte()
	if err != nil {
		return err
	}
	body, err := f.readSubBlocks(nil, 16)
	switch {
	case err != nil:
		return err
	case label == graphicControlLabel:
		f.graphicControl = append([]byte{extensionBlock, label}, body...)
	case label == applicationLabel && bytes.HasPrefix(body, []byte("\x0bNETSCAPE2.0\x03\x01")) && len(body) >= 17:
		f.loopExtension = append([]byte{extensionBlock, label}, append(body[:16:16], 0)...)
	}
	return nil
}

func (f *gifReader) readFrame(sizeOnly bool) ([]byte, image.Point, error) {
	description, err := f.readBytes([]byte{imageBlock}, imageDescriptorLength)
	if err != nil {
		return nil, image.Point{}, err
	}
	size := image.Pt(int(binary.LittleEndian.Uint16(description[5:])), int(binary.LittleEndian.Uint16(description[7:])))
	frame := append(bytes.Clone(f.header), f.graphicControl...)
	f.graphicControl = nil
	frame, err = f.readColorTable(append(frame, description...), description[imageDescriptorLength])
	if err == nil {
		frame, err = f.readBytes(frame, 1) // how many bits a code begins with
	}
	if err == nil {
		most := math.MaxInt
		if sizeOnly {
			most = 0
		}
		frame, err = f.readSubBlocks(frame, most)
	}
	return append(frame, trailer), size, err
}

// measureGIF counts the frames and their pixels.
func measureGIF(src io.ReadSeeker, c image.Config) (decodeCost, error) {
	f, err := newGIFReader(src)
	if err != nil {
		return decodeCost{}, errCorrupt
	}
	var n, sum int64
	for {
		_, size, err := f.next(true)
		if errors.Is(err, errNoMoreFrames) && n > 0 {
			break
		}
		if err != nil {
			return decodeCost{}, errCorrupt
		}
		n, sum = n+1, sum+int64(size.X)*int64(size.Y)
		if n > 1 && (n > maxFrames || sum > maxAnimationPixels) {
			return decodeCost{}, errAnimationTooLong
		}
	}
	found := decodeCost{bytes: (1 + 4) * pixelCount(c)} // colours by number, and once all of them
	if n > 1 {
		found.animation = &animation{c.Width, c.Height, f.loopExtension}
	}
	return found, nil
}

// firstFrame decodes the first frame of a GIF, at its place on the screen.
func firstFrame(r io.Reader) (image.Image, error) {
	f, err := newGIFReader(r)
	if err != nil {
		return nil, err
	}
	frame, _, err := f.next(false)
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

// process keeps an animation whole and moving, and the smaller forms of its first frame.
func (a *animation) process(ctx context.Context, src io.ReadSeeker, keep func(Rendition) error) (Picture, error) {
	first, err := readFromStart(src, firstFrame)
	if err != nil {
		return Picture{}, errCorrupt
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return Picture{}, err
	}
	if err := keep(Rendition{chat.VariantOriginal, "image/gif", func(w io.Writer) error { return a.reencode(ctx, w, src) }}); err != nil {
		return Picture{}, err
	}
	return makeSmallerVariants(first, false, true, keep)
}

// reencode decodes and encodes frame by frame.
func (a *animation) reencode(ctx context.Context, w io.Writer, src io.Reader) error {
	f, err := newGIFReader(src)
	if err != nil {
		return errCorrupt
	}
	for n := 0; ; n++ {
		frame, _, err := f.next(false)
		if errors.Is(err, errNoMoreFrames) {
			_, err := w.Write([]byte{trailer})
			return err
		}
		if err == nil {
			err = ctx.Err()
		} else {
			err = errCorrupt
		}
		if err == nil {
			frame, err = a.reencodeFrame(frame)
		}
		if err == nil && n == 0 {
			_, err = w.Write(append(frame[:headerLength:headerLength], a.loopExtension...))
		}
		if err == nil {
			_, err = w.Write(frame[headerLength : len(frame)-1])
		}
		if err != nil {
			return err
		}
	}
}

// reencodeFrame encodes a GIF of one frame anew, with a table of colours of its own.
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
