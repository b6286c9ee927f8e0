package images

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"charla/chat"
)

// TestJPEGSampling: pictures with any sampling factors show the same pixels, in one scan, in a scan for each component
// and in many scans that refine each other.
func TestJPEGSampling(t *testing.T) {
	shown := func(c, x, y int) byte {
		return byte(128 + 60*math.Sin(float64(x)/float64(7+5*c)) + 50*math.Cos(float64(y)/float64(9+4*c)))
	}
	const width, height = 75, 61
	want := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		x, y := i%width, i/width
		r, g, b := color.YCbCrToRGB(shown(0, x, y), shown(1, x, y), shown(2, x, y))
		want.SetRGBA(x, y, color.RGBA{r, g, b, 255})
	}
	for _, factors := range [][][2]int{
		{{1, 1}, {1, 1}, {1, 1}}, {{2, 2}, {1, 1}, {1, 1}}, {{2, 1}, {1, 1}, {1, 1}}, {{1, 2}, {1, 1}, {1, 1}},
		{{4, 1}, {1, 1}, {1, 1}}, {{2, 1}, {1, 2}, {1, 1}}, {{3, 1}, {1, 1}, {1, 1}}, {{3, 2}, {2, 1}, {1, 2}},
		{{1, 1}, {2, 2}, {1, 1}}, {{2, 2}, {2, 1}, {1, 2}}, {{2, 2}, {2, 2}, {2, 2}}, {{1, 1}, {2, 1}, {4, 2}},
	} {
		for _, restart := range []int{0, 3} {
			e := newTestJPEG(width, height, restart, factors, shown)
			for kind, file := range map[string][]byte{
				"sequential": e.sequential(false), "separate": e.sequential(true), "progressive": e.progressive(),
			} {
				name := fmt.Sprint(kind, factors, restart)
				got := decodeJPEGFile(t, name, file)
				if d := difference(got, want); d > 6 {
					t.Errorf("%s: the pixels differ by %.2f on average", name, d)
				}
				if std, err := jpeg.Decode(bytes.NewReader(file)); err == nil && difference(got, std) > 0.4 {
					t.Errorf("%s: the pixels differ by %.2f from another decoder", name, difference(got, std))
				}
				m := mustProcess(t, file[:len(file)*3/4], "image/jpeg")
				if m.Width != width || m.Height != height {
					t.Errorf("three quarters of %s: %+v", name, m.Picture)
				}
			}
		}
	}
}

