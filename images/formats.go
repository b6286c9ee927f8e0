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

const (
	// maxPixels is the maximum number of pixels. Phones take pictures of up to 50 megapixels.
	maxPixels = 64 << 20
	// maxSide is the maximum width and height in pixels. Only a PNG can be wider or higher, and scaling such a picture
	// needs much memory.
	maxSide = 1<<16 - 1
	// maxDecodedBytes is how many bytes of memory decoding one picture may use.
	maxDecodedBytes = 256 << 20
)

var errTooLarge = &chat.Error{
	Code: chat.Invalid, Field: "file",
	Format: "This picture has more pixels than Charla can show. Make it smaller and send it again.",
}

// format is a file format of pictures.
type format struct {
	decodeConfig func(io.Reader) (image.Config, error)
	decode       func(io.Reader) (image.Image, error)
	metaFormat   imagemeta.ImageFormat      // for the orientation; ImageFormatAuto if the format has none
	preferJPEG   bool                       // whether opaque pictures are likely to be photos
	readProfile  func(*bufio.Reader) []byte // nil if the format has no color profiles
	// measure estimates the memory that decoding needs, from the structure of the file and without decoding.
	measure func(io.ReadSeeker, image.Config) (decodeCost, error)
}

// decodeCost is what decoding a picture needs. For an animation, it is the cost of one frame, because only one frame at
// a time is decoded.
type decodeCost struct {
	bytes     int64      // memory
	animation *animation // nil for a still picture
}

// formats contains the supported formats by MIME type.
var formats = map[string]format{
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode, imagemeta.JPEG, true, readJPEGProfile, measureJPEG},
	"image/png":  {png.DecodeConfig, png.Decode, imagemeta.PNG, false, readPNGProfile, measurePNG},
	"image/gif":  {gif.DecodeConfig, firstFrame, imagemeta.ImageFormatAuto, false, nil, measureGIF},
	"image/webp": {webp.DecodeConfig, webp.Decode, imagemeta.WebP, true, readWebPProfile, measureWebP},
}

// check returns an error if a file cannot be decoded or if decoding would need too much memory. It returns the
// animation if the file is one, and nil otherwise. It reads headers and decodes no pixels, because a file of 100 KB may
// contain billions of pixels.
func (f format) check(src io.ReadSeeker) (*animation, error) {
	c, err := readFromStart(src, f.decodeConfig)
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return nil, errCorrupt
	}
	if c.Width > maxPixels/c.Height || max(c.Width, c.Height) > maxSide {
		return nil, errTooLarge
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	cost, err := f.measure(src, c)
	if err == nil && cost.bytes > maxDecodedBytes {
		err = errTooLarge
	}
	return cost.animation, err
}

// decodeUpright decodes a picture and prepares it as the original rendition: it scales it to the size of that
// rendition, converts its colors to sRGB and turns it upright.
func (f format) decodeUpright(src io.ReadSeeker) (image.Image, error) {
	decoded, err := readFromStart(src, f.decode)
	if err != nil || decoded.Bounds().Empty() {
		return nil, errCorrupt
	}
	return applyOrientation(toSRGB(fit(decoded, originalSide), f.profile(src)), f.orientation(src)), nil
}

// profile returns the ICC color profile of a file, or nil if the file has none.
func (f format) profile(src io.ReadSeeker) []byte {
	if _, err := src.Seek(0, io.SeekStart); err != nil || f.readProfile == nil {
		return nil
	}
	return f.readProfile(bufio.NewReaderSize(src, 64<<10))
}

// readFromStart moves src to its start and calls read with a buffered reader of src. It returns what read returns.
func readFromStart[T any](src io.ReadSeeker, read func(io.Reader) (T, error)) (T, error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		var none T
		return none, err
	}
	return read(bufio.NewReaderSize(src, 64<<10))
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
func pixelCount(c image.Config) int64 { return int64(c.Width) * int64(c.Height) }

// measurePNG estimates the memory for decoding a PNG. Chunks after the header may make a color transparent; therefore
// only pictures with indexed colors certainly need just one byte per pixel. For an interlaced picture, the decoder
// keeps each pass in addition to the whole picture.
func measurePNG(src io.ReadSeeker, c image.Config) (decodeCost, error) {
	head := make([]byte, 29) // the signature, and the first chunk with its length and name
	if _, err := io.ReadFull(src, head); err != nil {
		return decodeCost{}, errCorrupt
	}
	depth, colorType, interlaced := head[24], head[25], head[28] != 0
	bytes := 4 * pixelCount(c)
	switch {
	case colorType == 3: // indexed
		bytes = pixelCount(c)
	case depth == 16:
		bytes *= 2
	}
	if interlaced {
		bytes *= 2
	}
	return decodeCost{bytes: bytes}, nil
}

var errAnimatedWebP = &chat.Error{
	Code: chat.Invalid, Field: "file",
	Format: "Charla cannot show animated WebP pictures. Send it as a GIF or as a video.",
}

// measureWebP estimates the memory for decoding a WebP. The lossless format needs twice as much memory as its pixels.
func measureWebP(src io.ReadSeeker, c image.Config) (decodeCost, error) {
	head := make([]byte, 21) // "RIFF", length, "WEBP", "VP8X", length and flags
	const animated = 1 << 1
	if _, err := io.ReadFull(src, head); err != nil {
		return decodeCost{}, errCorrupt
	}
	if string(head[12:16]) == "VP8X" && head[20]&animated != 0 {
		return decodeCost{}, errAnimatedWebP
	}
	return decodeCost{bytes: 8 * pixelCount(c)}, nil
}
