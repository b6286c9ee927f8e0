package images

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"testing"

	"charla/chat"
)

// testAnimation is an animation of n frames on a screen of 64 × 48, of which all but the first cover a part.
func testAnimation(n int) *gif.GIF {
	colours := color.Palette{color.RGBA{}, color.RGBA{220, 20, 20, 255}, color.RGBA{0, 200, 0, 255}}
	g := &gif.GIF{LoopCount: 7, Config: image.Config{ColorModel: colours, Width: 64, Height: 48}}
	for i := range n {
		where := image.Rect(0, 0, 64, 48)
		if i > 0 {
			where = image.Rect(8, 4, 24, 20)
		}
		frame := image.NewPaletted(where, colours)
		for p := range frame.Pix {
			frame.Pix[p] = uint8(1 + (p+i)%2)
		}
		frame.Pix[0] = 0
		g.Image, g.Delay, g.Disposal = append(g.Image, frame), append(g.Delay, 5+i), append(g.Disposal, gif.DisposalBackground)
	}
	return g
}

func TestAnimationStaysAnimated(t *testing.T) {
	m := mustProcess(t, asGIF(t, testAnimation(5)), "image/gif")
	if !m.Animated || m.Width != 64 || m.Height != 48 || m.mimeTypes[chat.VariantOriginal] != "image/gif" {
		t.Errorf("%+v, %s", m.Picture, m.mimeTypes[chat.VariantOriginal])
	}
	was, g := testAnimation(5), decodeGIF(t, m.bytes[chat.VariantOriginal])
	if len(g.Image) != 5 || g.LoopCount != 7 {
		t.Fatalf("%d frames, %d loops", len(g.Image), g.LoopCount)
	}
	for i, frame := range g.Image {
		if frame.Rect != was.Image[i].Rect || g.Delay[i] != was.Delay[i] || g.Disposal[i] != was.Disposal[i] {
			t.Errorf("frame %d at %v for %d, then %d", i, frame.Rect, g.Delay[i], g.Disposal[i])
		}
		for y := frame.Rect.Min.Y; y < frame.Rect.Max.Y; y++ {
			for x := frame.Rect.Min.X; x < frame.Rect.Max.X; x++ {
				if !equalColor(frame.At(x, y), was.Image[i].At(x, y)) {
					t.Fatalf("frame %d has another colour at %d, %d", i, x, y)
				}
			}
		}
	}
	for _, size := range []chat.Variant{chat.VariantMedium, chat.VariantThumb, chat.VariantSquare} {
		if b := m.bytes[size]; len(b) == 0 || m.mimeTypes[size] == "image/gif" {
			t.Errorf("%q does not stand still", size)
		}
	}
}

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

// One frame is no animation: it becomes a PNG, as large as its screen even where the frame is not.
func TestStillGIF(t *testing.T) {
	g := testAnimation(2)
	g.Image, g.Delay, g.Disposal = g.Image[1:], g.Delay[1:], g.Disposal[1:]
	m := mustProcess(t, asGIF(t, g), "image/gif")
	if m.Animated || m.mimeTypes[chat.VariantOriginal] != "image/png" || m.size(t, chat.VariantOriginal) != image.Pt(64, 48) {
		t.Errorf("%+v, %s, %v", m.Picture, m.mimeTypes[chat.VariantOriginal], m.size(t, chat.VariantOriginal))
	}
}

func TestAnimationTooLong(t *testing.T) {
	one := asGIF(t, testAnimation(1))
	frame := one[13+12 : len(one)-1] // after the screen and four colours
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
	_, err := Process(ctx, bytes.NewReader(asGIF(t, testAnimation(5))), "image/gif", func(f Rendition) error {
		cancel()
		return f.Write(&bytes.Buffer{})
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