func decodeJPEGFile(t *testing.T, name string, file []byte) *image.RGBA {
	t.Helper()
	f := formats["image/jpeg"]
	p, err := f.read(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	img, err := f.decodeUpright(t.Context(), bytes.NewReader(file), p, originalSide)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return img
}

// TestLostRestartInterval: where the data of a JPEG are invalid, only the blocks up to the next restart marker suffer.
func TestLostRestartInterval(t *testing.T) {
	e := newTestJPEG(64, 64, 4, [][2]int{{1, 1}}, func(_, x, y int) byte { return byte(60 + x + y) })
	file := e.sequential(false)
	from, to := bytes.Index(file, []byte{0xff, restart0}), bytes.Index(file, []byte{0xff, restart0 + 1})
	damaged := append(bytes.Clone(file[:from+2]), file[to:]...)
	img := mustProcess(t, damaged, "image/jpeg").decode(t, chat.VariantOriginal)
	if !nearGray(img.At(5, 5), 70) || !nearGray(img.At(50, 50), 160) {
		t.Errorf("pixels are %v and %v", img.At(5, 5), img.At(50, 50))
	}
	if !nearGray(img.At(50, 2), 128) { // a part of the interval that was lost
		t.Errorf("the lost part is %v", img.At(50, 2))
	}
}

// TestYCCK: a JPEG with four inks as luminance, colors and black is shown in its colors.
func TestYCCK(t *testing.T) {
	values := []byte{76, 85, 255, 200} // red, and little black
	e := newTestJPEG(32, 32, 0, [][2]int{{1, 1}, {1, 1}, {1, 1}, {1, 1}}, func(c, _, _ int) byte { return values[c] })
	file := e.sequential(false)
	segment := append([]byte{0xff, adobeMarker, 0, 14}, "Adobe\x00\x64\x00\x00\x00\x00\x02"...)
	file = append(append(file[:2:2], segment...), file[2:]...)
	std, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(decodeJPEGFile(t, "YCCK", file), std); d > 2 {
		t.Errorf("the pixels differ by %.2f from another decoder", d)
	}
}

func TestTruncatedJPEG(t *testing.T) {
	shown := testPhoto(320, 240)
	for name, file := range map[string][]byte{"color": asJPEG(t, shown), "gray": asJPEG(t, asGray(shown))} {
		whole := mustProcess(t, file, "image/jpeg").decode(t, chat.VariantOriginal)
		withoutEnd := mustProcess(t, file[:len(file)-2], "image/jpeg").decode(t, chat.VariantOriginal)
		if whole.At(300, 230) != withoutEnd.At(300, 230) {
			t.Errorf("%s without an end is %v instead of %v", name, withoutEnd.At(300, 230), whole.At(300, 230))
		}
		m := mustProcess(t, file[:len(file)*2/3], "image/jpeg")
		img := m.decode(t, chat.VariantOriginal)
		if m.Width != 320 || m.Height != 240 || m.mimeTypes[chat.VariantOriginal] != "image/jpeg" {
			t.Errorf("two thirds of %s: %+v, %s", name, m.Picture, m.mimeTypes[chat.VariantOriginal])
		}
		if img.At(40, 40) != whole.At(40, 40) || !nearGray(img.At(300, 230), 128) {
			t.Errorf("two thirds of %s: %v and %v", name, img.At(40, 40), img.At(300, 230))
		}
	}
}

func asGray(img image.Image) *image.Gray {
	gray := image.NewGray(img.Bounds())
	for y := range gray.Rect.Max.Y {
		for x := range gray.Rect.Max.X {
			gray.Set(x, y, img.At(x, y))
		}
	}
	return gray
}

// TestJPEGKinds: pictures of all kinds are decoded like the decoder of the standard library does, or like another kind
// of the same picture.
func TestJPEGKinds(t *testing.T) {
	shown := testPhoto(75, 53)
	for name, file := range map[string][]byte{
		"4:2:0": asJPEG(t, shown), "gray": asJPEG(t, asGray(shown)), "RGB": asRGBJPEG(asJPEG(t, shown)),
		"RGB of Adobe": asAdobeRGB(asJPEG(t, shown)), "CMYK": cmykJPEG(t, asGray(shown)),
	} {
		want, err := jpeg.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		f := formats["image/jpeg"]
		p, err := f.read(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := f.decodeUpright(t.Context(), bytes.NewReader(file), p, originalSide)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := difference(got, want); d > 1 {
			t.Errorf("%s: the pixels differ by %.2f on average", name, d)
		}
	}
}

// difference returns the average difference between the color channels of two images.
func difference(a, b image.Image) float64 {
	var sum, n float64
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			for _, d := range []float64{
				float64(r1) - float64(r2), float64(g1) - float64(g2), float64(b1) - float64(b2),
			} {
				sum, n = sum+max(d, -d)/257, n+1
			}
		}
	}
	return sum / n
}

// asRGBJPEG changes the names of the components of a JPEG to R, G and B.
func asRGBJPEG(file []byte) []byte {
	frame := file[bytes.Index(file, []byte{0xff, 0xc0}):]
	frame[10], frame[13], frame[16] = 'R', 'G', 'B'
	scan := file[bytes.Index(file, []byte{0xff, 0xda}):]
	scan[5], scan[7], scan[9] = 'R', 'G', 'B'
	return file
}

// asAdobeRGB adds an Adobe segment to a JPEG that says that its components are RGB.
func asAdobeRGB(file []byte) []byte {
	segment := append([]byte{0xff, 0xee, 0, 14}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	return append(append(file[:2:2], segment...), file[2:]...)
}
