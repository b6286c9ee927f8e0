package images

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"io"
	"math"
)

// A telephone notes which colours its numbers mean in a profile (ICC.1), because its screen shows more than sRGB has. What we keep has no
// profile, so its numbers must mean sRGB; left as they were they would look washed out. Of profiles only the simple kind is understood,
// that of screens and cameras: a curve for each of red, green and blue, and a matrix. Any other is as good as none.

// maxProfileBytes bounds a profile, in bytes: three curves of 4096 points and a few words have less.
const maxProfileBytes = 64 << 10

// app2Marker is the segment of a JPEG that a profile stands in. One that needs several is no simple one.
const app2Marker = 0xe2

var jpegICCHeader = []byte("ICC_PROFILE\x00\x01\x01")

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

func readPNGProfile(r *bufio.Reader) []byte {
	r.Discard(8) // the signature
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil || string(head[4:]) == "IDAT" {
			return nil
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		chunk := io.LimitReader(r, n)
		if string(head[4:]) == "iCCP" {
			packed, _ := io.ReadAll(io.LimitReader(chunk, maxProfileBytes))
			_, packed, _ = bytes.Cut(packed, []byte{0}) // its name
			if len(packed) == 0 || packed[0] != 0 {
				return nil
			}
			unpacked, err := zlib.NewReader(bytes.NewReader(packed[1:]))
			if err != nil {
				return nil
			}
			profile, _ := io.ReadAll(io.LimitReader(unpacked, maxProfileBytes))
			return profile
		}
		if skipped, _ := io.Copy(io.Discard, chunk); skipped < n {
			return nil
		}
		r.Discard(4) // the checksum
	}
}

func readWebPProfile(r *bufio.Reader) []byte {
	r.Discard(12) // RIFF, length, WEBP
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
		case "VP8 ", "VP8L": // it would have stood before
			return nil
		}
		if skipped, _ := io.Copy(io.Discard, chunk); skipped < n {
			return nil
		}
		r.Discard(int(n & 1))
	}
}

// iccProfile turns numbers into light in the colours of sRGB: those of a pixel through a curve each, then all through a matrix.
type iccProfile struct {
	curves [3][256]float32
	matrix [3][3]float32
}

// xyzToSRGB are the colours of sRGB in those between profiles, whose white is D50 (IEC 61966-2-1, adapted by Bradford's method), inverted.
var xyzToSRGB = [3][3]float64{
	{3.1338561, -1.6168667, -0.4906146},
	{-0.9787684, 1.9161415, 0.0334540},
	{0.0719453, -0.2289914, 1.4052427},
}

// parseProfile understands a simple profile, or says that there is none. Whatever its numbers are, those that come of it are numbers.
func parseProfile(b []byte) (p iccProfile, ok bool) {
	if len(b) < 132 || string(b[16:24]) != "RGB XYZ " || string(b[36:40]) != "acsp" {
		return p, false
	}
	for i, colour := range []string{"r", "g", "b"} {
		xyz := profileTag(b, colour+"XYZ")
		if len(xyz) < 20 || string(xyz[:4]) != "XYZ " {
			return p, false
		}
		for row := range 3 {
			for k := range 3 {
				p.matrix[row][i] += float32(xyzToSRGB[row][k] * fixed16(xyz[8+4*k:]))
			}
		}
		curve, known := parseCurve(profileTag(b, colour+"TRC"))
		if !known {
			return p, false
		}
		for n := range p.curves[i] {
			p.curves[i][n] = float32(clamp01(curve(float64(n) / 255)))
		}
	}
	return p, true
}

// profileTag finds what a profile says under a name: a table of names, offsets and lengths stands behind its head of 128 bytes.
func profileTag(b []byte, name string) []byte {
	for entry := b[132:]; len(entry) >= 12; entry = entry[12:] {
		if string(entry[:4]) == name {
			at, n := int64(binary.BigEndian.Uint32(entry[4:])), int64(binary.BigEndian.Uint32(entry[8:]))
			if at+n <= int64(len(b)) {
				return b[at : at+n]
			}
		}
	}
	return nil
}

