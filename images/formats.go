package images

import (
	"bufio"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/bep/imagemeta"
	"golang.org/x/image/webp"

	"charla/chat"
)

// What is taken: the pictures of telephones have up to 50 megapixels. A decoder may use so much memory. What is longer on one side than
// all but a PNG can be would take as much again to be made smaller.
const (
	maxPixels       = 64 << 20
	maxSide         = 1<<16 - 1
	maxDecodedBytes = 256 << 20
)

var errTooLarge = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This picture has more pixels than Charla can show. Make it smaller and send it again."}

// format is a kind of picture. A photo is better kept as a JPEG than as a PNG.
type format struct {
	decodeConfig func(io.Reader) (image.Config, error)
	decode       func(io.Reader) (image.Image, error)
	metaFormat   imagemeta.ImageFormat // of which its orientation is read; none where there is no orientation
	preferJPEG   bool
	readProfile  func(*bufio.Reader) []byte // its profile, of what colours its numbers mean; nil where it has none
	measure      func(io.ReadSeeker, image.Config) (decodeCost, error)
}

// decodeCost is what it takes to decode a picture: bytes of memory. An animation is decoded frame by frame.
type decodeCost struct {
	bytes     int64
	animation *animation
}

var formats = map[string]format{
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode, imagemeta.JPEG, true, readJPEGProfile, measureJPEG},
	"image/png":  {png.DecodeConfig, png.Decode, imagemeta.PNG, false, readPNGProfile, measurePNG},
	"image/gif":  {gif.DecodeConfig, firstFrame, imagemeta.ImageFormatAuto, false, nil, measureGIF},
	"image/webp": {webp.DecodeConfig, webp.Decode, imagemeta.WebP, true, readWebPProfile, measureWebP},
}

// check reads what the file says of itself, and decodes nothing: a file of a hundred kilobytes may hold gigapixels.
func (k format) check(src io.ReadSeeker) (*animation, error) {
	c, err := readFromStart(src, k.decodeConfig)
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return nil, errCorrupt
	}
	if c.Width > maxPixels/c.Height || max(c.Width, c.Height) > maxSide {
		return nil, errTooLarge
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	cost, err := k.measure(src, c)
	if err == nil && cost.bytes > maxDecodedBytes {
		err = errTooLarge
	}
	return cost.animation, err
}

// decodeUpright decodes a picture, not larger than it is kept and as it is to be seen.
func (k format) decodeUpright(src io.ReadSeeker) (image.Image, error) {
	decoded, err := readFromStart(src, k.decode)
	if err != nil || decoded.Bounds().Empty() {
		return nil, errCorrupt
	}
	return applyOrientation(toSRGB(fit(decoded, originalSide), k.profile(src)), k.orientation(src)), nil
}

func (k format) profile(src io.ReadSeeker) []byte {
	if _, err := src.Seek(0, io.SeekStart); err != nil || k.readProfile == nil {
		return nil
	}
	return k.readProfile(bufio.NewReaderSize(src, 64<<10))
}

// readFromStart reads src from its beginning, in large pieces.
func readFromStart[T any](src io.ReadSeeker, read func(io.Reader) (T, error)) (T, error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		var none T
		return none, err
	}
	return read(bufio.NewReaderSize(src, 64<<10))
}

// orientation is how a camera was held, 1 to 8 as in EXIF; 1 also where nothing, or nothing sensible, is said.
func (k format) orientation(src io.ReadSeeker) int {
	found := 1
	if _, err := src.Seek(0, io.SeekStart); err != nil || k.metaFormat == imagemeta.ImageFormatAuto {
		return found
	}
	imagemeta.Decode(imagemeta.Options{ // an error leaves 1: whether the picture is broken, its decoder says
		R: src, ImageFormat: k.metaFormat, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if o, ok := tag.Value.(uint16); ok && o >= 1 && o <= 8 {
				found = int(o)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return found
}

func pixelCount(c image.Config) int64 { return int64(c.Width) * int64(c.Height) }

// measurePNG: a chunk that comes later may make one colour transparent, whatever the head says; then only colours by number stay small. An
// interlaced picture is decoded in passes beside the whole.
func measurePNG(src io.ReadSeeker, c image.Config) (decodeCost, error) {
	head := make([]byte, 29) // signature, length and name of the first chunk, and its 13 bytes
	if _, err := io.ReadFull(src, head); err != nil {
		return decodeCost{}, errCorrupt
	}
	depth, colours, interlaced := head[24], head[25], head[28] != 0
	bytes := 4 * pixelCount(c)
	switch {
	case colours == 3: // by number
		bytes = pixelCount(c)
	case depth == 16:
		bytes *= 2
	}
	if interlaced {
		bytes *= 2
	}
	return decodeCost{bytes: bytes}, nil
}

var errAnimatedWebP = &chat.Error{Code: chat.Invalid, Field: "file", Format: "Charla cannot show animated WebP pictures. Send it as a GIF or as a video."}

// measureWebP: the lossless form needs its pixels twice.
func measureWebP(src io.ReadSeeker, c image.Config) (decodeCost, error) {
	head := make([]byte, 21) // RIFF, length, WEBP, VP8X, length, flags
	const animated = 1 << 1
	if _, err := io.ReadFull(src, head); err != nil {
		return decodeCost{}, errCorrupt
	}
	if string(head[12:16]) == "VP8X" && head[20]&animated != 0 {
		return decodeCost{}, errAnimatedWebP
	}
	return decodeCost{bytes: 8 * pixelCount(c)}, nil
}
