package images

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"testing"

	"charla/chat"
)

// testAnimation returns an animation with n frames on a screen of 64 × 48. All frames but the first cover a part of it.
func testAnimation(n int) *gif.GIF {
	colors := color.Palette{color.RGBA{}, color.RGBA{220, 20, 20, 255}, color.RGBA{0, 200, 0, 255}}
	g := &gif.GIF{LoopCount: 7, Config: image.Config{ColorModel: colors, Width: 64, Height: 48}}
	for i := range n {
		area := image.Rect(0, 0, 64, 48)
		if i > 0 {
			area = image.Rect(8, 4, 24, 20)
		}
		frame := image.NewPaletted(area, colors)
		for p := range frame.Pix {
			frame.Pix[p] = uint8(1 + (p+i)%2)
		}
		frame.Pix[0] = 0
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 5+i)
		g.Disposal = append(g.Disposal, gif.DisposalBackground)
	}
	return g
}

func TestAnimationStaysAnimated(t *testing.T) {
	m := mustProcess(t, asGIF(t, testAnimation(5)), "image/gif")
	if !m.Animated || m.Width != 64 || m.Height != 48 || m.mimeTypes[chat.VariantOriginal] != "image/gif" {
		t.Errorf("%+v, %s", m.Picture, m.mimeTypes[chat.VariantOriginal])
	}
	sent, g := testAnimation(5), decodeGIF(t, m.bytes[chat.VariantOriginal])
	if len(g.Image) != 5 || g.LoopCount != 7 {
		t.Fatalf("%d frames, %d loops", len(g.Image), g.LoopCount)
	}
	for i, frame := range g.Image {
		if frame.Rect != sent.Image[i].Rect || g.Delay[i] != sent.Delay[i] || g.Disposal[i] != sent.Disposal[i] {
			t.Errorf("frame %d has the area %v, delay %d and disposal %d", i, frame.Rect, g.Delay[i], g.Disposal[i])
		}
		for y := frame.Rect.Min.Y; y < frame.Rect.Max.Y; y++ {
			for x := frame.Rect.Min.X; x < frame.Rect.Max.X; x++ {
				if !equalColor(frame.At(x, y), sent.Image[i].At(x, y)) {
					t.Fatalf("frame %d has a different color at %d, %d", i, x, y)
				}
			}
		}
	}
	for _, size := range []chat.Variant{chat.VariantMedium, chat.VariantThumb, chat.VariantSquare} {
		if b := m.bytes[size]; len(b) == 0 || m.mimeTypes[size] == "image/gif" {
			t.Errorf("%q is missing or animated", size)
		}
	}
}

// equalColor reports whether two colors are the same in RGBA.
func equalColor(a, b color.Color) bool {
	r, g, b1, a1 := a.RGBA()
	r2, g2, b2, a2 := b.RGBA()
	return r == r2 && g == g2 && b1 == b2 && a1 == a2
}

