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

// jpegQuality is the quality of every JPEG. A lower one shows artifacts at edges; a higher one costs bytes without a
// visible gain.
const jpegQuality = 85

// newRendition returns the rendition of an image in the most suitable format. That is PNG for an image with
// transparency, and JPEG for an opaque photo. Other opaque images, such as drawings and screenshots, become PNG
// unless that takes more than twice the bytes of a JPEG.
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

// encodedRendition returns a rendition that is already encoded.
func encodedRendition(variant chat.Variant, mime string, b []byte) Rendition {
	return Rendition{variant, mime, func(w io.Writer) error { _, err := w.Write(b); return err }}
}

// toEncodable converts an image to 8 bits per channel. It leaves the types that the encoders store in fewer bytes
// unchanged: indexed colors, gray and YCbCr.
func toEncodable(img image.Image) image.Image {
	switch img.(type) {
	case *image.Paletted, *image.Gray, *image.YCbCr:
		return img
	}
	return toRGBA(img)
}

// isOpaque reports whether an image is known to have no transparency.
func isOpaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// limitedBuffer is a buffer that returns an error when more than remaining bytes are written to it.
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
