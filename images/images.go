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
	Animated      bool
}

// Rendition is one of the sizes of a picture, of a type of its own. Write encodes it.
type Rendition struct {
	Variant  chat.Variant
	MIMEType string
	Write    func(io.Writer) error
}

// How many pictures are worked on at a time, because each may take a few hundred megabytes, and how long one waits for its turn.
const maxConcurrent = 2

var (
	slots       = make(chan struct{}, maxConcurrent)
	slotTimeout = 10 * time.Second
)

// errCorrupt answers a file that begins as a picture does and is none.
var errCorrupt = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This picture is broken, or of a kind that Charla cannot show."}

// IsSupported tells whether Make takes files of a type.
func IsSupported(mime string) bool { return formats[mime].decode != nil }

// Process reads a picture whose bytes are of a type that Kind knows, and hands the forms that it is kept in to keep, the whole one first.
// Those that the whole one can stand in for are left out: a medium one of what is small and stands still. It answers Invalid for a picture
// that is broken or would take too much memory or time, Unavailable when too many wait, and the error of keep as it is.
func Process(ctx context.Context, src io.ReadSeeker, mime string, keep func(Rendition) error) (Picture, error) {
	k := formats[mime]
	animated, err := k.check(src)
	if err != nil {
		return Picture{}, err
	}
	if err := acquireSlot(ctx); err != nil {
		return Picture{}, err
	}
	defer func() { <-slots }()
	if animated != nil {
		return animated.process(ctx, src, keep)
	}
	whole, err := k.decodeUpright(src)
	if err != nil {
		return Picture{}, err
	}
	if err := keep(newRendition(chat.VariantOriginal, whole, k.preferJPEG)); err != nil {
		return Picture{}, err
	}
	return makeSmallerVariants(whole, k.preferJPEG, false, keep)
}

// readBytes waits for a turn, which the caller gives back.
func acquireSlot(ctx context.Context) error {
	enough := time.NewTimer(slotTimeout)
	defer enough.Stop()
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-enough.C:
		return &chat.Error{Code: chat.Unavailable, Format: "Too many pictures are being worked on right now. Try again in a moment.", RetryAfter: slotTimeout}
	}
}

// The longer sides of what is kept, in pixels, and the side of the square.
const (
	originalSide, mediumSide, thumbSide = 2560, 960, 320
	squareSide                          = 128
)

// makeSmallerVariants makes the smaller forms, each from the one before it. A picture that moves needs a medium one that does not, however small it is.
func makeSmallerVariants(whole image.Image, photo, moves bool, keep func(Rendition) error) (Picture, error) {
	size := whole.Bounds().Size()
	medium := fit(whole, mediumSide)
	thumb := fit(medium, thumbSide)
	var errs []error
	if moves || medium != whole {
		errs = append(errs, keep(newRendition(chat.VariantMedium, medium, photo)))
	}
	errs = append(errs, keep(newRendition(chat.VariantThumb, thumb, photo)), keep(newRendition(chat.VariantSquare, cropSquare(medium), photo)))
	return Picture{Width: size.X, Height: size.Y, Animated: moves}, errors.Join(errs...)
}
