package images

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"
)

// Phones store pictures with a color profile (ICC.1), because their screens show more colors than sRGB. Renditions
// have no profile, so that their colors must be converted to sRGB; otherwise they would look pale. Only matrix
// profiles are supported, as screens and cameras have them: a curve for each channel and a matrix. Other profiles are
// ignored.

// maxProfileBytes is the maximum size of an ICC profile. A profile with three curves of 4096 points is smaller.
const maxProfileBytes = 64 << 10

// app2Marker is the marker of the JPEG segments that may contain an ICC profile.
const app2Marker = 0xe2

// jpegICCHeader is how a JPEG segment begins that contains a whole ICC profile: a name, then "segment 1 of 1". Profiles
// in several segments are not supported.
var jpegICCHeader = []byte("ICC_PROFILE\x00\x01\x01")

// readJPEGProfile returns the ICC profile in a JPEG, or nil if there is none.
func readJPEGProfile(r *bufio.Reader) []byte {
	for {
		marker, err := nextMarker(r)
		if err != nil || marker == startOfScan || marker == endOfImage {
			return nil
		}
		var length [2]byte
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return nil
		}
		n := max(0, int(binary.BigEndian.Uint16(length[:]))-2)
		if head, _ := r.Peek(min(n, len(jpegICCHeader))); marker != app2Marker || !bytes.Equal(head, jpegICCHeader) {
			if _, err := r.Discard(n); err != nil {
				return nil
			}
			continue
		}
		profile, _ := io.ReadAll(io.LimitReader(r, int64(n)))
		return profile[len(jpegICCHeader):]
	}
}

// readPNGProfile returns the ICC profile in a PNG, or nil if there is none.
func readPNGProfile(r *bufio.Reader) []byte {
	r.Discard(8) // skips the signature
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil || string(head[4:]) == "IDAT" {
			return nil
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		chunk := io.LimitReader(r, n)
		if string(head[4:]) == "iCCP" {
			compressed, _ := io.ReadAll(io.LimitReader(chunk, maxProfileBytes))
			_, compressed, _ = bytes.Cut(compressed, []byte{0}) // removes the name
			if len(compressed) == 0 || compressed[0] != 0 {
				return nil
			}
			r, err := zlib.NewReader(bytes.NewReader(compressed[1:]))
			if err != nil {
				return nil
			}
			profile, _ := io.ReadAll(io.LimitReader(r, maxProfileBytes))
			return profile
		}
		if skipped, _ := io.Copy(io.Discard, chunk); skipped < n {
			return nil
		}
		r.Discard(4) // skips the checksum
	}
}

// readWebPProfile returns the ICC profile in a WebP, or nil if there is none.
func readWebPProfile(r *bufio.Reader) []byte {
	r.Discard(12) // skips "RIFF", the length and "WEBP"
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		chunk := io.LimitReader(r, n)
		switch string(head[:4]) {
		case "ICCP":
			profile, _ := io.ReadAll(io.LimitReader(chunk, maxProfileBytes))
			return profile
		case "VP8 ", "VP8L": // a profile would come before the pixels
			return nil
		}
		if skipped, _ := io.Copy(io.Discard, chunk); skipped < n {
			return nil
		}
		r.Discard(int(n & 1))
	}
}

// iccProfile describes how to convert pixels to linear light in sRGB: first a curve for each of the three channels,
// then one matrix for all of them.
type iccProfile struct {
	curves [3][256]float32
	matrix [3][3]float32
}

// xyzToSRGB is a matrix that converts colors from XYZ with the white point D50, in which profiles describe their
// colors, to linear sRGB. It is the inverse of the primaries of IEC 61966-2-1, adapted by the Bradford method.
var xyzToSRGB = [3][3]float64{
	{3.1338561, -1.6168667, -0.4906146},
	{-0.9787684, 1.9161415, 0.0334540},
	{0.0719453, -0.2289914, 1.4052427},
}

// parseProfile parses a matrix profile. It returns false for any other kind of profile. The curves and the matrix of
// the result contain only finite numbers, even if the bytes are invalid or malicious.
func parseProfile(b []byte) (p iccProfile, ok bool) {
	if len(b) < 132 || string(b[16:24]) != "RGB XYZ " || string(b[36:40]) != "acsp" {
		return p, false
	}
	for i, channel := range []string{"r", "g", "b"} {
		xyz := profileTag(b, channel+"XYZ")
		if len(xyz) < 20 || string(xyz[:4]) != "XYZ " {
			return p, false
		}
		for row := range 3 {
			for k := range 3 {
				p.matrix[row][i] += float32(xyzToSRGB[row][k] * fixed16(xyz[8+4*k:]))
			}
		}
		curve, known := parseCurve(profileTag(b, channel+"TRC"))
		if !known {
			return p, false
		}
		for n := range p.curves[i] {
			p.curves[i][n] = float32(clamp01(curve(float64(n) / 255)))
		}
	}
	return p, true
}

// profileTag returns the data of the tag with the given name, or nil if the profile has no such tag. It finds the tag
// in the table after the header of 128 bytes, which lists the name, offset and length of each tag.
func profileTag(b []byte, name string) []byte {
	for entry := b[132:]; len(entry) >= 12; entry = entry[12:] {
		if string(entry[:4]) == name {
			offset, n := int64(binary.BigEndian.Uint32(entry[4:])), int64(binary.BigEndian.Uint32(entry[8:]))
			if offset+n <= int64(len(b)) {
				return b[offset : offset+n]
			}
		}
	}
	return nil
}

