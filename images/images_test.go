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

// processed is what Make handed out.
type processed struct {
	Picture
	bytes     map[chat.Variant][]byte
	mimeTypes map[chat.Variant]string
}

func process(file []byte, mime string) (processed, error) {
	m := processed{bytes: map[chat.Variant][]byte{}, mimeTypes: map[chat.Variant]string{}}
	var err error
	m.Picture, err = Process(context.Background(), bytes.NewReader(file), mime, func(f Rendition) error {
		var b bytes.Buffer
		err := f.Write(&b)
		m.bytes[f.Variant], m.mimeTypes[f.Variant] = b.Bytes(), f.MIMEType
		return err
	})
	return m, err
}

func mustProcess(t *testing.T, file []byte, mime string) processed {
	t.Helper()
	m, err := process(file, mime)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// decode decodes a form.
func (m processed) decode(t *testing.T, size chat.Variant) image.Image {
	t.Helper()
	img, kind, err := image.Decode(bytes.NewReader(m.bytes[size]))
	if err != nil || "image/"+kind != m.mimeTypes[size] {
		t.Fatalf("%q is %s, said to be %s: %v", size, kind, m.mimeTypes[size], err)
	}
	return img
}

func (m processed) size(t *testing.T, size chat.Variant) image.Point {
	t.Helper()
	return m.decode(t, size).Bounds().Size()
}

// testPhoto is a picture like those of a camera: smooth, with some noise, and a red corner at its top left.
func testPhoto(w, h int) *image.RGBA {
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

func TestPhotoVariants(t *testing.T) {
	m := mustProcess(t, asJPEG(t, testPhoto(4000, 3000)), "image/jpeg")
	if m.Width != 2560 || m.Height != 1920 || m.Animated {
		t.Errorf("%+v", m.Picture)
	}
	for size, want := range map[chat.Variant]image.Point{chat.VariantOriginal: {2560, 1920}, chat.VariantMedium: {960, 720}, chat.VariantThumb: {320, 240}, chat.VariantSquare: {128, 128}} {
		if got := m.size(t, size); got != want || m.mimeTypes[size] != "image/jpeg" {
			t.Errorf("%q has %v and is %s", size, got, m.mimeTypes[size])
		}
		if img := m.decode(t, size); !isRed(img.At(5, 5)) || isRed(img.At(want.X-5, 5)) || isRed(img.At(5, want.Y-5)) {
			t.Errorf("%q is not the picture that was sent", size)
		}
	}
}

// A small picture is not blown up, and not kept twice.
func TestSmallPicturesAreNotEnlarged(t *testing.T) {
	for _, want := range []image.Point{{1, 1}, {100, 60}, {20000, 1}, {1, 20000}, {321, 320}, {960, 5}} {
		m := mustProcess(t, asPNG(t, testPhoto(want.X, want.Y)), "image/png")
		whole := m.size(t, chat.VariantOriginal)
		if longer := max(want.X, want.Y); longer <= originalSide && whole != want || max(whole.X, whole.Y) > originalSide || m.Width != whole.X || m.Height != whole.Y {
			t.Errorf("%v is kept as %v", want, whole)
		}
		if _, double := m.bytes[chat.VariantMedium]; double != (max(want.X, want.Y) > mediumSide) {
			t.Errorf("%v has a medium form: %v", want, double)
		}
		thumb, cut := m.size(t, chat.VariantThumb), m.size(t, chat.VariantSquare)
		if thumb.X > min(whole.X, thumbSide) || thumb.Y > min(whole.Y, thumbSide) || cut.X != cut.Y || cut.X > min(whole.X, whole.Y) {
			t.Errorf("%v has a thumb of %v and a square of %v", want, thumb, cut)
		}
	}
}

// withEXIF is a JPEG with what a telephone says of it: how it was held, and where.
func withEXIF(t testing.TB, file []byte, orientation uint16) []byte {
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
func TestOrientationIsAppliedAndLocationRemoved(t *testing.T) {
	shown := testPhoto(120, 80)
	for o := 1; o <= 8; o++ {
		file := withEXIF(t, asJPEG(t, storedAs(shown, o)), uint16(o))
		if !bytes.Contains(file, []byte("GPS-40.4168N")) {
			t.Fatal("the file tells no place")
		}
		m := mustProcess(t, file, "image/jpeg")
		if m.Width != 120 || m.Height != 80 {
			t.Errorf("orientation %d: %d × %d", o, m.Width, m.Height)
		}
		for size, b := range m.bytes {
			if bytes.Contains(b, []byte("Exif")) || bytes.Contains(b, []byte("GPS")) || bytes.Contains(b, []byte("SECRET")) {
				t.Errorf("orientation %d: %q still tells", o, size)
			}
		}
		if img := m.decode(t, chat.VariantOriginal); !isRed(img.At(5, 5)) || isRed(img.At(115, 5)) || isRed(img.At(5, 75)) || isRed(img.At(115, 75)) {
			t.Errorf("orientation %d is not upright", o)
		}
	}
	if m := mustProcess(t, withEXIF(t, asJPEG(t, shown), 77), "image/jpeg"); m.Width != 120 {
		t.Error("an orientation that does not exist turns the picture")
	}
}

// storedAs is how a camera that is held so stores what is to be seen.
func storedAs(shown *image.RGBA, orientation int) image.Image {
	undo := map[int]int{6: 8, 8: 6}
	if o := undo[orientation]; o != 0 {
		orientation = o
	}
	return applyOrientation(shown, orientation)
}

func TestTrailingDataIsRemoved(t *testing.T) {
	tail := []byte("PK\x03\x04 and <script>alert(1)</script>")
	img := testPhoto(50, 50)
	for mime, file := range map[string][]byte{
		"image/jpeg": asJPEG(t, img), "image/png": asPNG(t, img), "image/gif": asGIF(t, testAnimation(3)),
	} {
		m := mustProcess(t, append(bytes.Clone(file), tail...), mime)
		for size, b := range m.bytes {
			if bytes.Contains(b, []byte("PK")) && bytes.Contains(b, []byte("script")) {
				t.Errorf("%s: %q has the second file", mime, size)
			}
		}
	}
}

func TestCorruptPictures(t *testing.T) {
	img := testPhoto(300, 200)
	for name, c := range map[string]struct {
		mime string
		file []byte
	}{
		"a JPEG cut in the middle":  {"image/jpeg", firstHalf(asJPEG(t, img))},
		"a PNG cut in the middle":   {"image/png", firstHalf(asPNG(t, img))},
		"a GIF cut in the middle":   {"image/gif", firstHalf(asGIF(t, testAnimation(3)))},
		"a GIF without frames":      {"image/gif", append(asGIF(t, testAnimation(1))[:13:13], trailer)},
		"a page called a picture":   {"image/png", []byte("<html><script>alert(1)</script>")},
		"a JPEG of nothing":         {"image/jpeg", withSize(asJPEG(t, img), 0, 0)},
		"an empty file":             {"image/jpeg", nil},
		"the beginning of a WebP":   {"image/webp", []byte("RIFF\x10\x00\x00\x00WEBPVP8 ")},
		"a WebP that moves":         {"image/webp", []byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x0f\x00\x00\x0f\x00\x00")},
		"a JPEG with a false frame": {"image/jpeg", append(asJPEG(t, img)[:160], asPNG(t, img)...)},
	} {
		m, err := process(c.file, c.mime)
		if chat.CodeOf(err) != chat.Invalid {
			t.Errorf("%s: %v, %+v", name, err, m.Picture)
		}
	}
}

func firstHalf(b []byte) []byte { return b[:len(b)/2] }

// withSize changes what a JPEG says of its size.
func withSize(file []byte, w, h uint16) []byte {
	file = bytes.Clone(file)
	at := bytes.Index(file, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(file[at+5:], h)
	binary.BigEndian.PutUint16(file[at+7:], w)
	return file
}

func TestChosenEncodings(t *testing.T) {
	plain := testPhoto(400, 300)
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
		m := mustProcess(t, c.file, "image/png")
		if m.mimeTypes[chat.VariantOriginal] != c.want || m.size(t, chat.VariantOriginal) != image.Pt(400, 300) {
			t.Errorf("%s is kept as %s", name, m.mimeTypes[chat.VariantOriginal])
		}
	}
	m := mustProcess(t, asPNG(t, few), "image/png")
	if _, ok := m.decode(t, chat.VariantOriginal).(*image.Paletted); !ok || len(m.bytes[chat.VariantOriginal]) > 2*len(asPNG(t, few)) {
		t.Error("few colours became many")
	}
	if _, _, _, a := m.decode(t, chat.VariantThumb).At(2, 2).RGBA(); a != 0 {
		t.Error("what shines through no longer does")
	}
}

func TestErrorsOfTheCallback(t *testing.T) {
	full := errors.New("the disk is full")
	for mime, file := range map[string][]byte{"image/png": asPNG(t, testPhoto(10, 10)), "image/gif": asGIF(t, testAnimation(3))} {
		if _, err := Process(t.Context(), bytes.NewReader(file), mime, func(Rendition) error { return full }); !errors.Is(err, full) {
			t.Errorf("%s: %v", mime, err)
		}
		_, err := Process(t.Context(), bytes.NewReader(file), mime, func(f Rendition) error { return f.Write(failingWriter{full}) })
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", mime, err)
		}
	}
}

type failingWriter struct{ err error }

func (r failingWriter) Write([]byte) (int, error) { return 0, r.err }

var _ io.Writer = failingWriter{}
