// Package images makes of a picture that somebody sends the pictures that others see: checked before it is decoded, upright, in a
// few sizes, and made anew from its pixels, so that nothing else that was in the file is left. It knows nothing of where they are kept.
package images

import (
	"context"
	"errors"
	"image"
	"io"
	"time"

	"charla/chat"
)

// Picture is what became of a file: its pixels as they are shown, and whether it moves.
type Picture struct {
	Width, Height int
	Moves         bool
}

// Form is one of the sizes of a picture, of a type of its own. Write encodes it.
type Form struct {
	Size  chat.Size
	Type  string
	Write func(io.Writer) error
}

// How many pictures are worked on at a time, because each may take a few hundred megabytes, and how long one waits for its turn.
const atOnce = 2

var (
	turns    = make(chan struct{}, atOnce)
	patience = 10 * time.Second
)

// errBroken answers a file that begins as a picture does and is none.
var errBroken = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This picture is broken, or of a kind that Charla cannot show."}

// Kind tells whether Make takes files of a type.
func Kind(mime string) bool { return kinds[mime].decode != nil }

// Make reads a picture whose bytes are of a type that Kind knows, and hands the forms that it is kept in to keep, the whole one first.
// Those that the whole one can stand in for are left out: a medium one of what is small and stands still. It answers Invalid for a picture
// that is broken or would take too much memory or time, Unavailable when too many wait, and the error of keep as it is.
func Make(ctx context.Context, src io.ReadSeeker, mime string, keep func(Form) error) (Picture, error) {
	k := kinds[mime]
	animated, err := k.check(src)
	if err != nil {
		return Picture{}, err
	}
	if err := take(ctx); err != nil {
		return Picture{}, err
	}
	defer func() { <-turns }()
	if animated != nil {
		return animated.make(ctx, src, keep)
	}
	whole, err := k.upright(src)
	if err != nil {
		return Picture{}, err
	}
	if err := keep(form(chat.Whole, whole, k.photo)); err != nil {
		return Picture{}, err
	}
	return still(whole, k.photo, false, keep)
}

// take waits for a turn, which the caller gives back.
func take(ctx context.Context) error {
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-enough.C:
		return &chat.Error{Code: chat.Unavailable, Format: "Too many pictures are being worked on right now. Try again in a moment.", RetryAfter: patience}
	}
}

// The longer sides of what is kept, in pixels, and the side of the square.
const (
	wholeSide, mediumSide, thumbSide = 2560, 960, 320
	squareSide                       = 128
)

// still makes the smaller forms, each from the one before it. A picture that moves needs a medium one that does not, however small it is.
func still(whole image.Image, photo, moves bool, keep func(Form) error) (Picture, error) {
	size := whole.Bounds().Size()
	medium := fit(whole, mediumSide)
	thumb := fit(medium, thumbSide)
	var errs []error
	if moves || medium != whole {
		errs = append(errs, keep(form(chat.Medium, medium, photo)))
	}
	errs = append(errs, keep(form(chat.Thumb, thumb, photo)), keep(form(chat.Square, square(medium), photo)))
	return Picture{Width: size.X, Height: size.Y, Moves: moves}, errors.Join(errs...)
}
