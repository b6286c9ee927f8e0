package images

import (
	"bufio"
	"errors"
	"image"
	"io"
)

// maxScans is how many scans a JPEG may have. A scan is a pass over all pixels; encoders use about ten. A scan of few
// bytes may still take much time.
const maxScans = 32

// The bytes that mark segments of a JPEG (ITU T.81, table B.1).
const (
	startOfFrame0, startOfFrame2 = 0xc0, 0xc2
	restart0, startOfImage       = 0xd0, 0xd8
	endOfImage, startOfScan      = 0xd9, 0xda
	adobeMarker                  = 0xee
)

// measureJPEG estimates the memory for decoding a JPEG from its segments. Until the last scan of a progressive picture,
// the decoder keeps its coefficients, four bytes for each sample. The decoder converts unusual colors into a second
// picture with four bytes for each pixel. Like the decoder, measureJPEG rejects a file with a second frame, because the
// estimate is for one frame.
func measureJPEG(src io.ReadSeeker, c image.Config) (decodeCost, error) {
	r := bufio.NewReaderSize(src, 64<<10)
	samples, frames, scans := int64(0), 0, 0
	progressive, converted := false, false
	for {
		marker, err := nextMarker(r)
		if err != nil || marker == endOfImage { // the decoder reports a truncated file
			break
		}
		segment, err := readSegment(r, marker)
		if err != nil {
			break
		}
		switch {
		case marker >= startOfFrame0 && marker <= startOfFrame2:
			samples, progressive = countSamples(segment, c), marker == startOfFrame2
			converted = converted || needsColorConversion(segment)
			frames++
		case marker == adobeMarker:
			converted = converted || len(segment) > 11 && segment[11] == 0 // the components are not YCbCr
		case marker == startOfScan:
			scans++
		}
	}
	if progressive {
		samples *= 1 + 4
	}
	if converted {
		samples += 4 * pixelCount(c)
	}
	if scans > maxScans || frames != 1 {
		return decodeCost{}, errCorrupt
	}
	return decodeCost{bytes: samples}, nil
}

// nextMarker reads up to the next marker that starts a segment or ends the picture, and returns it. It skips pixel
// data, in which 0xff is followed by 0 or belongs to a restart marker.
func nextMarker(r *bufio.Reader) (byte, error) {
	for {
		if _, err := r.ReadSlice(0xff); errors.Is(err, bufio.ErrBufferFull) {
			continue
		} else if err != nil {
			return 0, err
		}
		marker, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		switch {
		case marker == 0xff:
			r.UnreadByte()
		case marker > 1 && (marker < restart0 || marker > startOfImage):
			return marker, nil
		}
	}
}

// readSegment reads the segment that follows a marker. It returns the content of a frame or of the Adobe segment about
// colors. It skips every other segment and returns nil.
func readSegment(r *bufio.Reader, marker byte) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := max(0, int(length[0])<<8|int(length[1])-2)
	if marker > startOfFrame2 && marker != adobeMarker {
		_, err := r.Discard(n)
		return nil, err
	}
	segment := make([]byte, n)
	_, err := io.ReadFull(r, segment)
	return segment, err
}

// countSamples returns an upper limit of the number of samples of a frame. The frame contains the precision, height,
// width and number of components, and for each component its id, sampling factors and table. Most cameras store the two
// color components at half the resolution in both directions, which makes one and a half samples per pixel. Any other
// picture has at most one sample for each component and pixel.
func countSamples(frame []byte, c image.Config) int64 {
	if len(frame) == 6+3*3 && frame[7] == 0x22 && frame[10] == 0x11 && frame[13] == 0x11 {
		return pixelCount(c) * 3 / 2
	}
	if len(frame) == 6+3 {
		return pixelCount(c)
	}
	return 4 * pixelCount(c)
}

// needsColorConversion reports whether the decoder converts the colors of a frame into a second picture. That is the
// case if the frame has four components, or components named R, G and B.
func needsColorConversion(frame []byte) bool {
	return len(frame) == 6+4*3 || len(frame) == 6+3*3 && frame[6] == 'R' && frame[9] == 'G' && frame[12] == 'B'
}
