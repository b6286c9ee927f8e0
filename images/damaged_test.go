package images

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"charla/chat"
)

// TestPicturesFromOtherPrograms: files that browsers show are shown, as large as there.
func TestPicturesFromOtherPrograms(t *testing.T) {
	for name, want := range map[string]image.Point{
		"s_mixed.jpg": {300, 200}, "no_eoi.jpg": {300, 200}, "adler_bad.png": {300, 200}, "iccp_badcrc.png": {300, 200},
		"frame_out_of_bounds.gif": {20, 20}, "no_trailer.gif": {20, 20}, "apng_gps.png": {60, 40},
	} {
		file, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		kind := strings.Replace(filepath.Ext(name)[1:], "jpg", "jpeg", 1)
		m := mustProcess(t, file, "image/"+kind)
		if m.Width != want.X || m.Height != want.Y {
			t.Errorf("%s: %+v", name, m.Picture)
		}
		for size, b := range m.bytes {
			m.decode(t, size)
			for _, secret := range []string{"GPS", "Exif", "eXIf", "acTL"} {
				if bytes.Contains(b, []byte(secret)) {
					t.Errorf("%s: %q contains %q", name, size, secret)
				}
			}
		}
	}
}

// damagedPNGs returns variants of a PNG whose pixels are all there.
func damagedPNGs(t *testing.T, file []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{
		"without IEND": file[:len(file)-12], "trailing data": append(bytes.Clone(file), "PK\x03\x04 more"...),
		"without the last checksum": file[:len(file)-12-4],
	}
	for at := 8; at+12 <= len(file); {
		length := int(binary.BigEndian.Uint32(file[at:]))
		name := string(file[at+4 : at+8])
		wrong := bytes.Clone(file)
		wrong[at+8+length] ^= 0xff
		all["checksum of "+name] = wrong
		if name == "IDAT" {
			wrong = bytes.Clone(file)
			wrong[at+8+length-1] ^= 0xff // the last byte of the Adler-32 checksum
			all["Adler-32"] = wrong
		}
		at += 12 + length
	}
	return all
}

func TestDamagedPNG(t *testing.T) {
	photo := testPhoto(40, 30)
	indexed := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.RGBA{220, 20, 20, 255}, color.RGBA{}})
	indexed.SetColorIndex(39, 29, 1)
	for name, file := range map[string][]byte{
		"a photo":     pngWithProfile(asPNG(t, photo), screenProfile(srgbPrimaries, parametricTag)),
		"a palette":   asPNG(t, indexed),
		"interlaced":  interlacedPNG(40, 30, func(x, y int) byte { return byte(x) }),
		"more chunks": withPNGChunks(asPNG(t, photo), "tEXt", "gAMA", "tIME", "eXIf", "zTXt", "pHYs", "sRGB"),
	} {
		want := mustProcess(t, file, "image/png").bytes[chat.VariantOriginal]
		for damage, file := range damagedPNGs(t, file) {
			if got := mustProcess(t, file, "image/png").bytes[chat.VariantOriginal]; !bytes.Equal(got, want) {
				t.Errorf("%s, %s: the picture changed", name, damage)
			}
		}
		if len(file) < 2000 { // three quarters of it have no pixels
			continue
		}
		half := mustProcess(t, file[:len(file)*3/4], "image/png")
		if half.Width != 40 || half.Height != 30 {
			t.Errorf("three quarters of %s: %+v", name, half.Picture)
		}
	}
}

