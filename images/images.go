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

// Picture describes a processed picture: its size in pixels as it is shown, and whether it is animated.
type Picture struct {
	Width, Height int
	Animated      bool
}

// Rendition is one of the sizes of a picture. Write encodes it in the format MIMEType.
type Rendition struct {
	Variant  chat.Variant
	MIMEType string
	Write    func(io.Writer) error
}

// maxConcurrent is how many pictures are processed at a time. Each may need a few hundred megabytes.
const maxConcurrent = 2

var (
	slots = make(chan struct{}, maxConcurrent)
	// slotTimeout is how long a picture waits while maxConcurrent others are processed. Tests shorten it.
	slotTimeout = 10 * time.Second
)

// errCorrupt is the error of a file that is not a valid picture of its type.
var errCorrupt = &chat.Error{
	Code: chat.Invalid, Field: "file", Format: "This picture is damaged or has an unsupported format.",
}

// IsSupported reports whether Process accepts files of a MIME type.
func IsSupported(mime string) bool { return formats[mime].decode != nil }

// Process reads a picture of a supported MIME type and passes its renditions to keep, the original size first. It omits
// the medium size if the original is small and not animated. It returns Invalid for a picture that is corrupt or would
// need too much memory or time, Unavailable if too many pictures are waiting, and errors of keep unchanged.
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

// acquireSlot waits until fewer than maxConcurrent pictures are processed, and counts one more by sending to slots. The
// caller must receive from slots when it is done. It returns Unavailable after slotTimeout.
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

// The maximum lengths in pixels of the longer side of each variant, and the side of the square variant.
const (
	originalSide, mediumSide, thumbSide = 2560, 960, 320
	squareSide                          = 128
)

// makeSmallerVariants makes the smaller renditions, each from the one before it. An animated picture always gets a
// medium rendition, which is its first frame.
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