// fixed16 decodes a signed 32-bit fixed-point number with 16 fractional bits.
func fixed16(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / (1 << 16) }

// clamp01 returns v, or the nearest end of the range from 0 to 1 if v is outside of it. It returns 0 for NaN.
func clamp01(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	return min(v, 1)
}

// parseCurve parses the curve of a channel and returns it as a function. A curve is a list of points or one of five
// formulas (ICC.1:2022, 10.6 and 10.18). parseCurve returns false if the curve is invalid.
func parseCurve(b []byte) (func(float64) float64, bool) {
	if len(b) < 12 {
		return nil, false
	}
	switch count := int64(binary.BigEndian.Uint32(b[8:])); {
	case string(b[:4]) == "para":
		return parametricCurve(binary.BigEndian.Uint16(b[8:]), b[12:])
	case string(b[:4]) != "curv" || int64(len(b)) < 12+2*count:
		return nil, false
	case count == 0:
		return func(x float64) float64 { return x }, true
	case count == 1:
		power := float64(binary.BigEndian.Uint16(b[12:])) / (1 << 8)
		return func(x float64) float64 { return math.Pow(x, power) }, true
	default:
		return func(x float64) float64 { return interpolate(b[12:], int(count), x) }, true
	}
}

// interpolate returns the value at x of a curve with count points, by linear interpolation between the two nearest
// points.
func interpolate(points []byte, count int, x float64) float64 {
	position := x * float64(count-1)
	i := min(int(position), count-2)
	low, high := float64(binary.BigEndian.Uint16(points[2*i:])), float64(binary.BigEndian.Uint16(points[2*i+2:]))
	return (low + (high-low)*(position-float64(i))) / math.MaxUint16
}

// parametricCurve returns the formula (ax + b)^g + e for x ≥ d, and cx + f for smaller x. The kind, one of five, says
// which of the seven parameters are stored in b; the others have default values.
func parametricCurve(kind uint16, b []byte) (func(float64) float64, bool) {
	counts := []int{1, 3, 4, 5, 7}
	if int(kind) >= len(counts) || len(b) < 4*counts[kind] {
		return nil, false
	}
	var v [7]float64
	for i := range counts[kind] {
		v[i] = fixed16(b[4*i:])
	}
	power, a, b0, slope, from, high, low := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		a, from = 1, math.Inf(-1)
	case 1, 2:
		if a == 0 {
			return nil, false
		}
		from, high, low, slope = -b0/a, v[3], v[3], 0
	}
	return func(x float64) float64 {
		if x < from {
			return slope*x + low
		}
		return math.Pow(a*x+b0, power) + high
	}, true
}

// srgbTable contains the sRGB values for equal steps of linear light. It has so many steps that the values of
// neighboring steps differ by at most one.
var srgbTable = func() (out [1 << 12]byte) {
	for i := range out {
		light := float64(i) / float64(len(out)-1)
		if light <= 0.0031308 {
			light *= 12.92
		} else {
			light = 1.055*math.Pow(light, 1/2.4) - 0.055
		}
		out[i] = byte(math.Round(255 * light))
	}
	return out
}()

// encodeSRGB returns the sRGB value, 0 to 255, of linear light from 0 to 1. For light outside this range, it returns
// the nearest value.
func encodeSRGB(light float32) byte {
	if !(light > 0) {
		return 0
	}
	return srgbTable[int(min(light, 1)*float32(len(srgbTable)-1)+0.5)]
}

// convert converts a color from the profile's color space to sRGB.
func (p *iccProfile) convert(r, g, b byte) (byte, byte, byte) {
	red, green, blue, m := p.curves[0][r], p.curves[1][g], p.curves[2][b], &p.matrix
	return encodeSRGB(m[0][0]*red + m[0][1]*green + m[0][2]*blue),
		encodeSRGB(m[1][0]*red + m[1][1]*green + m[1][2]*blue),
		encodeSRGB(m[2][0]*red + m[2][1]*green + m[2][2]*blue)
}

// differsFromSRGB reports whether the profile changes some color by more than rounding does. It returns false for most
// profiles, because they describe sRGB itself.
func (p *iccProfile) differsFromSRGB() bool {
	differ := func(a, b byte) bool { return max(a, b)-min(a, b) > 2 }
	for n := range 6 * 6 * 6 {
		r, g, b := byte(n%6*51), byte(n/6%6*51), byte(n/36*51)
		if r2, g2, b2 := p.convert(r, g, b); differ(r2, r) || differ(g2, g) || differ(b2, b) {
			return true
		}
	}
	return false
}

// newProfile parses an ICC profile for the conversion of pictures to sRGB. It returns nil if the pictures need no
// conversion or if the profile is not supported.
func newProfile(icc []byte) *iccProfile {
	p, ok := parseProfile(icc)
	if !ok || !p.differsFromSRGB() {
		return nil
	}
	return &p
}

// convertRow converts a row to sRGB, in RGBA with the color channels multiplied by alpha.
func (p *iccProfile) convertRow(row []byte) {
	for i := 0; i < len(row); i += 4 {
		pix := row[i : i+4 : i+4]
		switch a := uint32(pix[3]); a {
		case 0:
		case 255:
			pix[0], pix[1], pix[2] = p.convert(pix[0], pix[1], pix[2])
		default:
			r, g, b := p.convert(byte(uint32(pix[0])*255/a), byte(uint32(pix[1])*255/a), byte(uint32(pix[2])*255/a))
			pix[0], pix[1], pix[2] = byte(uint32(r)*a/255), byte(uint32(g)*a/255), byte(uint32(b)*a/255)
		}
	}
}
