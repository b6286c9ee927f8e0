package images

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"charla/chat"
)

// jpegQuality is the quality of every JPEG that Charla encodes, from 1 to 100. A lower quality shows artifacts at
// edges; a higher one costs bytes without a visible gain.
const jpegQuality = 85

// maxCompared is the number of bytes of a JPEG up to which it is compared with a PNG. Both are in memory then. An image
// that needs more looks like a photo.
const maxCompared = 3 << 20

// newRendition returns a rendition (one size of a picture) in the most suitable format. An image with transparency
// becomes a PNG. An opaque photo becomes a JPEG. Other opaque images, such as drawings and screenshots, become a PNG
// unless that has more than twice the bytes of a JPEG.
func newRendition(variant chat.Variant, img *image.RGBA, photo bool) Rendition {
	if !img.Opaque() {
		return Rendition{variant, "image/png", func(w io.Writer) error { return encodePNG(w, img) }}
	}
	asJPEG := Rendition{variant, "image/jpeg", func(w io.Writer) error {
		return jpeg.Encode(w, img, &jpeg.Options{Quality: jpegQuality})
	}}
	if photo {
		return asJPEG
	}
	jpegBytes := &limitedBuffer{remaining: maxCompared}
	if err := asJPEG.Write(jpegBytes); err != nil {
		return asJPEG
	}
	pngBytes := &limitedBuffer{remaining: 2 * jpegBytes.Len()}
	if err := encodePNG(pngBytes, img); err != nil {
		return encodedRendition(variant, "image/jpeg", jpegBytes.Bytes())
	}
	return encodedRendition(variant, "image/png", pngBytes.Bytes())
}

// maxSlowPixels is the number of pixels up to which a PNG is compressed thoroughly. For more, as a screenshot rarely
// has, that would take longer than decoding 64 megapixels.
const maxSlowPixels = 4 << 20

// encodePNG writes an image as a PNG.
func encodePNG(w io.Writer, img *image.RGBA) error {
	var encoder png.Encoder
	if pixelCount(img.Rect.Size()) > maxSlowPixels {
		encoder.CompressionLevel = png.BestSpeed
	}
	return encoder.Encode(w, withFewColors(img))
}

// encodedRendition returns a rendition whose bytes are b. It is for images that are already encoded.
func encodedRendition(variant chat.Variant, mime string, b []byte) Rendition {
	return Rendition{variant, mime, func(w io.Writer) error { _, err := w.Write(b); return err }}
}

// withFewColors returns an image that has at most 256 colors with a palette, because a PNG stores it in fewer bytes. It
// returns any other image unchanged.
func withFewColors(img *image.RGBA) image.Image {
	indexed := image.NewPaletted(img.Rect, nil)
	found, last, index := map[[4]byte]byte{}, [4]byte{}, byte(0)
	for i := 0; i < len(img.Pix); i += 4 {
		pixel := [4]byte(img.Pix[i : i+4])
		if pixel != last || i == 0 {
			n, known := found[pixel]
			if !known {
				if len(found) == 256 {
					return img
				}
				n = byte(len(found))
				found[pixel] = n
				indexed.Palette = append(indexed.Palette, color.RGBA{pixel[0], pixel[1], pixel[2], pixel[3]})
			}
			last, index = pixel, n
		}
		indexed.Pix[i/4] = index
	}
	return indexed
}

// limitedBuffer is a buffer for at most remaining more bytes. A write beyond them returns an error.
type limitedBuffer struct {
	bytes.Buffer
	remaining int
}

var errBufferFull = errors.New("limited buffer is full")

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.remaining -= len(p); b.remaining < 0 {
		return 0, errBufferFull
	}
	return b.Buffer.Write(p)
}
