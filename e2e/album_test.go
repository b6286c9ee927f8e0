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

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// album makes files that somebody has on their disk.
type album struct {
	*testing.T
	dir string
}

func newAlbum(t *testing.T) album { return album{t, t.TempDir()} }

// keep writes a file and returns its path.
func (a album) keep(name string, content []byte) string {
	a.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		a.Fatal(err)
	}
	return path
}

// landscape paints hills under a sky, other ones for each hue.
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
					c = color.RGBA{uint8(120 - 22*d + 30*math.Sin(hue)), uint8(140 - 26*d), uint8(110 - 24*d + 40*math.Cos(hue)), 255}
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

func (a album) jpeg(name string, width, height int, hue float64) string {
	a.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, landscape(width, height, hue), nil); err != nil {
		a.Fatal(err)
	}
	return a.keep(name, b.Bytes())
}

func (a album) png(name string, width, height int) string {
	a.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, landscape(width, height, 1)); err != nil {
		a.Fatal(err)
	}
	return a.keep(name, b.Bytes())
}

// gif makes a picture that moves: red, then blue.
func (a album) gif(name string, width, height int) string {
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
	return a.keep(name, b.Bytes())
}

// wav makes seconds of a quiet tone.
func (a album) wav(name string, seconds int) string {
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
		[]byte("RIFF"), number(36+len(data), 4), []byte("WAVEfmt "), number(16, 4), number(1, 2), number(1, 2), number(rate, 4), number(rate, 4),
		number(1, 2), number(8, 2), []byte("data"), number(len(data), 4), data,
	} {
		b.Write(part)
	}
	return a.keep(name, b.Bytes())
}

// chooses picks files as the browser's own dialog does.
func (b *tab) chooses(paths ...string) {
	b.Helper()
	b.choosesIn(".attach__field", paths...)
}

func (b *tab) choosesIn(selector string, paths ...string) {
	b.Helper()
	b.until("there is "+selector, say(`document.querySelector(%s)`, asJSON(selector)))
	field, err := look[*runtime.RemoteObject](b, say(`document.querySelector(%s)`, asJSON(selector)))
	if err != nil {
		b.Fatal(err)
	}
	do(b, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, ObjectID: field.ObjectID})
}

// drags moves files over an element, and drops them there if told to.
func (b *tab) drags(selector string, drop bool, paths ...string) {
	b.Helper()
	xy := ask[[]float64](b, say(spot, asJSON(selector)))
	data := input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		if kind != input.DispatchDragEventTypeDrop || drop {
			do(b, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: xy[0], Y: xy[1], Data: &data})
		}
	}
}

// shoots keeps a picture of what the tab shows: go test -artifacts -outputdir.
func (b *tab) shoots(name string) {
	b.Helper()
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
}