// fixed16 is a number with 16 bits behind its point.
func fixed16(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / (1 << 16) }

// clamp01 brings a number to 0…1; what is none is 0.
func clamp01(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	return min(v, 1)
}

// parseCurve understands both kinds of curves: points, or one of five formulas (ICC.1:2022, 10.6 and 10.18).
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

// interpolate is a value between the points of a curve.
func interpolate(points []byte, count int, x float64) float64 {
	at := x * float64(count-1)
	i := min(int(at), count-2)
	low, high := float64(binary.BigEndian.Uint16(points[2*i:])), float64(binary.BigEndian.Uint16(points[2*i+2:]))
	return (low + (high-low)*(at-float64(i))) / math.MaxUint16
}

// parametricCurve is (ax + b)^g + e from d on, and below it cx + f. The five kinds leave some of the seven out.
func parametricCurve(kind uint16, b []byte) (func(float64) float64, bool) {
	counts := []int{1, 3, 4, 5, 7}
	if int(kind) >= len(counts) || len(b) < 4*counts[kind] {
		return nil, false
	}
	var v [7]float64
	for i := range counts[kind] {
		v[i] = fixed16(b[4*i:])
	}
	power, a, add, slope, from, high, low := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		a, from = 1, math.Inf(-1)
	case 1, 2:
		if a == 0 {
			return nil, false
		}
		from, high, low, slope = -add/a, v[3], v[3], 0
	}
	return func(x float64) float64 {
		if x < from {
			return slope*x + low
		}
		return math.Pow(a*x+add, power) + high
	}, true
}

// srgbTable are the numbers of sRGB for so many equal steps of light: enough that the darkest differ by one.
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

// encodeSRGB is the number of sRGB for some light; what sRGB has not is as near as it gets.
func encodeSRGB(light float32) byte {
	if !(light > 0) {
		return 0
	}
	return srgbTable[int(min(light, 1)*float32(len(srgbTable)-1)+0.5)]
}

func (p *iccProfile) convert(r, g, b byte) (byte, byte, byte) {
	red, green, blue, m := p.curves[0][r], p.curves[1][g], p.curves[2][b], &p.matrix
	return encodeSRGB(m[0][0]*red + m[0][1]*green + m[0][2]*blue),
		encodeSRGB(m[1][0]*red + m[1][1]*green + m[1][2]*blue),
		encodeSRGB(m[2][0]*red + m[2][1]*green + m[2][2]*blue)
}

// differsFromSRGB tells whether numbers mean something else than in sRGB, by more than rounding does. Most profiles are that of sRGB.
func (p *iccProfile) differsFromSRGB() bool {
	far := func(a, b byte) bool { return max(a, b)-min(a, b) > 2 }
	for n := range 6 * 6 * 6 {
		r, g, b := byte(n%6*51), byte(n/6%6*51), byte(n/36*51)
		if x, y, z := p.convert(r, g, b); far(x, r) || far(y, g) || far(z, b) {
			return true
		}
	}
	return false
}

// toSRGB gives a picture the numbers that mean in sRGB what its own mean in a profile.
func toSRGB(img image.Image, icc []byte) image.Image {
	p, ok := parseProfile(icc)
	if !ok || !p.differsFromSRGB() {
		return img
	}
	out := toRGBA(img)
	for i := 0; i < len(out.Pix); i += 4 {
		pix := out.Pix[i : i+4 : i+4]
		switch a := uint32(pix[3]); a {
		case 0:
		case 255:
			pix[0], pix[1], pix[2] = p.convert(pix[0], pix[1], pix[2])
		default: // what shines through is stored dimmed
			r, g, b := p.convert(byte(uint32(pix[0])*255/a), byte(uint32(pix[1])*255/a), byte(uint32(pix[2])*255/a))
			pix[0], pix[1], pix[2] = byte(uint32(r)*a/255), byte(uint32(g)*a/255), byte(uint32(b)*a/255)
		}
	}
	return out
}