// TestAnimatedPNG: the first frame of an animation is shown, also if the file has another picture for programs that do
// not know animations.
func TestAnimatedPNG(t *testing.T) {
	blue, red := image.NewRGBA(image.Rect(0, 0, 40, 30)), image.NewRGBA(image.Rect(0, 0, 10, 8))
	for i := range blue.Pix {
		blue.Pix[i] = []byte{0, 0, 200, 255}[i%4]
	}
	for i := range red.Pix {
		red.Pix[i] = []byte{220, 20, 20, 255}[i%4]
	}
	file := asPNG(t, blue)
	frame := asPNG(t, red)
	pixels := frame[bytes.Index(frame, []byte("IDAT"))+4 : len(frame)-16]
	half := len(pixels) / 2
	control := func(w, h, x, y byte) []byte {
		return pngChunk("fcTL", []byte{0, 0, 0, 0, 0, 0, 0, w, 0, 0, 0, h, 0, 0, 0, x, 0, 0, 0, y, 0, 1, 0, 1, 0, 0})
	}
	start := slices.Concat(file[:33], pngChunk("acTL", []byte{0, 0, 0, 1, 0, 0, 0, 0}))
	data := func(part []byte) []byte { return pngChunk("fdAT", append([]byte{0, 0, 0, 1}, part...)) }
	end := slices.Concat(control(10, 8, 5, 4), data(pixels[:half]), data(pixels[half:]), pngChunk("IEND", nil))
	whole := file[33 : len(file)-12]
	for name, c := range map[string]struct {
		file []byte
		red  bool
	}{
		"the first frame is the picture": {slices.Concat(start, control(40, 30, 0, 0), whole, end), false},
		"the picture is not a frame":     {slices.Concat(start, whole, end), true},
		"the frames are missing":         {slices.Concat(start, whole), false},
		"a frame beyond the picture":     {slices.Concat(start, whole, control(40, 8, 5, 4), data(pixels)), false},
	} {
		m := mustProcess(t, c.file, "image/png")
		img := m.decode(t, chat.VariantOriginal)
		if m.Width != 40 || m.Height != 30 || isRed(img.At(7, 6)) != c.red {
			t.Errorf("%s: %+v, a pixel is %v", name, m.Picture, img.At(7, 6))
		}
		if _, _, _, a := img.At(20, 20).RGBA(); (a == 0) != c.red {
			t.Errorf("%s: a pixel outside of the first frame is %v", name, img.At(20, 20))
		}
	}
}

// withPNGChunks adds chunks with a few bytes to a PNG, after its header.
func withPNGChunks(file []byte, names ...string) []byte {
	out := bytes.Clone(file[:33])
	for _, name := range names {
		out = append(out, pngChunk(name, []byte("GPS"))...)
	}
	return append(out, file[33:]...)
}

// TestInterlacedTooLarge: of an interlaced PNG that needs too much memory, every second row and column is shown.
func TestInterlacedTooLarge(t *testing.T) {
	m := mustProcess(t, interlacedPNG(4000, 2400, func(x, y int) byte { return byte(x / 20) }), "image/png")
	img := m.decode(t, chat.VariantOriginal)
	if m.Width != 2000 || m.Height != 1200 || !nearGray(img.At(1500, 600), 150) {
		t.Errorf("%+v, a pixel is %v", m.Picture, img.At(1500, 600))
	}
}

// nearGray reports whether a color is about a gray value.
func nearGray(c color.Color, want int) bool {
	r, g, b, _ := c.RGBA()
	near := func(v uint32) bool { return int(v>>8) > want-8 && int(v>>8) < want+8 }
	return near(r) && near(g) && near(b)
}

// webpFile returns a WebP with the given chunks.
func webpFile(chunks ...string) []byte {
	all := strings.Join(chunks, "")
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(all))), "WEBP"+all...)
}

func webpChunk(name, content string) string {
	out := string(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(content)))) + content
	return out + strings.Repeat("\x00", len(content)&1)
}

