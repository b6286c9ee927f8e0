package images

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"charla/chat"
)

// hugePNG returns a PNG with one pixel and a header for a larger picture.
func hugePNG(t testing.TB, w, h uint32, depth, colorType, interlace byte) []byte {
	t.Helper()
	file := asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	copy(file[8:], pngChunk("IHDR", append(head, depth, colorType, 0, 0, interlace)))
	return file
}

// manyScans returns a JPEG with 5,000 scans.
func manyScans(t testing.TB) []byte {
	t.Helper()
	file := cmykJPEG(t, image.NewGray(image.Rect(0, 0, 64, 64)))
	scan := bytes.LastIndex(file, []byte{0xff, 0xda})
	last := file[scan : len(file)-2]
	return append(append(file[:scan:scan], bytes.Repeat(last, 5000)...), 0xff, 0xd9)
}

// manyFrames returns a GIF with n frames.
func manyFrames(t testing.TB, n int) []byte {
	t.Helper()
	const head = 6 + 7 + 3*4
	one := asGIF(t, testAnimation(1))
	return append(append(one[:head:head], bytes.Repeat(one[head:len(one)-1], n)...), trailer)
}

// TestDecompressionBombs: files that need much memory or time to decode are rejected quickly, without decoding them.
func TestDecompressionBombs(t *testing.T) {
	photo := func() []byte { return asJPEG(t, testPhoto(16, 16)) }
	animated := asGIF(t, testAnimation(2))
	gifHeader := animated[: 13+12 : 13+12]
	extension := []byte{extensionBlock, 0xfe, 1, 'x', 0}
	for name, c := range map[string]struct {
		mime string
		file []byte
	}{
		"50 000 × 50 000 PNG":             {"image/png", hugePNG(t, 50_000, 50_000, 8, 0, 0)},
		"a PNG with 2^31 columns":         {"image/png", hugePNG(t, 1<<31-1, 1<<31-1, 8, 0, 0)},
		"64 bits per pixel":               {"image/png", hugePNG(t, 8000, 8000, 16, 6, 0)},
		"a PNG with one very long row":    {"image/png", hugePNG(t, 1<<26, 1, 8, 0, 0)},
		"50 000 × 50 000 JPEG":            {"image/jpeg", withSize(photo(), 50_000, 50_000)},
		"a JPEG with 5000 scans":          {"image/jpeg", manyScans(t)},
		"a GIF with 10 000 frames":        {"image/gif", manyFrames(t, 10_000)},
		"a GIF with 4 billion pixels":     {"image/gif", withScreenSize(bytes.Clone(animated), 65_535, 65_535)},
		"a GIF with a million extensions": {"image/gif", append(gifHeader, bytes.Repeat(extension, 1<<20)...)},
	} {
		took, used := time.Duration(math.MaxInt64), uint64(0)
		for range 3 { // uses the fastest of three runs, because the machine may be busy
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			m, err := process(c.file, c.mime)
			took = min(took, time.Since(start))
			runtime.ReadMemStats(&after)
			used = max(used, after.TotalAlloc-before.TotalAlloc)
			if chat.CodeOf(err) != chat.Invalid {
				t.Errorf("%s: %v, %+v", name, err, m.Picture)
			}
		}
		if used > 1<<20 || took > 200*time.Millisecond {
			t.Errorf("%s: used %d bytes and took %v", name, used, took)
		}
	}
}

// withScreenSize changes the size in the header of a GIF.
func withScreenSize(file []byte, w, h uint16) []byte {
	binary.LittleEndian.PutUint16(file[6:], w)
	binary.LittleEndian.PutUint16(file[8:], h)
	return file
}

// FuzzProcess checks that no file causes a panic and that all renditions can be decoded.
func FuzzProcess(f *testing.F) {
	for _, file := range [][]byte{
		withEXIF(f, asJPEG(f, testPhoto(20, 10)), 6),
		cmykJPEG(f, image.NewGray(image.Rect(0, 0, 8, 8))),
		asPNG(f, testPhoto(9, 9)), interlacedPNG(9, 9, func(x, y int) byte { return byte(x * y) }),
		asGIF(f, testAnimation(3)),
		jpegWithProfile(asJPEG(f, testPhoto(9, 9)), screenProfile(displayP3Primaries, pointsTag)),
		pngWithProfile(asPNG(f, testPhoto(9, 9)), screenProfile(displayP3Primaries, parametricTag)),
		hugePNG(f, 5000, 5000, 8, 0, 0), manyFrames(f, 3), []byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00"),
	} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<16 {
			return
		}
		for mime, k := range formats {
			if p, err := k.read(bytes.NewReader(file)); err == nil && pixelCount(p.size) > 1<<18 {
				continue // accepted, but slow
			}
			m, err := process(file, mime)
			if err != nil {
				if chat.CodeOf(err) != chat.Invalid && !errors.Is(err, ErrUndecodable) {
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

// BenchmarkPhoto processes photos with 12 megapixels, two at a time. It reports the maximum memory in use.
func BenchmarkPhoto(b *testing.B) {
	photo := image.NewYCbCr(image.Rect(0, 0, 4032, 3024), image.YCbCrSubsampleRatio420)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range photo.Y {
		photo.Y[i] = byte(i>>6) + byte(r.IntN(16))
	}
	file := asJPEG(b, photo)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	stop := watchHeap(b)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := process(file, "image/jpeg"); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "photos/s")
	b.ReportMetric(float64(stop())/(1<<20), "MiB-max")
}

// watchHeap measures the heap until the returned function is called, which returns the maximum in bytes.
func watchHeap(b *testing.B) (stop func() uint64) {
	runtime.GC()
	end, result := make(chan struct{}), make(chan uint64)
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
				result <- top
				return
			case <-ticker.C:
			}
		}
	}()
	return func() uint64 { close(end); return <-result }
}
