package images

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
	"testing"

	"charla/chat"
)

// The XYZ values of red, green and blue in the profiles of two color spaces.
var (
	displayP3Primaries = [9]float64{0.51512, 0.24120, -0.00105, 0.29198, 0.69225, 0.04189, 0.15710, 0.06657, 0.78407}
	srgbPrimaries      = [9]float64{0.43607, 0.22249, 0.01392, 0.38515, 0.71687, 0.09708, 0.14307, 0.06061, 0.71410}
)

// The curve of both color spaces, as a formula and as points, and a simpler one of older cameras.
var (
	parametricTag = tagData("para", []byte{0, 3, 0, 0}, fixed16Numbers(2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045))
	pointsTag     = func() []byte {
		points := binary.BigEndian.AppendUint32(nil, 1024)
		for i := range 1024 {
			x := float64(i) / 1023
			if x < 0.04045 {
				x /= 12.92
			} else {
				x = math.Pow((x+0.055)/1.055, 2.4)
			}
			points = binary.BigEndian.AppendUint16(points, uint16(math.Round(x*math.MaxUint16)))
		}
		return tagData("curv", points)
	}()
	powerTag = tagData("curv", []byte{0, 0, 0, 1, 2, 0x33}) // the power 2.2
)

// fixed16Numbers encodes fixed-point numbers with 16 fractional bits.
func fixed16Numbers(all ...float64) (b []byte) {
	for _, n := range all {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(n*(1<<16)))))
	}
	return b
}

// tagData returns the data of a profile tag.
func tagData(kind string, parts ...[]byte) []byte {
	return append([]byte(kind+"\x00\x00\x00\x00"), bytes.Join(parts, nil)...)
}

// screenProfile returns the profile of a screen.
func screenProfile(primaries [9]float64, curve []byte) []byte {
	head := make([]byte, 128)
	copy(head[16:], "RGB XYZ ")
	copy(head[36:], "acsp")
	var table, data []byte
	add := func(name string, b []byte) {
		table = append(table, name...)
		table = binary.BigEndian.AppendUint32(table, uint32(128+4+6*12+len(data)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(b)))
		data = append(data, b...)
	}
	for i, c := range []string{"r", "g", "b"} {
		add(c+"XYZ", tagData("XYZ ", fixed16Numbers(primaries[3*i:][:3]...)))
		add(c+"TRC", curve)
	}
	return slices.Concat(head, []byte{0, 0, 0, 6}, table, data)
}

// jpegWithProfile adds a profile to a JPEG.
func jpegWithProfile(file, icc []byte) []byte {
	segment := append([]byte("ICC_PROFILE\x00\x01\x01"), icc...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, app2Marker}, uint16(len(segment)+2))
	return slices.Concat(head, segment, file[2:])
}

// pngWithProfile adds a profile to a PNG.
func pngWithProfile(file, icc []byte) []byte {
	var b bytes.Buffer
	b.WriteString("a name\x00\x00")
	z := zlib.NewWriter(&b)
	z.Write(icc)
	z.Close()
	const head = 8 + 25
	return slices.Concat(file[:head], pngChunk("iCCP", b.Bytes()), file[head:])
}

