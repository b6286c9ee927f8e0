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

// processed is the result of Process, with its encoded renditions.
type processed struct {
	Picture
	bytes     map[chat.Variant][]byte
	mimeTypes map[chat.Variant]string
}

// process processes a file and encodes all its renditions.
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

// mustProcess is process for a file that must be accepted.
func mustProcess(t *testing.T, file []byte, mime string) processed {
	t.Helper()
	m, err := process(file, mime)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// decode decodes a rendition and checks its MIME type.
func (m processed) decode(t *testing.T, size chat.Variant) image.Image {
	t.Helper()
	img, kind, err := image.Decode(bytes.NewReader(m.bytes[size]))
	if err != nil || "image/"+kind != m.mimeTypes[size] {
		t.Fatalf("%q is %s, its MIME type is %s: %v", size, kind, m.mimeTypes[size], err)
	}
	return img
}

// size returns the size of a rendition.
func (m processed) size(t *testing.T, size chat.Variant) image.Point {
	t.Helper()
	return m.decode(t, size).Bounds().Size()
}

// testPhoto returns a picture like those of a camera, with smooth colors and some noise. Its top left corner is red.
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

// isRed reports whether a color is the one of the corner of testPhoto.
func isRed(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return r > 0xa000 && g < 0x6000 && b < 0x6000
}

func TestPhotoVariants(t *testing.T) {
	m := mustProcess(t, asJPEG(t, testPhoto(4000, 3000)), "image/jpeg")
	if m.Width != 2560 || m.Height != 1920 || m.Animated {
		t.Errorf("%+v", m.Picture)
	}
	for size, want := range map[chat.Variant]image.Point{
		chat.VariantOriginal: {2560, 1920}, chat.VariantMedium: {960, 720},
		chat.VariantThumb: {320, 240}, chat.VariantSquare: {128, 128},
	} {
		if got := m.size(t, size); got != want || m.mimeTypes[size] != "image/jpeg" {
			t.Errorf("%q has the size %v and the type %s", size, got, m.mimeTypes[size])
		}
		if img := m.decode(t, size); !isRed(img.At(5, 5)) || isRed(img.At(want.X-5, 5)) || isRed(img.At(5, want.Y-5)) {
			t.Errorf("%q does not show the uploaded picture", size)
		}
	}
}

// TestSmallPicturesAreNotEnlarged: a small picture has no medium rendition either.
func TestSmallPicturesAreNotEnlarged(t *testing.T) {
	for _, want := range []image.Point{{1, 1}, {100, 60}, {20000, 1}, {1, 20000}, {321, 320}, {960, 5}} {
		m := mustProcess(t, asPNG(t, testPhoto(want.X, want.Y)), "image/png")
		original := m.size(t, chat.VariantOriginal)
		if max(want.X, want.Y) <= originalSide && original != want || max(original.X, original.Y) > originalSide {
			t.Errorf("the original of %v has the size %v", want, original)
		}
		if m.Width != original.X || m.Height != original.Y {
			t.Errorf("the size of %v is %d × %d", original, m.Width, m.Height)
		}
		if _, hasMedium := m.bytes[chat.VariantMedium]; hasMedium != (max(want.X, want.Y) > mediumSide) {
			t.Errorf("%v has a medium rendition: %v", want, hasMedium)
		}
		thumb, square := m.size(t, chat.VariantThumb), m.size(t, chat.VariantSquare)
		if thumb.X > min(original.X, thumbSide) || thumb.Y > min(original.Y, thumbSide) {
			t.Errorf("%v has a thumb of %v", want, thumb)
		}
		if square.X != square.Y || square.X > min(original.X, original.Y) {
			t.Errorf("%v has a square of %v", want, square)
		}
	}
}

// withEXIF adds to a JPEG what a phone stores: the orientation and the location, and a comment.
func withEXIF(t testing.TB, file []byte, orientation uint16) []byte {
	t.Helper()
	be := binary.BigEndian
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x02")
	tiff = be.AppendUint16(tiff, 0x0112)
	tiff = be.AppendUint32(be.AppendUint16(tiff, 3), 1)
	tiff = append(be.AppendUint16(tiff, orientation), 0, 0)
	tiff = be.AppendUint16(tiff, 0x8825) // points to the GPS data
	tiff = be.AppendUint32(be.AppendUint16(tiff, 4), 1)
	tiff = be.AppendUint32(be.AppendUint32(tiff, 38), 0)
	tiff = be.AppendUint16(tiff, 1) // the only GPS tag: north or south
	tiff = be.AppendUint16(tiff, 1)
	tiff = be.AppendUint32(be.AppendUint16(tiff, 2), 2)
	tiff = append(tiff, "N\x00\x00\x00\x00\x00\x00\x00GPS-40.4168N"...)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := be.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(segment)+2))
	comment := append([]byte{0xff, 0xfe, 0, 2 + 13}, "SECRETCOMMENT"...)
	return append(append(append(head, segment...), comment...), file[2:]...)
}

