// Package images turns an uploaded picture into the pictures that others see. It checks a file before it decodes it,
// turns the picture upright, scales it to a few sizes, and encodes its pixels anew, so that nothing else from the file
// remains. It does not store the pictures.
package images

import (
	"context"
	"errors"
	"image"
	"io"
	"time"

	"charla/chat"
)

// Picture describes a processed picture: its size in pixels as people see it, and whether it is animated.
type Picture struct {
	Width, Height int
	Animated      bool
}

// Rendition is a picture in one of the sizes that Charla stores. Write encodes the picture in the format MIMEType.
type Rendition struct {
	Variant  chat.Variant
	MIMEType string
	Write    func(io.Writer) error
}

// maxConcurrent is how many pictures are processed at the same time. Each may need a few hundred megabytes of memory.
const maxConcurrent = 2

var (
	slots = make(chan struct{}, maxConcurrent)
	// slotTimeout is how long a picture waits if maxConcurrent other pictures are being processed. Tests shorten it.
	slotTimeout = 10 * time.Second
)

// errCorrupt is the error for a file that is not a valid picture of its type.
var errCorrupt = &chat.Error{
	Code: chat.Invalid, Field: "file", Format: "This picture is damaged or has an unsupported format.",
}

// IsSupported reports whether Process accepts files of a MIME type.
func IsSupported(mime string) bool { return formats[mime].decode != nil }

// Process reads a picture of a supported MIME type and passes its renditions (sizes) to keep, the original size first.
// It omits the medium size if the original is small and not animated. It returns Invalid if the picture is corrupt or
// would need too much memory or time, and Unavailable if too many other pictures are waiting. It returns errors of keep
// unchanged.
func Process(ctx context.Context, src io.ReadSeeker, mime string, keep func(Rendition) error) (Picture, error) {
	f := formats[mime]
	animated, err := f.check(src)
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
	original, err := f.decodeUpright(src)
	if err != nil {
		return Picture{}, err
	}
	if err := keep(newRendition(chat.VariantOriginal, original, f.preferJPEG)); err != nil {
		return Picture{}, err
	}
	return makeSmallerVariants(original, f.preferJPEG, false, keep)
}

// acquireSlot waits until fewer than maxConcurrent pictures are being processed, and then takes a slot by sending to
// the channel slots. The caller must receive from slots when it is done. acquireSlot returns Unavailable if it has
// waited for slotTimeout.
func acquireSlot(ctx context.Context) error {
	timeout := time.NewTimer(slotTimeout)
	defer timeout.Stop()
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout.C:
		return &chat.Error{
			Code: chat.Unavailable, RetryAfter: slotTimeout,
			Format: "Too many pictures are being processed right now. Try again in a moment.",
		}
	}
}

// The dimensions of the variants in pixels: the maximum length of the longer side, and for the square variant the
// length of all sides.
const (
	originalSide, mediumSide, thumbSide = 2560, 960, 320
	squareSide                          = 128
)

// makeSmallerVariants makes the renditions that are smaller than the original, each from the next larger one, and
// passes them to keep. It makes a medium rendition of every animated picture, which shows the first frame.
func makeSmallerVariants(original image.Image, photo, animated bool, keep func(Rendition) error) (Picture, error) {
	size := original.Bounds().Size()
	medium := fit(original, mediumSide)
	thumb := fit(medium, thumbSide)
	var errs []error
	if animated || medium != original {
		errs = append(errs, keep(newRendition(chat.VariantMedium, medium, photo)))
	}
	errs = append(errs,
		keep(newRendition(chat.VariantThumb, thumb, photo)),
		keep(newRendition(chat.VariantSquare, cropSquare(medium), photo)))
	return Picture{Width: size.X, Height: size.Y, Animated: animated}, errors.Join(errs...)
}
