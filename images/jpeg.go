package images

import (
	"bufio"
	"errors"
	"image"
	"io"
)

// maxScans bounds how often a JPEG may go over all its pixels again: encoders use about ten, and each may cost time without
// costing bytes.
const maxScans = 32

// The markers of a JPEG (ITU T.81, table B.1) that matter here.
const (
	startOfFrame0, startOfFrame2 = 0xc0, 0xc2
	restart0, startOfImage       = 0xd0, 0xd8
	endOfImage, startOfScan      = 0xd9, 0xda
	adobeMarker                  = 0xee
)

// measureJPEG walks over all segments. A progressive picture keeps the coefficients of all its samples, of four bytes each,
// until its last scan; what is not kept as JPEGs usually are is converted into a second picture of four bytes a pixel. A second
// frame is refused, as by the decoder, which has taken the first at its word by then.
func measureJPEG(src io.ReadSeeker, c image.Config) (decodeCost, error) {
	r := bufio.NewReaderSize(src, 64<<10)
	samples, frames, scans := int64(0), 0, 0
	progressive, converted := false, false
	for {
		marker, err := nextMarker(r)
		if err != nil || marker == endOfImage { // whether something is missing, the decoder says
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
			converted = converted || len(segment) > 11 && segment[11] == 0 // no luminance among its components
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

// nextMarker skips to the next marker that has a meaning of its own, over pixels too, in which 0xff is followed by 0 or a restart.
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

// readSegment reads what belongs to a marker. What is in it matters only of a frame and of what Adobe says about colours.
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

// countSamples counts the samples of a frame: precision, height, width, the number of components, and for each its name, how many
// samples it has in a block in both directions, and its table. With half the colours both ways, as cameras do, it is
// one and a half for each pixel, and otherwise at most one for each component.
func countSamples(frame []byte, c image.Config) int64 {
	if len(frame) == 6+3*3 && frame[7] == 0x22 && frame[10] == 0x11 && frame[13] == 0x11 {
		return pixelCount(c) * 3 / 2
	}
	if len(frame) == 6+3 {
		return pixelCount(c)
	}
	return 4 * pixelCount(c)
}

// needsColorConversion tells whether the components of a frame are four, or called red, green and blue.
func needsColorConversion(frame []byte) bool {
	return len(frame) == 6+4*3 || len(frame) == 6+3*3 && frame[6] == 'R' && frame[9] == 'G' && frame[12] == 'B'
}