// TestOrientationIsAppliedAndLocationRemoved: in all orientations the red corner is at the top left, and no rendition
// contains the location.
func TestOrientationIsAppliedAndLocationRemoved(t *testing.T) {
	shown := testPhoto(120, 80)
	for o := 1; o <= 8; o++ {
		file := withEXIF(t, asJPEG(t, storedAs(shown, o)), uint16(o))
		if !bytes.Contains(file, []byte("GPS-40.4168N")) {
			t.Fatal("the file contains no location")
		}
		m := mustProcess(t, file, "image/jpeg")
		if m.Width != 120 || m.Height != 80 {
			t.Errorf("orientation %d: %d × %d", o, m.Width, m.Height)
		}
		for size, b := range m.bytes {
			for _, secret := range []string{"Exif", "GPS", "SECRET"} {
				if bytes.Contains(b, []byte(secret)) {
					t.Errorf("orientation %d: %q contains %q", o, size, secret)
				}
			}
		}
		img := m.decode(t, chat.VariantOriginal)
		if !isRed(img.At(5, 5)) || isRed(img.At(115, 5)) || isRed(img.At(5, 75)) || isRed(img.At(115, 75)) {
			t.Errorf("orientation %d is not upright", o)
		}
	}
	if m := mustProcess(t, withEXIF(t, asJPEG(t, shown), 77), "image/jpeg"); m.Width != 120 {
		t.Error("an invalid orientation turns the picture")
	}
}

// storedAs returns the pixels that a camera in an orientation stores for the picture shown.
func storedAs(shown *image.RGBA, orientation int) image.Image {
	size := shown.Rect.Max
	if orientation >= 5 {
		size = image.Pt(size.Y, size.X)
	}
	stored := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			at := uprightPixel(orientation, x, y, shown.Rect.Max.X, shown.Rect.Max.Y)
			stored.SetRGBA(x, y, shown.RGBAAt(at.X, at.Y))
		}
	}
	return stored
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
				t.Errorf("%s: %q contains the trailing data", mime, size)
			}
		}
	}
}

// firstHalf truncates a file.
func firstHalf(b []byte) []byte { return b[:len(b)/2] }

// withSize changes the size in the header of a JPEG.
func withSize(file []byte, w, h uint16) []byte {
	file = bytes.Clone(file)
	at := bytes.Index(file, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(file[at+5:], h)
	binary.BigEndian.PutUint16(file[at+7:], w)
	return file
}

func TestChosenEncodings(t *testing.T) {
	photo := testPhoto(400, 300)
	deep16 := image.NewNRGBA64(photo.Rect)
	translucent := image.NewNRGBA(photo.Rect)
	gray := image.NewGray(photo.Rect)
	indexed := image.NewPaletted(photo.Rect,
		color.Palette{color.RGBA{}, color.RGBA{220, 20, 20, 255}, color.RGBA{0, 0, 200, 255}})
	for y := range 300 {
		for x := range 400 {
			deep16.Set(x, y, photo.At(x, y))
			gray.Set(x, y, photo.At(x, y))
			translucent.Set(x, y, color.NRGBA{220, 20, 20, uint8(x % 256)})
			indexed.SetColorIndex(x, y, uint8((x/40)%3))
		}
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"16 bits": {asPNG(t, deep16), "image/jpeg"}, "translucent": {asPNG(t, translucent), "image/png"},
		"gray": {asPNG(t, gray), "image/jpeg"},
		"indexed colors, one of them transparent": {asPNG(t, indexed), "image/png"},
	} {
		m := mustProcess(t, c.file, "image/png")
		if m.mimeTypes[chat.VariantOriginal] != c.want || m.size(t, chat.VariantOriginal) != image.Pt(400, 300) {
			t.Errorf("%s has the type %s", name, m.mimeTypes[chat.VariantOriginal])
		}
	}
	m := mustProcess(t, asPNG(t, indexed), "image/png")
	_, ok := m.decode(t, chat.VariantOriginal).(*image.Paletted)
	if !ok || len(m.bytes[chat.VariantOriginal]) > 2*len(asPNG(t, indexed)) {
		t.Error("the rendition of indexed colors is not indexed, or too large")
	}
	if _, _, _, a := m.decode(t, chat.VariantThumb).At(2, 2).RGBA(); a != 0 {
		t.Error("a transparent pixel became opaque")
	}
}

func TestErrorsOfTheCallback(t *testing.T) {
	full := errors.New("the disk is full")
	files := map[string][]byte{"image/png": asPNG(t, testPhoto(10, 10)), "image/gif": asGIF(t, testAnimation(3))}
	for mime, file := range files {
		_, err := Process(t.Context(), bytes.NewReader(file), mime, func(Rendition) error { return full })
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", mime, err)
		}
		_, err = Process(t.Context(), bytes.NewReader(file), mime, func(r Rendition) error {
			return r.Write(failingWriter{full})
		})
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", mime, err)
		}
	}
}

// failingWriter returns err for every write.
type failingWriter struct{ err error }

func (r failingWriter) Write([]byte) (int, error) { return 0, r.err }

var _ io.Writer = failingWriter{}
