package images

import (
	"bufio"
	"context"
	"image"
	"io"

	"github.com/bep/imagemeta"

	"charla/chat"
)

const (
	// maxPixels is the maximum number of pixels. Phones take pictures of up to 50 megapixels.
	maxPixels = 64 << 20
	// maxSide is the maximum width and height in pixels. Only a PNG can be wider or higher, and scaling such a picture
	// needs much memory.
	maxSide = 1<<16 - 1
	// maxDecodedBytes is how many bytes a PNG may have before it was compressed. Decoding more would take too long.
	maxDecodedBytes = 256 << 20
)

var (
	errTooLarge = &chat.Error{
		Code: chat.Invalid, Field: "file",
		Format: "This picture has too many pixels. Make it smaller and send it again.",
	}
	errNeedsMemory = &chat.Error{
		Code: chat.Invalid, Field: "file",
		Format: "This picture takes too much memory to process. Make it smaller, or send it as a JPEG.",
	}
)

// format is a file format of pictures.
type format struct {
	// read reads the header of a file. It decodes no pixels, because a file of 100 KB may contain billions of pixels.
	read        func(io.ReadSeeker) (picture, error)
	metaFormat  imagemeta.ImageFormat      // for the orientation; ImageFormatAuto if the format has none
	preferJPEG  bool                       // whether opaque pictures are likely to be photos
	readProfile func(*bufio.Reader) []byte // nil if the format has no color profiles
}

// picture is what the header of a file says about its picture.
type picture struct {
	size      image.Point           // of the rows that decode adds to the canvas
	memory    int64                 // how many bytes decode needs besides the canvas
	decode    func(c *canvas) error // decodes the picture, or the first frame
	animation *animation            // nil for a still picture
}

// formats contains the supported formats by MIME type.
var formats = map[string]format{
	"image/jpeg": {readJPEG, imagemeta.JPEG, true, readJPEGProfile},
	"image/png":  {readPNG, imagemeta.PNG, false, readPNGProfile},
	"image/gif":  {readGIF, imagemeta.ImageFormatAuto, false, nil},
	"image/webp": {readWebP, imagemeta.WebP, true, readWebPProfile},
}

// checkSize returns an error if a picture has too many pixels.
func checkSize(size image.Point) error {
	if pixelCount(size) > maxPixels || max(size.X, size.Y) > maxSide {
		return errTooLarge
	}
	return nil
}

// maxRenditionBytes is the memory for the smaller renditions, and for scaling and encoding all of them. Smaller
// pictures need less.
const maxRenditionBytes = 24 << 20

// memoryFor returns how many bytes processing a picture needs, of which the original rendition has at most side pixels
// on its longer side. Decoding and encoding do not happen at the same time.
func (p picture) memoryFor(side int) int64 {
	pixels := pixelCount(fitSize(p.size, side))
	return 4*pixels + max(p.memory, min(maxRenditionBytes, 16*pixels+1<<20))
}

// decodeUpright decodes a picture and scales it down so that its longer side has at most side pixels. It converts its
// colors to sRGB and turns it upright.
func (f format) decodeUpright(ctx context.Context, src io.ReadSeeker, p picture, side int) (*image.RGBA, error) {
	c := newCanvas(ctx, p.size, side, f.orientation(src), newProfile(f.profile(src)))
	if err := p.decode(c); err != nil {
		return nil, err
	}
	return c.picture, nil
}

// profile returns the ICC color profile of a file, or nil if the file has none.
func (f format) profile(src io.ReadSeeker) []byte {
	if _, err := src.Seek(0, io.SeekStart); err != nil || f.readProfile == nil {
		return nil
	}
	return f.readProfile(bufio.NewReaderSize(src, 64<<10))
}

// orientation returns the EXIF orientation of a file: a number from 1 to 8 that says how the camera was held. It
// returns 1, which means upright, if the file has no valid orientation.
func (f format) orientation(src io.ReadSeeker) int {
	found := 1
	if _, err := src.Seek(0, io.SeekStart); err != nil || f.metaFormat == imagemeta.ImageFormatAuto {
		return found
	}
	imagemeta.Decode(imagemeta.Options{ // the error does not matter, because the decoder reports a corrupt file
		R: src, ImageFormat: f.metaFormat, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return tag.Tag == "Orientation" && tag.Namespace == "IFD0"
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			if o, ok := tag.Value.(uint16); ok && o >= 1 && o <= 8 {
				found = int(o)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return found
}

// pixelCount returns the number of pixels of a picture.
func pixelCount(size image.Point) int64 { return int64(size.X) * int64(size.Y) }
