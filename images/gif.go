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
	maxFrames    = 1000
	maxAnimation = 192 << 20
)

var errTooLong = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This animation is longer or larger than Charla can show. Make it shorter or smaller and send it again."}

// animation is a GIF of several frames, of which one at a time is in memory.
type animation struct {
	width, height int
	loops         []byte // how often it is shown, as it says itself; empty for once
}

// frames walks over the blocks of a GIF (GIF89a specification, appendix B) and hands out each frame, as a GIF of its own.
type frames struct {
	r       *bufio.Reader
	head    []byte // signature, screen and common colours
	control []byte // what was said about the next frame: how long it is shown, and what shines through
	loops   []byte
}

// The blocks of a GIF, and the lengths of its parts.
const (
	extension, frameBlock, trailer = 0x21, 0x2c, 0x3b
	controlLabel, appLabel         = 0xf9, 0xff
	screenLength, frameLength      = 6 + 7, 9
)

// newFrames reads the head of a GIF.
func newFrames(r io.Reader) (*frames, error) {
	f := &frames{r: bufio.NewReaderSize(r, 64<<10)}
	screen, err := f.take(nil, screenLength)
	if err != nil {
		return nil, err
	}
	f.head, err = f.colours(screen, screen[10])
	return f, err
}

// take appends the next n bytes.
func (f *frames) take(to []byte, n int) ([]byte, error) {
	at := len(to)
	to = append(to, make([]byte, n)...)
	_, err := io.ReadFull(f.r, to[at:])
	return to, err
}

// colours appends a table of colours, if the flags say that there is one.
func (f *frames) colours(to []byte, flags byte) ([]byte, error) {
	if flags&0x80 == 0 {
		return to, nil
	}
	return f.take(to, 3<<(1+flags&7))
}

// pieces appends a chain of pieces, each with its length before it, to its end. Those after the first most bytes are dropped.
func (f *frames) pieces(to []byte, most int) ([]byte, error) {
	for {
		n, err := f.r.ReadByte()
		if err != nil {
			return to, err
		}
		if len(to) > most {
			_, err = f.r.Discard(int(n))
		} else {
			to, err = f.take(append(to, n), int(n))
		}
		if n == 0 || err != nil {
			return to, err
		}
	}
}

// errEnd comes after the last frame.
var errEnd = errors.New("no more frames")

// next returns the next frame and its size. If only that is wanted, the frame holds no pixels.
func (f *frames) next(sizeOnly bool) (frame []byte, size image.Point, err error) {
	for {
		block, err := f.r.ReadByte()
		if err != nil {
			return nil, size, err
		}
		switch block {
		case extension:
			if err := f.extension(); err != nil {
				return nil, size, err
			}
		case frameBlock:
			return f.frame(sizeOnly)
		case trailer:
			return nil, size, errEnd
		default:
			return nil, size, errBroken
		}
	}
}

// extension keeps what is said about the next frame and about repeating; comments and the like go.
func (f *frames) extension() error {
	label, err := f.r.ReadByte()
	if err != nil {
		return err
	}
	body, err := f.pieces(nil, 16)
	switch {
	case err != nil:
		return err
	case label == controlLabel:
		f.control = append([]byte{extension, label}, body...)
	case label == appLabel && bytes.HasPrefix(body, []byte("\x0bNETSCAPE2.0\x03\x01")) && len(body) >= 17:
		f.loops = append([]byte{extension, label}, append(body[:16:16], 0)...)
	}
	return nil
}

func (f *frames) frame(sizeOnly bool) ([]byte, image.Point, error) {
	description, err := f.take([]byte{frameBlock}, frameLength)
	if err != nil {
		return nil, image.Point{}, err
	}
	size := image.Pt(int(binary.LittleEndian.Uint16(description[5:])), int(binary.LittleEndian.Uint16(description[7:])))
	frame := append(bytes.Clone(f.head), f.control...)
	f.control = nil
	frame, err = f.colours(append(frame, description...), description[frameLength])
	if err == nil {
		frame, err = f.take(frame, 1) // how many bits a code begins with
	}
	if err == nil {
		most := math.MaxInt
		if sizeOnly {
			most = 0
		}
		frame, err = f.pieces(frame, most)
	}
	return append(frame, trailer), size, err
}

// surveyGIF counts the frames and their pixels.
func surveyGIF(src io.ReadSeeker, c image.Config) (cost, error) {
	f, err := newFrames(src)
	if err != nil {
		return cost{}, errBroken
	}
	var n, sum int64
	for {
		_, size, err := f.next(true)
		if errors.Is(err, errEnd) && n > 0 {
			break
		}
		if err != nil {
			return cost{}, errBroken
		}
		n, sum = n+1, sum+int64(size.X)*int64(size.Y)
		if n > 1 && (n > maxFrames || sum > maxAnimation) {
			return cost{}, errTooLong
		}
	}
	found := cost{bytes: (1 + 4) * pixels(c)} // colours by number, and once all of them
	if n > 1 {
		found.animation = &animation{c.Width, c.Height, f.loops}
	}
	return found, nil
}

// firstFrame decodes the first frame of a GIF, at its place on the screen.
func firstFrame(r io.Reader) (image.Image, error) {
	f, err := newFrames(r)
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

// make keeps an animation whole and moving, and the smaller forms of its first frame.
func (a *animation) make(ctx context.Context, src io.ReadSeeker, keep func(Form) error) (Picture, error) {
	first, err := fromStart(src, firstFrame)
	if err != nil {
		return Picture{}, errBroken
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return Picture{}, err
	}
	if err := keep(Form{chat.Whole, "image/gif", func(w io.Writer) error { return a.copy(ctx, w, src) }}); err != nil {
		return Picture{}, err
	}
	return still(first, false, true, keep)
}

// copy decodes and encodes frame by frame.
func (a *animation) copy(ctx context.Context, w io.Writer, src io.Reader) error {
	f, err := newFrames(src)
	if err != nil {
		return errBroken
	}
	for n := 0; ; n++ {
		frame, _, err := f.next(false)
		if errors.Is(err, errEnd) {
			_, err := w.Write([]byte{trailer})
			return err
		}
		if err == nil {
			err = ctx.Err()
		} else {
			err = errBroken
		}
		if err == nil {
			frame, err = a.again(frame)
		}
		if err == nil && n == 0 {
			_, err = w.Write(append(frame[:screenLength:screenLength], a.loops...))
		}
		if err == nil {
			_, err = w.Write(frame[screenLength : len(frame)-1])
		}
		if err != nil {
			return err
		}
	}
}

// again encodes a GIF of one frame anew, with a table of colours of its own.
func (a *animation) again(frame []byte) ([]byte, error) {
	g, err := gif.DecodeAll(bytes.NewReader(frame))
	if err != nil {
		return nil, errBroken
	}
	g.Config.ColorModel = nil
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, g); err != nil {
		return nil, errBroken
	}
	return out.Bytes(), nil
}
