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

// jpegQuality is that of every JPEG: less shows at edges, more costs bytes that nobody sees.
const jpegQuality = 85

// newRendition says how a picture is kept: with what shines through, as a PNG; a photo as a JPEG; and drawings and pictures of
// screens as a PNG, unless that takes more than twice the bytes.
func newRendition(size chat.Variant, img image.Image, photo bool) Rendition {
	img = toEncodable(img)
	if !isOpaque(img) {
		return Rendition{size, "image/png", func(w io.Writer) error { return png.Encode(w, img) }}
	}
	asJPEG := Rendition{size, "image/jpeg", func(w io.Writer) error { return jpeg.Encode(w, img, &jpeg.Options{Quality: jpegQuality}) }}
	if photo {
		return asJPEG
	}
	var small bytes.Buffer
	if err := asJPEG.Write(&small); err != nil {
		return asJPEG
	}
	exact := &limitedBuffer{remaining: 2 * small.Len()}
	if err := png.Encode(exact, img); err != nil {
		return encodedRendition(size, "image/jpeg", small.Bytes())
	}
	return encodedRendition(size, "image/png", exact.Bytes())
}

func encodedRendition(size chat.Variant, mime string, b []byte) Rendition {
	return Rendition{size, mime, func(w io.Writer) error { _, err := w.Write(b); return err }}
}

// toEncodable leaves what the encoders keep as small as it was, colours by number and greys, and takes the rest to 8 bits.
func toEncodable(img image.Image) image.Image {
	switch img.(type) {
	case *image.Paletted, *image.Gray, *image.YCbCr:
		return img
	}
	return toRGBA(img)
}

func isOpaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// limitedBuffer is a buffer that takes no more than it has left.
type limitedBuffer struct {
	bytes.Buffer
	remaining int
}

var errBufferFull = errors.New("more bytes than it may have")

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.remaining -= len(p); b.remaining < 0 {
		return 0, errBufferFull
	}
	return b.Buffer.Write(p)
}
