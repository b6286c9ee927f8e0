package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// sampleFiles creates files in a temporary directory.
type sampleFiles struct {
	*testing.T
	dir string
}

func newSampleFiles(t *testing.T) sampleFiles { return sampleFiles{t, t.TempDir()} }

// write writes a file and returns its path.
func (a sampleFiles) write(name string, content []byte) string {
	a.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		a.Fatal(err)
	}
	return path
}

// landscape paints hills under a sky, in colors that depend on hue.
func landscape(width, height int, hue float64) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			u, v := float64(x)/float64(width), float64(y)/float64(height)
			c := color.RGBA{uint8(150 + 90*v), uint8(190 + 30*v), uint8(225 - 40*v), 255}
			for i := range 4 {
				d := float64(i)
				ridge := 0.42 + 0.14*d + 0.07*math.Sin(u*(4+d*2)+hue+d*1.7) + 0.02*math.Sin(u*23+d)
				if v > ridge {
					c = color.RGBA{uint8(120 - 22*d + 30*math.Sin(hue)), uint8(140 - 26*d),
						uint8(110 - 24*d + 40*math.Cos(hue)), 255}
				}
			}
			if r := math.Hypot(u-0.75, (v-0.2)*float64(height)/float64(width)); r < 0.05 {
				c = color.RGBA{255, 236, 190, 255}
			}
			picture.SetRGBA(x, y, c)
		}
	}
	return picture
}

func (a sampleFiles) jpeg(name string, width, height int, hue float64) string {
	a.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, landscape(width, height, hue), nil); err != nil {
		a.Fatal(err)
	}
	return a.write(name, b.Bytes())
}

func (a sampleFiles) png(name string, width, height int) string {
	a.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, landscape(width, height, 1)); err != nil {
		a.Fatal(err)
	}
	return a.write(name, b.Bytes())
}

// gif makes an animated picture: red, then blue.
func (a sampleFiles) gif(name string, width, height int) string {
	a.Helper()
	g := gif.GIF{}
	for _, c := range []color.Color{color.RGBA{200, 30, 30, 255}, color.RGBA{30, 30, 200, 255}} {
		frame := image.NewPaletted(image.Rect(0, 0, width, height), palette.Plan9)
		draw.Draw(frame, frame.Rect, image.NewUniform(c), image.Point{}, draw.Src)
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		a.Fatal(err)
	}
	return a.write(name, b.Bytes())
}

// wav makes a quiet tone of some seconds.
func (a sampleFiles) wav(name string, seconds int) string {
	a.Helper()
	const rate = 8000
	data := make([]byte, rate*seconds)
	for i := range data {
		data[i] = byte(128 + 20*math.Sin(float64(i)*440*2*math.Pi/rate))
	}
	number := func(n, bytes int) (b []byte) {
		for range bytes {
			b, n = append(b, byte(n)), n>>8
		}
		return b
	}
	var b bytes.Buffer
	for _, part := range [][]byte{
		[]byte("RIFF"), number(36+len(data), 4), []byte("WAVEfmt "), number(16, 4), number(1, 2), number(1,
			2), number(rate, 4), number(rate, 4),
		number(1, 2), number(8, 2), []byte("data"), number(len(data), 4), data,
	} {
		b.Write(part)
	}
	return a.write(name, b.Bytes())
}
