package images

import (
	"context"
	"errors"
	"image"
	"image/gif"
	"io"
)

// reencode writes the animation to w with every frame decoded and encoded again, so that nothing else from the file
// remains. It leaves out frames without visible pixels, of which the last may be one if the file is truncated. It stops
// with an error when ctx ends.
func (a *animation) reencode(ctx context.Context, w io.Writer, src io.ReadSeeker) error {
	r, err := newGIFReader(src)
	if err != nil {
		return err
	}
	out := &frameWriter{w: w, loopExtension: a.loopExtension}
	for {
		f, err := r.next()
		if errors.Is(err, errNoMoreFrames) {
			_, err := w.Write([]byte{trailer})
			return err
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if img := r.decodePixels(f, a.screen); img != nil {
			if err := out.writeFrame(f, img, a.screen.Max); err != nil {
				return err
			}
		}
	}
}

// frameWriter writes frames of an animation, each of which was encoded as a GIF of its own. It drops the header of all
// GIFs but the first, and the trailer of every GIF.
type frameWriter struct {
	w             io.Writer
	loopExtension []byte
	started       bool // a header was written
	skip          int  // how many more bytes belong to the header of the current GIF
	last          []byte
}

// writeFrame encodes a frame with its own color table.
func (f *frameWriter) writeFrame(frame *gifFrame, img *image.Paletted, screen image.Point) error {
	f.skip, f.last = headerLength, nil
	one := &gif.GIF{
		Image: []*image.Paletted{img}, Delay: []int{frame.delay}, Disposal: []byte{frame.disposal},
		Config: image.Config{Width: screen.X, Height: screen.Y}, LoopCount: -1,
	}
	return gif.EncodeAll(f, one)
}

func (f *frameWriter) Write(p []byte) (int, error) {
	n := len(p)
	if f.skip > 0 {
		head := p[:min(f.skip, len(p))]
		f.skip -= len(head)
		p = p[len(head):]
		if !f.started {
			if f.skip == 0 {
				head = append(head[:len(head):len(head)], f.loopExtension...)
				f.started = true
			}
			if _, err := f.w.Write(head); err != nil {
				return 0, err
			}
		}
	}
	if len(p) == 0 {
		return n, nil
	}
	if _, err := f.w.Write(f.last); err != nil { // everything but the trailer, which is the last byte
		return 0, err
	}
	f.last = []byte{p[len(p)-1]}
	if _, err := f.w.Write(p[:len(p)-1]); err != nil {
		return 0, err
	}
	return n, nil
}