func decodeGIF(t *testing.T, b []byte) *gif.GIF {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestStillGIF: a GIF with one frame becomes a PNG of the size of the screen, even if the frame is smaller.
func TestStillGIF(t *testing.T) {
	g := testAnimation(2)
	g.Image, g.Delay, g.Disposal = g.Image[1:], g.Delay[1:], g.Disposal[1:]
	m := mustProcess(t, asGIF(t, g), "image/gif")
	mime, size := m.mimeTypes[chat.VariantOriginal], m.size(t, chat.VariantOriginal)
	if m.Animated || mime != "image/png" || size != image.Pt(64, 48) {
		t.Errorf("%+v, %s, %v", m.Picture, mime, size)
	}
}

func TestAnimationTooLong(t *testing.T) {
	one := asGIF(t, testAnimation(1))
	frame := one[13+12 : len(one)-1] // after the screen and a table of four colors
	bomb := bytes.Clone(one[:13+12])
	for range 10_000 {
		bomb = append(bomb, frame...)
	}
	if _, err := process(append(bomb, trailer), "image/gif"); !errors.Is(err, errAnimationTooLong) {
		t.Error(err)
	}
}

func TestAnimationStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Process(ctx, bytes.NewReader(asGIF(t, testAnimation(5))), "image/gif", func(r Rendition) error {
		cancel()
		return r.Write(&bytes.Buffer{})
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestDamagedGIF: a GIF without its end, or with a screen of another size than its frames, is shown.
func TestDamagedGIF(t *testing.T) {
	garbage := []byte("garbage")
	still, moving := asGIF(t, testAnimation(1)), asGIF(t, testAnimation(3))
	screen := func(file []byte, w, h uint16) []byte { return withScreenSize(bytes.Clone(file), w, h) }
	for name, c := range map[string]struct {
		file     []byte
		want     image.Point
		animated bool
	}{
		"without a trailer":                {still[:len(still)-1], image.Pt(64, 48), false},
		"without the end of the pixels":    {still[:len(still)-20], image.Pt(64, 48), false},
		"an animation without a trailer":   {moving[:len(moving)-1], image.Pt(64, 48), true},
		"with a truncated last frame":      {moving[:len(moving)-20], image.Pt(64, 48), true},
		"with garbage instead of an end":   {slices.Concat(moving[:len(moving)-1], garbage), image.Pt(64, 48), true},
		"with trailing data":               {append(bytes.Clone(moving), "PK\x03\x04"...), image.Pt(64, 48), true},
		"0 × 0":                            {screen(still, 0, 0), image.Pt(64, 48), false},
		"0 × 0, an animation":              {screen(moving, 0, 0), image.Pt(64, 48), true},
		"a screen smaller than its frame":  {screen(still, 20, 10), image.Pt(64, 48), false},
		"a screen larger than its frame":   {screen(still, 100, 90), image.Pt(100, 90), false},
		"later frames beyond the screen":   {movedFrame(t, moving), image.Pt(64, 48), true},
		"a frame far away from the screen": {withFrameAt(still, 10, 5), image.Pt(74, 53), false},
	} {
		m := mustProcess(t, c.file, "image/gif")
		if m.Width != c.want.X || m.Height != c.want.Y || m.Animated != c.animated {
			t.Errorf("%s: %+v", name, m.Picture)
		}
		original := m.decode(t, chat.VariantOriginal)
		if c.animated && len(decodeGIF(t, m.bytes[chat.VariantOriginal]).Image) < 2 {
			t.Errorf("%s: one frame is left", name)
		}
		if original.Bounds().Empty() {
			t.Errorf("%s: the original is empty", name)
		}
	}
}

// withFrameAt moves the first frame of a GIF.
func withFrameAt(file []byte, x, y uint16) []byte {
	file = bytes.Clone(file)
	at := bytes.IndexByte(file, imageBlock)
	binary.LittleEndian.PutUint16(file[at+1:], x)
	binary.LittleEndian.PutUint16(file[at+3:], y)
	return file
}

// movedFrame moves the second frame of an animation so that a part of it lies beyond the screen.
func movedFrame(t *testing.T, file []byte) []byte {
	t.Helper()
	area := []byte{imageBlock, 8, 0, 4, 0, 16, 0, 16, 0}
	if !bytes.Contains(file, area) {
		t.Fatal("the second frame is not where it was expected")
	}
	return bytes.Replace(file, area, []byte{imageBlock, 60, 0, 40, 0, 16, 0, 16, 0}, 1)
}

// TestInterlacedGIF: the rows of an interlaced GIF are put into their order.
func TestInterlacedGIF(t *testing.T) {
	colors := color.Palette{}
	for i := range 48 {
		colors = append(colors, color.Gray{byte(5 * i)})
	}
	frame := image.NewPaletted(image.Rect(0, 0, 64, 48), colors)
	row := 0
	for _, pass := range [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}} {
		for y := pass[0]; y < 48; y += pass[1] {
			for x := range 64 {
				frame.SetColorIndex(x, row, byte(y)) // the row at which the decoder has to put it
			}
			row++
		}
	}
	file := asGIF(t, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}})
	at := bytes.LastIndex(file, []byte{imageBlock, 0, 0, 0, 0, 64, 0, 48, 0})
	file[at+9] |= 0x40
	img := mustProcess(t, file, "image/gif").decode(t, chat.VariantOriginal)
	for y := range 48 {
		if !nearGray(img.At(30, y), 5*y) {
			t.Fatalf("row %d is %v", y, img.At(30, y))
		}
	}
}