// TestWebPKinds: animations show their first frame, and damage behind the pixels does not matter.
func TestWebPKinds(t *testing.T) {
	lossy, err := base64.StdEncoding.DecodeString(lossyWebP)
	if err != nil {
		t.Fatal(err)
	}
	pixels := string(lossy[12:])
	canvas := func(flags string) string { return webpChunk("VP8X", flags+"\x00\x00\x00\x07\x00\x00\x03\x00\x00") }
	frame := webpChunk("ANMF", "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x64\x00\x00\x00"+pixels)
	animated := webpFile(canvas("\x02"), webpChunk("ANIM", "\xff\xff\xff\xff\x00\x00"), frame, frame,
		webpChunk("EXIF", "GPS-40.4168N"))
	for name, c := range map[string]struct {
		file []byte
		want image.Point
	}{
		"an animation":                         {animated, image.Pt(8, 4)},
		"an animation without its last frame":  {animated[:len(animated)-60], image.Pt(8, 4)},
		"a wrong length of the file":           {append([]byte("RIFF\x00\x00\x00\x00"), lossy[8:]...), image.Pt(1, 1)},
		"a length beyond the end of the file":  {append([]byte("RIFF\xff\xff\x00\x00"), lossy[8:]...), image.Pt(1, 1)},
		"trailing data":                        {append(bytes.Clone(lossy), "PK\x03\x04"...), image.Pt(1, 1)},
		"without the last bytes of the pixels": {lossy[:len(lossy)-4], image.Pt(1, 1)},
		"metadata before the pixels":           {webpFile(webpChunk("EXIF", "GPS-40.4168N"), pixels), image.Pt(1, 1)},
	} {
		m := mustProcess(t, c.file, "image/webp")
		if m.Width != c.want.X || m.Height != c.want.Y || m.Animated {
			t.Errorf("%s: %+v", name, m.Picture)
		}
		m.decode(t, chat.VariantOriginal)
		for size, b := range m.bytes {
			if bytes.Contains(b, []byte("GPS")) {
				t.Errorf("%s: %q contains the place", name, size)
			}
		}
	}
	img := mustProcess(t, animated, "image/webp").decode(t, chat.VariantOriginal)
	if _, _, _, a := img.At(0, 0).RGBA(); a != 0 {
		t.Error("the canvas outside of the first frame is not transparent")
	}
	if _, _, _, a := img.At(2, 2).RGBA(); a == 0 {
		t.Error("the first frame is not at its position")
	}
}

// TestUndecodable: what browsers do not show either is not a picture.
func TestUndecodable(t *testing.T) {
	img := testPhoto(300, 200)
	marker := func(b byte) []byte {
		file := asJPEG(t, img)
		file[bytes.Index(file, []byte{0xff, 0xc0})+1] = b
		return file
	}
	for name, c := range map[string]struct {
		mime string
		file []byte
	}{
		"a JPEG without pixels":     {"image/jpeg", asJPEG(t, img)[:200]},
		"a PNG without pixels":      {"image/png", asPNG(t, img)[:41]},
		"a GIF without frames":      {"image/gif", append(asGIF(t, testAnimation(1))[:13:13], trailer)},
		"an HTML page":              {"image/png", []byte("<html><script>alert(1)</script>")},
		"a JPEG of size 0":          {"image/jpeg", withSize(asJPEG(t, img), 0, 0)},
		"an empty file":             {"image/jpeg", nil},
		"a truncated WebP":          {"image/webp", []byte("RIFF\x10\x00\x00\x00WEBPVP8 ")},
		"a JPEG with PNG data":      {"image/jpeg", append(asJPEG(t, img)[:160], asPNG(t, img)...)},
		"a JPEG in arithmetic code": {"image/jpeg", marker(0xc9)},
		"a lossless JPEG":           {"image/jpeg", marker(0xc3)},
		"a JPEG with two frames":    {"image/jpeg", withSecondFrame(asJPEG(t, img))},
		"a GIF with an extension of 20 MB": {"image/gif", append(asGIF(t, testAnimation(1))[:13+12:13+12],
			extensionBlock, 0xff, 255)},
	} {
		m, err := process(c.file, c.mime)
		if !errors.Is(err, ErrUndecodable) || len(m.bytes) > 0 {
			t.Errorf("%s: %v, %+v", name, err, m.Picture)
		}
	}
}

// withSecondFrame adds a second frame to a JPEG.
func withSecondFrame(file []byte) []byte {
	frame := bytes.Clone(file[bytes.Index(file, []byte{0xff, 0xc0}):][:2+17])
	return append(append(file[:len(file)-2:len(file)-2], frame...), 0xff, 0xd9)
}
