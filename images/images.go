// Package images turns an uploaded picture into the pictures that others see. It reads the header of a file before it
// decodes it, scales the picture to a few sizes while it is decoded, turns it upright, and encodes its pixels anew, so
// that nothing else from the file remains. Like browsers, it shows damaged pictures as far as possible. It does not
// store the pictures.
package images

import (
	"context"
	"errors"
	"image"
	"io"

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

// ErrUndecodable is the error for a file that is not a picture of its type, or one that browsers do not show either.
var ErrUndecodable = errors.New("the picture cannot be decoded")

// IsSupported reports whether Process accepts files of a MIME type.
func IsSupported(mime string) bool { return formats[mime].read != nil }

// Process reads a picture of a supported MIME type and passes its renditions (sizes) to keep, the original size first.
// It omits the medium size if the original is small and not animated. It returns ErrUndecodable if the file contains no
// picture that can be shown, Invalid if the picture would need too much memory or time, and Unavailable if too many
// other pictures are waiting. It returns errors of keep unchanged.
func Process(ctx context.Context, src io.ReadSeeker, mime string, keep func(Rendition) error) (Picture, error) {
	f := formats[mime]
	p, err := f.read(src)
	if err != nil {
		return Picture{}, err
	}
	side := originalSide
	if p.animation != nil {
		side = mediumSide
	}
	release, err := memory.acquire(ctx, p.memoryFor(side))
	if err != nil {
		return Picture{}, err
	}
	defer release()
	img, err := f.decodeUpright(ctx, src, p, side)
	if err != nil {
		return Picture{}, err
	}
	var original Rendition
	size := img.Rect.Size()
	if a := p.animation; a != nil {
		size = a.screen.Max
		reencode := func(w io.Writer) error { return a.reencode(ctx, w, src) }
		original = Rendition{chat.VariantOriginal, "image/gif", reencode}
	} else {
		original = newRendition(chat.VariantOriginal, img, f.preferJPEG)
	}
	if err := keep(original); err != nil {
		return Picture{}, err
	}
	result := Picture{Width: size.X, Height: size.Y, Animated: p.animation != nil}
	return result, makeSmallerVariants(img, f.preferJPEG, result.Animated, keep)
}

// The dimensions of the variants in pixels: the maximum length of the longer side, and for the square variant the
// length of all sides.
const (
	originalSide, mediumSide, thumbSide = 2560, 960, 320
	squareSide                          = 128
)

// makeSmallerVariants makes the renditions that are smaller than the original, each from the next larger one, and
// passes them to keep. It makes a medium rendition of every animated picture, which shows the first frame.
func makeSmallerVariants(original *image.RGBA, photo, animated bool, keep func(Rendition) error) error {
	medium := fit(original, mediumSide)
	var errs []error
	if animated || medium != original {
		errs = append(errs, keep(newRendition(chat.VariantMedium, medium, photo)))
	}
	errs = append(errs,
		keep(newRendition(chat.VariantThumb, fit(medium, thumbSide), photo)),
		keep(newRendition(chat.VariantSquare, cropSquare(medium), photo)))
	return errors.Join(errs...)
}
