package images

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"charla/chat"
)

// jpegQuality is the quality of every JPEG that Charla encodes, from 1 to 100. A lower quality shows artifacts at
// edges; a higher one costs bytes without a visible gain.
const jpegQuality = 85

// newRendition returns a rendition (one size of a picture) in the most suitable format. An image with transparency
// becomes a PNG. An opaque photo becomes a JPEG. Other opaque images, such as drawings and screenshots, become a PNG
// unless that has more than twice the bytes of a JPEG.
func newRendition(variant chat.Variant, img image.Image, photo bool) Rendition {
	img = toEncodable(img)
	if !isOpaque(img) {
		return Rendition{variant, "image/png", func(w io.Writer) error { return png.Encode(w, img) }}
	}
	asJPEG := Rendition{variant, "image/jpeg", func(w io.Writer) error {
		return jpeg.Encode(w, img, &jpeg.Options{Quality: jpegQuality})
	}}
	if photo {
		return asJPEG
	}
	var jpegBytes bytes.Buffer
	if err := asJPEG.Write(&jpegBytes); err != nil {
		return asJPEG
	}
	pngBytes := &limitedBuffer{remaining: 2 * jpegBytes.Len()}
	if err := png.Encode(pngBytes, img); err != nil {
		return encodedRendition(variant, "image/jpeg", jpegBytes.Bytes())
	}
	return encodedRendition(variant, "image/png", pngBytes.Bytes())
}

// encodedRendition returns a rendition whose bytes are b. It is for images that are already encoded.
func encodedRendition(variant chat.Variant, mime string, b []byte) Rendition {
	return Rendition{variant, mime, func(w io.Writer) error { _, err := w.Write(b); return err }}
}

// toEncodable converts an image to 8 bits per channel. It returns images with indexed colors, gray or YCbCr unchanged,
// because the encoders store them in fewer bytes.
func toEncodable(img image.Image) image.Image {
	switch img.(type) {
	case *image.Paletted, *image.Gray, *image.YCbCr:
		return img
	}
	return toRGBA(img)
}

// isOpaque reports whether an image certainly has no transparency. It returns false if it cannot know.
func isOpaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
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
