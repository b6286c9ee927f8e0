package images

import (
	"bytes"
	"encoding/binary"
	"image"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"charla/chat"
)

// hugePNG is a PNG that says it has so many pixels, and has one.
func hugePNG(t testing.TB, w, h uint32, depth, colour, interlace byte) []byte {
	t.Helper()
	file := asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	copy(file[8:], pngChunk("IHDR", append(head, depth, colour, 0, 0, interlace)))
	return file
}

// manyScans is a JPEG that goes over its pixels again and again.
func manyScans(t testing.TB) []byte {
	t.Helper()
	file := cmykJPEG(t, image.NewGray(image.Rect(0, 0, 64, 64)))
	scan := bytes.LastIndex(file, []byte{0xff, 0xda})
	last := file[scan : len(file)-2]
	return append(append(file[:scan:scan], bytes.Repeat(last, 5000)...), 0xff, 0xd9)
}

// manyFrames is a GIF of so many frames.
func manyFrames(t testing.TB, n int) []byte {
	t.Helper()
	const head = 6 + 7 + 3*4
	one := asGIF(t, testAnimation(1))
	return append(append(one[:head:head], bytes.Repeat(one[head:len(one)-1], n)...), trailer)
}

// What would take much memory or time is refused at once, for what its first bytes say.
func TestDecompressionBombs(t *testing.T) {
	moving := asGIF(t, testAnimation(2))
	for name, c := range map[string]struct {
		mime string
		file []byte
	}{
		"50 000 × 50 000 PNG":                         {"image/png", hugePNG(t, 50_000, 50_000, 8, 0, 0)},
		"two thousand million wide":                   {"image/png", hugePNG(t, 1<<31-1, 1<<31-1, 8, 0, 0)},
		"64 bits for each pixel":                      {"image/png", hugePNG(t, 8000, 8000, 16, 6, 0)},
		"32 bits, interlaced":                         {"image/png", hugePNG(t, 8000, 8000, 8, 6, 1)},
		"16 bits of grey, and a clear one":            {"image/png", hugePNG(t, 8000, 8000, 16, 0, 0)},
		"grey, interlaced, and a clear one":           {"image/png", hugePNG(t, 8000, 8000, 8, 0, 1)},
		"a PNG as long as a street":                   {"image/png", hugePNG(t, 1<<26, 1, 8, 0, 0)},
		"64 megapixels for printers":                  {"image/jpeg", withSize(cmykJPEG(t, image.NewGray(image.Rect(0, 0, 8, 8))), 8000, 8000)},
		"64 megapixels of red, green and blue":        {"image/jpeg", asRGBJPEG(withSize(asJPEG(t, testPhoto(16, 16)), 8000, 8000))},
		"64 megapixels of Adobe's":                    {"image/jpeg", asAdobeRGB(withSize(asJPEG(t, testPhoto(16, 16)), 8000, 8000))},
		"a second frame that makes less of the first": {"image/jpeg", withSecondFrame(asProgressive(withSize(asJPEG(t, testPhoto(16, 16)), 8000, 6000)))},
		"50 000 × 50 000 JPEG":                        {"image/jpeg", withSize(asJPEG(t, testPhoto(16, 16)), 50_000, 50_000)},
		"a large JPEG that is prepared":               {"image/jpeg", asProgressive(withSize(asJPEG(t, testPhoto(16, 16)), 8000, 6000))},
		"a JPEG of 5000 scans":                        {"image/jpeg", manyScans(t)},
		"a GIF of 10 000 frames":                      {"image/gif", manyFrames(t, 10_000)},
		"a GIF with a screen of 4 Gi":                 {"image/gif", withScreenSize(moving, 65_535, 65_535)},
		"a GIF of a million small parts":              {"image/gif", append(moving[:13+12:13+12], bytes.Repeat([]byte{extensionBlock, 0xfe, 1, 'x', 0}, 1<<20)...)},
		"a GIF with 20 MB of comment":                 {"image/gif", append(moving[:13+12:13+12], append([]byte{extensionBlock, 0xff}, bytes.Repeat(append([]byte{255}, make([]byte, 255)...), 80_000)...)...)},
	} {
		took, used := time.Duration(math.MaxInt64), uint64(0)
		for range 3 { // the fastest counts: a busy machine is not slow three times
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			m, err := process(c.file, c.mime)
			took = min(took, time.Since(begun))
			runtime.ReadMemStats(&after)
			used = max(used, after.TotalAlloc-before.TotalAlloc)
			if chat.CodeOf(err) != chat.Invalid {
				t.Errorf("%s: %v, %+v", name, err, m.Picture)
			}
		}
		if used > 1<<20 || took > 200*time.Millisecond {
			t.Errorf("%s: %d bytes, %v", name, used, took)
		}
	}
}

// asProgressive says of a JPEG that it comes in steps.
func asProgressive(file []byte) []byte {
	file[bytes.Index(file, []byte{0xff, 0xc0})+1] = 0xc2
	return file
}

