package images

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"testing"

	"charla/chat"
)

// made is what Make handed out.
type made struct {
	Picture
	forms map[chat.Size][]byte
	types map[chat.Size]string
}

func makeOf(file []byte, mime string) (made, error) {
	m := made{forms: map[chat.Size][]byte{}, types: map[chat.Size]string{}}
	var err error
	m.Picture, err = Make(context.Background(), bytes.NewReader(file), mime, func(f Form) error {
		var b bytes.Buffer
		err := f.Write(&b)
		m.forms[f.Size], m.types[f.Size] = b.Bytes(), f.Type
		return err
	})
	return m, err
}

func mustMake(t *testing.T, file []byte, mime string) made {
	t.Helper()
	m, err := makeOf(file, mime)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// pixels decodes a form.
func (m made) pixels(t *testing.T, size chat.Size) image.Image {
	t.Helper()
	img, kind, err := image.Decode(bytes.NewReader(m.forms[size]))
	if err != nil || "image/"+kind != m.types[size] {
		t.Fatalf("%q is %s, said to be %s: %v", size, kind, m.types[size], err)
	}
	return img
}

func (m made) size(t *testing.T, size chat.Size) image.Point {
	t.Helper()
	return m.pixels(t, size).Bounds().Size()
}

// view is a picture like those of a camera: smooth, with some noise, and a red corner at its top left.
func view(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for y := range h {
		for x := range w {
			n := uint8(r.IntN(12))
			c := color.RGBA{uint8(40 + 100*x/w), uint8(60 + 100*y/h), 90, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{220, 20, 20, 255}
			}
			img.SetRGBA(x, y, color.RGBA{c.R + n, c.G + n, c.B + n, 255})
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, g *gif.GIF) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func isRed(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return r > 0xa000 && g < 0x6000 && b < 0x6000
}

func TestAPhotoInItsSizes(t *testing.T) {
	m := mustMake(t, asJPEG(t, view(4000, 3000)), "image/jpeg")
	if m.Width != 2560 || m.Height != 1920 || m.Moves {
		t.Errorf("%+v", m.Picture)
	}
	for size, want := range map[chat.Size]image.Point{chat.Whole: {2560, 1920}, chat.Medium: {960, 720}, chat.Thumb: {320, 240}, chat.Square: {128, 128}} {
		if got := m.size(t, size); got != want || m.types[size] != "image/jpeg" {
			t.Errorf("%q has %v and is %s", size, got, m.types[size])
		}
		if img := m.pixels(t, size); !isRed(img.At(5, 5)) || isRed(img.At(want.X-5, 5)) || isRed(img.At(5, want.Y-5)) {
			t.Errorf("%q is not the picture that was sent", size)
		}
	}
}

// A small picture is not blown up, and not kept twice.
func TestSmallPictures(t *testing.T) {
	for _, want := range []image.Point{{1, 1}, {100, 60}, {20000, 1}, {1, 20000}, {321, 320}, {960, 5}} {
		m := mustMake(t, asPNG(t, view(want.X, want.Y)), "image/png")
		whole := m.size(t, chat.Whole)
		if longer := max(want.X, want.Y); longer <= wholeSide && whole != want || max(whole.X, whole.Y) > wholeSide || m.Width != whole.X || m.Height != whole.Y {
			t.Errorf("%v is kept as %v", want, whole)
		}
		if _, double := m.forms[chat.Medium]; double != (max(want.X, want.Y) > mediumSide) {
			t.Errorf("%v has a medium form: %v", want, double)
		}
		thumb, cut := m.size(t, chat.Thumb), m.size(t, chat.Square)
		if thumb.X > min(whole.X, thumbSide) || thumb.Y > min(whole.Y, thumbSide) || cut.X != cut.Y || cut.X > min(whole.X, whole.Y) {
			t.Errorf("%v has a thumb of %v and a square of %v", want, thumb, cut)
		}
	}
}

// exif is a JPEG with what a telephone says of it: how it was held, and where.
func exif(t testing.TB, file []byte, orientation uint16) []byte {
	t.Helper()
	be := binary.BigEndian
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x02")
	tiff = be.AppendUint16(tiff, 0x0112)
	tiff = be.AppendUint32(be.AppendUint16(tiff, 3), 1)
	tiff = append(be.AppendUint16(tiff, orientation), 0, 0)
	tiff = be.AppendUint16(tiff, 0x8825) // where the places are
	tiff = be.AppendUint32(be.AppendUint16(tiff, 4), 1)
	tiff = be.AppendUint32(be.AppendUint32(tiff, 38), 0)
	tiff = be.AppendUint16(tiff, 1) // there: north or south
	tiff = be.AppendUint16(tiff, 1)
	tiff = be.AppendUint32(be.AppendUint16(tiff, 2), 2)
	tiff = append(tiff, "N\x00\x00\x00\x00\x00\x00\x00GPS-40.4168N"...)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := be.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(segment)+2))
	comment := append([]byte{0xff, 0xfe, 0, 2 + 13}, "SECRETCOMMENT"...)
	return append(append(append(head, segment...), comment...), file[2:]...)
}

// However the telephone was held, the red corner is where it was seen, and where that was stays with its owner.
func TestOrientationsAndPlaces(t *testing.T) {
	shown := view(120, 80)
	for o := 1; o <= 8; o++ {
		file := exif(t, asJPEG(t, held(shown, o)), uint16(o))
		if !bytes.Contains(file, []byte("GPS-40.4168N")) {
			t.Fatal("the file tells no place")
		}
		m := mustMake(t, file, "image/jpeg")
		if m.Width != 120 || m.Height != 80 {
			t.Errorf("orientation %d: %d × %d", o, m.Width, m.Height)
		}
		for size, b := range m.forms {
			if bytes.Contains(b, []byte("Exif")) || bytes.Contains(b, []byte("GPS")) || bytes.Contains(b, []byte("SECRET")) {
				t.Errorf("orientation %d: %q still tells", o, size)
			}
		}
		if img := m.pixels(t, chat.Whole); !isRed(img.At(5, 5)) || isRed(img.At(115, 5)) || isRed(img.At(5, 75)) || isRed(img.At(115, 75)) {
			t.Errorf("orientation %d is not upright", o)
		}
	}
	if m := mustMake(t, exif(t, asJPEG(t, shown), 77), "image/jpeg"); m.Width != 120 {
		t.Error("an orientation that does not exist turns the picture")
	}
}

// held is how a camera that is held so stores what is to be seen.
func held(shown *image.RGBA, orientation int) image.Image {
	undo := map[int]int{6: 8, 8: 6}
	if o := undo[orientation]; o != 0 {
		orientation = o
	}
	return turn(shown, orientation)
}

func TestNothingElseIsLeft(t *testing.T) {
	tail := []byte("PK\x03\x04 and <script>alert(1)</script>")
	img := view(50, 50)
	for mime, file := range map[string][]byte{
		"image/jpeg": asJPEG(t, img), "image/png": asPNG(t, img), "image/gif": asGIF(t, film(3)),
	} {
		m := mustMake(t, append(bytes.Clone(file), tail...), mime)
		for size, b := range m.forms {
			if bytes.Contains(b, []byte("PK")) && bytes.Contains(b, []byte("script")) {
				t.Errorf("%s: %q has the second file", mime, size)
			}
		}
	}
}

func TestBrokenPictures(t *testing.T) {
	img := view(300, 200)
	for name, c := range map[string]struct {
		mime string
		file []byte
	}{
		"a JPEG cut in the middle":  {"image/jpeg", half(asJPEG(t, img))},
		"a PNG cut in the middle":   {"image/png", half(asPNG(t, img))},
		"a GIF cut in the middle":   {"image/gif", half(asGIF(t, film(3)))},
		"a GIF without frames":      {"image/gif", append(asGIF(t, film(1))[:13:13], trailer)},
		"a page called a picture":   {"image/png", []byte("<html><script>alert(1)</script>")},
		"a JPEG of nothing":         {"image/jpeg", sized(asJPEG(t, img), 0, 0)},
		"an empty file":             {"image/jpeg", nil},
		"the beginning of a WebP":   {"image/webp", []byte("RIFF\x10\x00\x00\x00WEBPVP8 ")},
		"a WebP that moves":         {"image/webp", []byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x0f\x00\x00\x0f\x00\x00")},
		"a JPEG with a false frame": {"image/jpeg", append(asJPEG(t, img)[:160], asPNG(t, img)...)},
	} {
		m, err := makeOf(c.file, c.mime)
		if chat.CodeOf(err) != chat.Invalid {
			t.Errorf("%s: %v, %+v", name, err, m.Picture)
		}
	}
}

func half(b []byte) []byte { return b[:len(b)/2] }

// sized changes what a JPEG says of its size.
func sized(file []byte, w, h uint16) []byte {
	file = bytes.Clone(file)
	at := bytes.Index(file, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(file[at+5:], h)
	binary.BigEndian.PutUint16(file[at+7:], w)
	return file
}

func TestKindsOfPictures(t *testing.T) {
	plain := view(400, 300)
	deep := image.NewNRGBA64(plain.Rect)
	glass := image.NewNRGBA(plain.Rect)
	grey := image.NewGray(plain.Rect)
	few := image.NewPaletted(plain.Rect, color.Palette{color.RGBA{}, color.RGBA{220, 20, 20, 255}, color.RGBA{0, 0, 200, 255}})
	for y := range 300 {
		for x := range 400 {
			deep.Set(x, y, plain.At(x, y))
			grey.Set(x, y, plain.At(x, y))
			glass.Set(x, y, color.NRGBA{220, 20, 20, uint8(x % 256)})
			few.SetColorIndex(x, y, uint8((x/40)%3))
		}
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"16 bits": {asPNG(t, deep), "image/jpeg"}, "glass": {asPNG(t, glass), "image/png"},
		"grey": {asPNG(t, grey), "image/jpeg"}, "few colours, one of them none": {asPNG(t, few), "image/png"},
	} {
		m := mustMake(t, c.file, "image/png")
		if m.types[chat.Whole] != c.want || m.size(t, chat.Whole) != image.Pt(400, 300) {
			t.Errorf("%s is kept as %s", name, m.types[chat.Whole])
		}
	}
	m := mustMake(t, asPNG(t, few), "image/png")
	if _, ok := m.pixels(t, chat.Whole).(*image.Paletted); !ok || len(m.forms[chat.Whole]) > 2*len(asPNG(t, few)) {
		t.Error("few colours became many")
	}
	if _, _, _, a := m.pixels(t, chat.Thumb).At(2, 2).RGBA(); a != 0 {
		t.Error("what shines through no longer does")
	}
}

func TestErrorsOfWhoKeeps(t *testing.T) {
	full := errors.New("the disk is full")
	for mime, file := range map[string][]byte{"image/png": asPNG(t, view(10, 10)), "image/gif": asGIF(t, film(3))} {
		if _, err := Make(t.Context(), bytes.NewReader(file), mime, func(Form) error { return full }); !errors.Is(err, full) {
			t.Errorf("%s: %v", mime, err)
		}
		_, err := Make(t.Context(), bytes.NewReader(file), mime, func(f Form) error { return f.Write(refusing{full}) })
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", mime, err)
		}
	}
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }

var _ io.Writer = refusing{}
