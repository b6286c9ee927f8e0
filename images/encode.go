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

// quality is that of every JPEG: less shows at edges, more costs bytes that nobody sees.
const quality = 85

// form says how a picture is kept: with what shines through, as a PNG; a photo as a JPEG; and drawings and pictures of
// screens as a PNG, unless that takes more than twice the bytes.
func form(size chat.Size, img image.Image, photo bool) Form {
	img = plain(img)
	if !opaque(img) {
		return Form{size, "image/png", func(w io.Writer) error { return png.Encode(w, img) }}
	}
	asJPEG := Form{size, "image/jpeg", func(w io.Writer) error { return jpeg.Encode(w, img, &jpeg.Options{Quality: quality}) }}
	if photo {
		return asJPEG
	}
	var small bytes.Buffer
	if err := asJPEG.Write(&small); err != nil {
		return asJPEG
	}
	exact := &bounded{left: 2 * small.Len()}
	if err := png.Encode(exact, img); err != nil {
		return encoded(size, "image/jpeg", small.Bytes())
	}
	return encoded(size, "image/png", exact.Bytes())
}

func encoded(size chat.Size, mime string, b []byte) Form {
	return Form{size, mime, func(w io.Writer) error { _, err := w.Write(b); return err }}
}

// plain leaves what the encoders keep as small as it was, colours by number and greys, and takes the rest to 8 bits.
func plain(img image.Image) image.Image {
	switch img.(type) {
	case *image.Paletted, *image.Gray, *image.YCbCr:
		return img
	}
	return rgba(img)
}

func opaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// bounded is a buffer that takes no more than it has left.
type bounded struct {
	bytes.Buffer
	left int
}

var errFull = errors.New("more bytes than it may have")

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errFull
	}
	return b.Buffer.Write(p)
}