// asRGBJPEG calls the components of a JPEG red, green and blue.
func asRGBJPEG(file []byte) []byte {
	frame := file[bytes.Index(file, []byte{0xff, 0xc0}):]
	frame[10], frame[13], frame[16] = 'R', 'G', 'B'
	scan := file[bytes.Index(file, []byte{0xff, 0xda}):]
	scan[5], scan[7], scan[9] = 'R', 'G', 'B'
	return file
}

// asAdobeRGB says of a JPEG that its components are its colours.
func asAdobeRGB(file []byte) []byte {
	said := append([]byte{0xff, 0xee, 0, 14}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	return append(append(file[:2:2], said...), file[2:]...)
}

// withSecondFrame says at the end of a JPEG that it is an ordinary one.
func withSecondFrame(file []byte) []byte {
	at := bytes.Index(file, []byte{0xff, 0xc2})
	frame := bytes.Clone(file[at:][:2+17])
	frame[1] = 0xc0
	file[bytes.Index(file, []byte{0xff, 0xda})+12] = 0 // the first scan is one of a picture in steps
	return append(append(file[:len(file)-2:len(file)-2], frame...), 0xff, 0xd9)
}

func withScreenSize(file []byte, w, h uint16) []byte {
	binary.LittleEndian.PutUint16(file[6:], w)
	binary.LittleEndian.PutUint16(file[8:], h)
	return file
}

// The largest that telephones send is taken.
func TestFiftyMegapixels(t *testing.T) {
	if testing.Short() {
		t.Skip("a second and 100 MB")
	}
	img := image.NewYCbCr(image.Rect(0, 0, 8160, 6120), image.YCbCrSubsampleRatio420)
	m := mustProcess(t, asJPEG(t, img), "image/jpeg")
	if m.Width != 2560 || m.Height != 1920 {
		t.Errorf("%+v", m.Picture)
	}
}

// Who waits too long for a turn is told when to come back, and nobody who leaves keeps one.
func TestConcurrencyLimit(t *testing.T) {
	defer func(was time.Duration) { slotTimeout = was }(slotTimeout)
	slotTimeout = time.Millisecond
	file := asPNG(t, testPhoto(5, 5))
	for range maxConcurrent {
		slots <- struct{}{}
	}
	_, err := process(file, "image/png")
	if chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("no turn: %v", err)
	}
	for range maxConcurrent {
		<-slots
	}
	for range 2 * maxConcurrent {
		process(firstHalf(file), "image/png")
		mustProcess(t, file, "image/png")
	}
}

// Whatever the bytes are, nothing panics, and what is made can be decoded.
func FuzzProcess(f *testing.F) {
	for _, file := range [][]byte{
		withEXIF(f, asJPEG(f, testPhoto(20, 10)), 6), asProgressive(asJPEG(f, testPhoto(20, 10))), cmykJPEG(f, image.NewGray(image.Rect(0, 0, 8, 8))),
		asPNG(f, testPhoto(9, 9)), interlacedPNG(9, 9, func(x, y int) byte { return byte(x * y) }), asGIF(f, testAnimation(3)),
		jpegWithProfile(asJPEG(f, testPhoto(9, 9)), screenProfile(displayP3Primaries, pointsTag)), pngWithProfile(asPNG(f, testPhoto(9, 9)), screenProfile(displayP3Primaries, parametricTag)),
		hugePNG(f, 5000, 5000, 8, 0, 0), manyFrames(f, 3), []byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00"),
	} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<16 {
			return
		}
		for mime, k := range formats {
			if c, err := k.decodeConfig(bytes.NewReader(file)); err == nil && pixelCount(c) > 1<<18 {
				continue // allowed, and slow
			}
			m, err := process(file, mime)
			if err != nil {
				if code := chat.CodeOf(err); code != chat.Invalid {
					t.Errorf("%s: %v", mime, err)
				}
				continue
			}
			for size := range m.bytes {
				m.decode(t, size)
			}
		}
	})
}

// BenchmarkPhoto makes all sizes of a photo of 12 megapixels, two at a time; it tells the most memory in use at any moment.
func BenchmarkPhoto(b *testing.B) {
	photo := image.NewYCbCr(image.Rect(0, 0, 4032, 3024), image.YCbCrSubsampleRatio420)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range photo.Y {
		photo.Y[i] = byte(i>>6) + byte(r.IntN(16))
	}
	file := asJPEG(b, photo)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	most := watchHeap(b)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := process(file, "image/jpeg"); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "photos/s")
	b.ReportMetric(float64(most())/(1<<20), "MiB-at-most")
}

// watchHeap returns what ends the watch and tells the most that the program had of the system.
func watchHeap(b *testing.B) (most func() uint64) {
	runtime.GC()
	end, found := make(chan struct{}), make(chan uint64)
	go func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		var top uint64
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			top = max(top, now.HeapInuse)
			select {
			case <-end:
				found <- top
				return
			case <-ticker.C:
			}
		}
	}()
	return func() uint64 { close(end); return <-found }
}