// webpWithProfile adds a profile to a WebP.
func webpWithProfile(file, icc []byte) []byte {
	part := func(name string, b []byte) []byte {
		length := binary.LittleEndian.AppendUint32(nil, uint32(len(b)))
		return slices.Concat([]byte(name), length, b, make([]byte, len(b)&1))
	}
	header := part("VP8X", []byte{1 << 5, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	all := slices.Concat([]byte("WEBP"), header, part("ICCP", icc), file[12:])
	return slices.Concat([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(all))), all)
}

// solidColor returns a picture of one color.
func solidColor(c color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

// hasColor reports whether a picture has a color in its middle, with the tolerance that JPEG needs.
func hasColor(img image.Image, want color.NRGBA) bool {
	got := color.NRGBAModel.Convert(img.At(8, 8)).(color.NRGBA)
	close := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 4 }
	return close(got.R, want.R) && close(got.G, want.G) && close(got.B, want.B) && close(got.A, want.A)
}

// TestDisplayP3IsConverted: colors in display-p3 (CSS Color 4), the color space of phones, become the same colors in
// sRGB, in all variants and formats. A color outside sRGB becomes the nearest one.
func TestDisplayP3IsConverted(t *testing.T) {
	for _, c := range []struct{ stored, want color.NRGBA }{
		{color.NRGBA{234, 51, 35, 255}, color.NRGBA{255, 0, 0, 255}},
		{color.NRGBA{117, 251, 76, 255}, color.NRGBA{0, 255, 0, 255}},
		{color.NRGBA{0, 0, 245, 255}, color.NRGBA{0, 0, 255, 255}},
		{color.NRGBA{255, 0, 0, 255}, color.NRGBA{255, 0, 0, 255}},
		{color.NRGBA{255, 255, 255, 255}, color.NRGBA{255, 255, 255, 255}},
		{color.NRGBA{90, 90, 90, 255}, color.NRGBA{90, 90, 90, 255}},
		{color.NRGBA{234, 51, 35, 128}, color.NRGBA{255, 0, 0, 128}},
		{color.NRGBA{0, 0, 0, 0}, color.NRGBA{0, 0, 0, 0}},
	} {
		for name, curve := range map[string][]byte{"formula": parametricTag, "points": pointsTag} {
			icc := screenProfile(displayP3Primaries, curve)
			files := map[string][]byte{"image/png": pngWithProfile(asPNG(t, solidColor(c.stored)), icc)}
			if c.stored.A == 255 {
				files["image/jpeg"] = jpegWithProfile(asJPEG(t, solidColor(c.stored)), icc)
			}
			for mime, file := range files {
				m := mustProcess(t, file, mime)
				for _, size := range []chat.Variant{chat.VariantOriginal, chat.VariantThumb, chat.VariantSquare} {
					if img := m.decode(t, size); !hasColor(img, c.want) {
						t.Errorf("%s, %s: %v became %v in %v, want %v",
							name, mime, c.stored, img.At(8, 8), size, c.want)
					}
				}
			}
		}
	}
}

func TestWebPProfile(t *testing.T) {
	file, err := base64.StdEncoding.DecodeString(lossyWebP)
	if err != nil {
		t.Fatal(err)
	}
	pixel := func(file []byte) string {
		return fmt.Sprint(mustProcess(t, file, "image/webp").decode(t, chat.VariantOriginal).At(0, 0))
	}
	plain := pixel(file)
	if got := pixel(webpWithProfile(file, screenProfile(srgbPrimaries, parametricTag))); got != plain {
		t.Errorf("%s became %s with the profile of sRGB", plain, got)
	}
	dark := tagData("curv", []byte{0, 0, 0, 1, 8, 0})
	if got := pixel(webpWithProfile(file, screenProfile(srgbPrimaries, dark))); got == plain {
		t.Errorf("%s was not changed by a profile that darkens", plain)
	}
}

// TestUnneededConversionChangesNothing: the profile of sRGB, which most pictures have, and unsupported profiles
// change no pixel.
func TestUnneededConversionChangesNothing(t *testing.T) {
	file := asPNG(t, testPhoto(64, 48))
	want := mustProcess(t, file, "image/png").bytes[chat.VariantOriginal]
	p3 := screenProfile(displayP3Primaries, parametricTag)
	with := func(at int, b byte) []byte {
		icc := bytes.Clone(p3)
		icc[at] = b
		return icc
	}
	for name, icc := range map[string][]byte{
		"sRGB": screenProfile(srgbPrimaries, parametricTag), "sRGB by points": screenProfile(srgbPrimaries, pointsTag),
		"empty": {}, "only a header": p3[:128], "truncated": firstHalf(p3), "of a printer": with(16, 'C'),
		"without the signature":    with(36, 'x'),
		"a tag beyond the end":     with(136, 0xff),
		"an unknown kind of curve": screenProfile(displayP3Primaries, tagData("curv", []byte{0xff, 0xff, 0xff, 0xff})),
		"an unknown formula":       screenProfile(displayP3Primaries, tagData("para", []byte{0, 9, 0, 0}, fixed16Numbers(1))),
		"too long":                 append(bytes.Repeat([]byte{0}, maxProfileBytes), p3...),
	} {
		got := mustProcess(t, pngWithProfile(file, icc), "image/png").bytes[chat.VariantOriginal]
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the picture changed", name)
		}
	}
	other := pngWithProfile(file, screenProfile(srgbPrimaries, powerTag))
	if got := mustProcess(t, other, "image/png").bytes[chat.VariantOriginal]; bytes.Equal(got, want) {
		t.Error("another curve changes nothing, so that this test proves nothing")
	}
}

// FuzzProfile checks that no profile causes a panic.
func FuzzProfile(f *testing.F) {
	for _, curve := range [][]byte{
		parametricTag, pointsTag, powerTag, tagData("para", []byte{0, 1, 0, 0}, fixed16Numbers(-2, 1e-5, -3)),
		tagData("para", []byte{0, 4, 0, 0}, fixed16Numbers(0, 0, 0, 9, 9, 9, 9)),
	} {
		f.Add(screenProfile(displayP3Primaries, curve))
	}
	img := testPhoto(8, 8)
	f.Fuzz(func(t *testing.T, icc []byte) {
		if p := newProfile(icc); p != nil {
			p.convertRow(bytes.Clone(img.Pix))
		}
		if p, ok := parseProfile(icc); ok {
			p.differsFromSRGB()
		}
	})
}

// TestProfileBomb: a compressed profile that is too long is truncated.
func TestProfileBomb(t *testing.T) {
	bomb := slices.Concat(screenProfile(displayP3Primaries, parametricTag), make([]byte, 64<<20))
	file := pngWithProfile(asPNG(t, solidColor(color.NRGBA{234, 51, 35, 255})), bomb)
	if got := formats["image/png"].profile(bytes.NewReader(file)); len(got) != maxProfileBytes {
		t.Errorf("decompressed %d bytes", len(got))
	}
	img := mustProcess(t, file, "image/png").decode(t, chat.VariantOriginal)
	if !hasColor(img, color.NRGBA{255, 0, 0, 255}) {
		t.Errorf("the color became %v", img.At(8, 8))
	}
}

// BenchmarkConvertRow converts a picture of the maximum original size.
func BenchmarkConvertRow(b *testing.B) {
	img, icc := testPhoto(2560, 1920), screenProfile(displayP3Primaries, parametricTag)
	for b.Loop() {
		newProfile(icc).convertRow(img.Pix)
	}
}
