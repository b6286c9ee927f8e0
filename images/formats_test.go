package images

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"charla/chat"
)

// cmykJPEG returns a CMYK JPEG whose four channels are a gray image. Each channel has a scan of its own.
func cmykJPEG(t testing.TB, gray image.Image) []byte {
	t.Helper()
	file := asJPEG(t, gray)
	frame, scan := bytes.Index(file, []byte{0xff, 0xc0}), bytes.Index(file, []byte{0xff, 0xda})
	if file[frame+9] != 1 {
		t.Fatal("the picture is not gray")
	}
	tables := append(bytes.Clone(file[2:frame]), file[frame+2+int(file[frame+3]):scan]...)
	pixels := file[scan+2+int(file[scan+3]) : len(file)-2]
	adobe := append([]byte{0xff, 0xee, 0, 14}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	out := append(append([]byte{0xff, 0xd8}, adobe...), tables...)
	out = append(append(out, 0xff, 0xc0, 0, 8+4*3), file[frame+4:frame+9]...)
	out = append(out, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
	for c := range byte(4) {
		out = append(append(out, 0xff, 0xda, 0, 8, 1, c+1, 0, 0, 63, 0), pixels...)
	}
	return append(out, 0xff, 0xd9)
}

func TestCMYKPicture(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, 64, 48))
	for i := range gray.Pix {
		gray.Pix[i] = 200
	}
	file := cmykJPEG(t, gray)
	if img, err := jpeg.Decode(bytes.NewReader(file)); err != nil || img.ColorModel() != color.CMYKModel {
		t.Fatalf("%T, %v", img, err)
	}
	m := mustProcess(t, file, "image/jpeg")
	img := m.decode(t, chat.VariantOriginal)
	if img.ColorModel() != color.YCbCrModel || img.Bounds().Size() != image.Pt(64, 48) {
		t.Errorf("the original is a %T of %v", img, img.Bounds())
	}
}

// interlacedPNG returns a gray PNG in the seven passes of Adam7 (PNG specification, 8.2).
func interlacedPNG(w, h int, at func(x, y int) byte) []byte {
	var raw, packed bytes.Buffer
	passes := [7][4]int{ // the first column and row, and the steps
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	}
	for _, p := range passes {
		for y := p[1]; y < h && p[0] < w; y += p[3] {
			raw.WriteByte(0)
			for x := p[0]; x < w; x += p[2] {
				raw.WriteByte(at(x, y))
			}
		}
	}
	z := zlib.NewWriter(&packed)
	z.Write(raw.Bytes())
	z.Close()
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	out := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(head, 8, 0, 0, 0, 1))...)
	return append(append(out, pngChunk("IDAT", packed.Bytes())...), pngChunk("IEND", nil)...)
}

// pngChunk returns a chunk of a PNG.
func pngChunk(name string, body []byte) []byte {
	named := append([]byte(name), body...)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), named...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(named))
}

func TestInterlacedPicture(t *testing.T) {
	m := mustProcess(t, interlacedPNG(50, 40, func(x, y int) byte { return byte(5 * x) }), "image/png")
	img := m.decode(t, chat.VariantOriginal)
	if !nearGray(img.At(10, 20), 50) || img.Bounds().Size() != image.Pt(50, 40) {
		t.Errorf("the pixel at 10, 20 is %v, the size %v", img.At(10, 20), img.Bounds())
	}
}

// Two WebP pictures with one pixel, lossy and transparent. They are constants because Go has no WebP encoder.
const (
	lossyWebP       = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"
	transparentWebP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="
)

func TestWebP(t *testing.T) {
	for file, want := range map[string]string{lossyWebP: "image/jpeg", transparentWebP: "image/png"} {
		b, err := base64.StdEncoding.DecodeString(file)
		if err != nil {
			t.Fatal(err)
		}
		m := mustProcess(t, b, "image/webp")
		if m.mimeTypes[chat.VariantOriginal] != want || m.Width != 1 || m.Height != 1 {
			t.Errorf("%s, %+v", m.mimeTypes[chat.VariantOriginal], m.Picture)
		}
	}
}
