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
	maxPixels  = 64 << 20
	maxSide    = 1<<16 - 1
	maxDecoded = 256 << 20
)

var errTooLarge = &chat.Error{Code: chat.Invalid, Field: "file", Format: "This picture has more pixels than Charla can show. Make it smaller and send it again."}

// kind is a kind of picture. A photo is better kept as a JPEG than as a PNG.
type kind struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	meta   imagemeta.ImageFormat // of which its orientation is read; none where there is no orientation
	photo  bool
	icc    func(*bufio.Reader) []byte // its profile, of what colours its numbers mean; nil where it has none
	survey func(io.ReadSeeker, image.Config) (cost, error)
}

// cost is what it takes to decode a picture: bytes of memory. An animation is decoded frame by frame.
type cost struct {
	bytes     int64
	animation *animation
}

var kinds = map[string]kind{
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode, imagemeta.JPEG, true, profileOfJPEG, surveyJPEG},
	"image/png":  {png.DecodeConfig, png.Decode, imagemeta.PNG, false, profileOfPNG, surveyPNG},
	"image/gif":  {gif.DecodeConfig, firstFrame, imagemeta.ImageFormatAuto, false, nil, surveyGIF},
	"image/webp": {webp.DecodeConfig, webp.Decode, imagemeta.WebP, true, profileOfWebP, surveyWebP},
}

// check reads what the file says of itself, and decodes nothing: a file of a hundred kilobytes may hold gigapixels.
func (k kind) check(src io.ReadSeeker) (*animation, error) {
	c, err := fromStart(src, k.config)
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return nil, errBroken
	}
	if c.Width > maxPixels/c.Height || max(c.Width, c.Height) > maxSide {
		return nil, errTooLarge
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	cost, err := k.survey(src, c)
	if err == nil && cost.bytes > maxDecoded {
		err = errTooLarge
	}
	return cost.animation, err
}

// upright decodes a picture, not larger than it is kept and as it is to be seen.
func (k kind) upright(src io.ReadSeeker) (image.Image, error) {
	decoded, err := fromStart(src, k.decode)
	if err != nil || decoded.Bounds().Empty() {
		return nil, errBroken
	}
	return turn(inSRGB(fit(decoded, wholeSide), k.profile(src)), k.orientation(src)), nil
}

func (k kind) profile(src io.ReadSeeker) []byte {
	if _, err := src.Seek(0, io.SeekStart); err != nil || k.icc == nil {
		return nil
	}
	return k.icc(bufio.NewReaderSize(src, 64<<10))
}

// fromStart reads src from its beginning, in large pieces.
func fromStart[T any](src io.ReadSeeker, read func(io.Reader) (T, error)) (T, error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		var none T
		return none, err
	}
	return read(bufio.NewReaderSize(src, 64<<10))
}

// orientation is how a camera was held, 1 to 8 as in EXIF; 1 also where nothing, or nothing sensible, is said.
func (k kind) orientation(src io.ReadSeeker) int {
	found := 1
	if _, err := src.Seek(0, io.SeekStart); err != nil || k.meta == imagemeta.ImageFormatAuto {
		return found
	}
	imagemeta.Decode(imagemeta.Options{ // an error leaves 1: whether the picture is broken, its decoder says
		R: src, ImageFormat: k.meta, Sources: imagemeta.EXIF,
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

func pixels(c image.Config) int64 { return int64(c.Width) * int64(c.Height) }

// surveyPNG: a chunk that comes later may make one colour transparent, whatever the head says; then only colours by number stay small. An
// interlaced picture is decoded in passes beside the whole.
func surveyPNG(src io.ReadSeeker, c image.Config) (cost, error) {
	head := make([]byte, 29) // signature, length and name of the first chunk, and its 13 bytes
	if _, err := io.ReadFull(src, head); err != nil {
		return cost{}, errBroken
	}
	depth, colours, interlaced := head[24], head[25], head[28] != 0
	bytes := 4 * pixels(c)
	switch {
	case colours == 3: // by number
		bytes = pixels(c)
	case depth == 16:
		bytes *= 2
	}
	if interlaced {
		bytes *= 2
	}
	return cost{bytes: bytes}, nil
}

var errMoving = &chat.Error{Code: chat.Invalid, Field: "file", Format: "Charla cannot show animated WebP pictures. Send it as a GIF or as a video."}

// surveyWebP: the lossless form needs its pixels twice.
func surveyWebP(src io.ReadSeeker, c image.Config) (cost, error) {
	head := make([]byte, 21) // RIFF, length, WEBP, VP8X, length, flags
	const animated = 1 << 1
	if _, err := io.ReadFull(src, head); err != nil {
		return cost{}, errBroken
	}
	if string(head[12:16]) == "VP8X" && head[20]&animated != 0 {
		return cost{}, errMoving
	}
	return cost{bytes: 8 * pixels(c)}, nil
}
