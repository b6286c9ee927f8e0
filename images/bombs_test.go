package images

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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
		"a GIF with a million extensions": {"image/gif", append(gifHeader, bytes.Repeat([]byte{extensionBlock, 0xfe, 1, 'x', 0}, 1<<20)...)},
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

// TestMemory: the largest pictures are processed two at a time in the memory that they may use together, and in what they
// have reserved. This includes the largest pictures of phones.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // so that the heap contains little that is not in use
	photo := image.NewYCbCr(image.Rect(0, 0, 8160, 6120), image.YCbCrSubsampleRatio420)
	files := map[string]string{
		"image/jpeg": string(asJPEG(t, photo)), "image/png": string(largePNG(8000, 8000)),
		"image/gif": string(asGIF(t, &gif.GIF{
			Image: []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 5000, 5000), color.Palette{color.Black, color.White})},
			Delay: []int{0},
		})),
	}
	photo = nil
	defer func(old time.Duration) { slotTimeout = old }(slotTimeout)
	slotTimeout = 10 * time.Minute // a picture waits for the other one
	memory = &budget{changed: make(chan struct{})}
	for mime, file := range files {
		runtime.GC()
		before, done := heapInUse(), make(chan error)
		for range 2 {
			go func() {
				m, err := process([]byte(file), mime)
				if err == nil && max(m.Width, m.Height) != originalSide {
					err = fmt.Errorf("%+v", m.Picture)
				}
				done <- err
			}()
		}
		var used uint64
		for finished := 0; finished < 2; {
			select {
			case err := <-done:
				finished++
				if err != nil {
					t.Errorf("%s: %v", mime, err)
				}
			case <-time.After(time.Millisecond):
				used = max(used, heapInUse())
			}
		}
		if used -= min(used, before); used > maxMemory+maxMemory/8 {
			t.Errorf("%s: two pictures used %d MiB", mime, used>>20)
		}
	}
	if memory.peak > maxMemory || memory.peak < maxMemory/2 {
		t.Errorf("%d MiB were reserved", memory.peak>>20)
	}
}

// heapInUse returns how many bytes the objects on the heap have.
func heapInUse() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// largePNG returns a PNG with transparent pixels, and never has the picture in memory.
func largePNG(w, h int) []byte {
	var packed bytes.Buffer
	z, row := zlib.NewWriter(&packed), make([]byte, 1+4*w)
	for y := range h {
		for x := range w {
			row[1+4*x], row[4+4*x] = byte(x*y>>9), byte(y>>5)
		}
		z.Write(row)
	}
	z.Close()
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	out := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(head, 8, 6, 0, 0, 0))...)
	return append(append(out, pngChunk("IDAT", packed.Bytes())...), pngChunk("IEND", nil)...)
}

// TestReservedMemory: a picture reserves its memory before it is decoded, and less than its whole pixels need. A picture
// that needs more than the whole budget is rejected.
func TestReservedMemory(t *testing.T) {
	for name, c := range map[string]struct {
		mime string
		file []byte
	}{
		"an 8,000 × 8,000 PNG":        {"image/png", hugePNG(t, 8000, 8000, 8, 6, 0)},
		"interlaced":                  {"image/png", hugePNG(t, 8000, 8000, 8, 6, 1)},
		"16 bits":                     {"image/png", hugePNG(t, 5000, 5000, 16, 6, 0)},
		"50 megapixels":               {"image/jpeg", withSize(asJPEG(t, testPhoto(16, 16)), 8160, 6120)},
		"64 megapixels in CMYK":       {"image/jpeg", withSize(cmykJPEG(t, asGray(testPhoto(8, 8))), 8000, 8000)},
		"64 megapixels in many scans": {"image/jpeg", asProgressive(withSize(asJPEG(t, testPhoto(16, 16)), 8000, 8000))},
	} {
		p, err := formats[c.mime].read(bytes.NewReader(c.file))
		if err != nil || p.memoryFor(originalSide) > maxMemory {
			t.Errorf("%s: %d MiB, %v", name, p.memoryFor(originalSide)>>20, err)
		}
	}
	header := binary.LittleEndian.AppendUint32([]byte{0x2f}, 7999|7999<<14)
	_, err := process(webpFile(webpChunk("VP8L", string(header))), "image/webp")
	if !errors.Is(err, errNeedsMemory) {
		t.Errorf("a lossless WebP of 64 megapixels: %v", err)
	}
}

// asProgressive changes the header of a JPEG to that of a progressive one.
func asProgressive(file []byte) []byte {
	file[bytes.Index(file, []byte{0xff, 0xc0})+1] = 0xc2
	return file
}

// TestConcurrencyLimit: a picture that waits too long for a slot is rejected, and every picture releases its slot.
func TestConcurrencyLimit(t *testing.T) {
	defer func(old time.Duration) { slotTimeout = old }(slotTimeout)
	slotTimeout = time.Millisecond
	file := asPNG(t, testPhoto(5, 5))
	for name, used := range map[string][]int64{"without a free slot": {1, 1}, "without free memory": {maxMemory - 1}} {
		t.Run(name, func(t *testing.T) {
			for _, bytes := range used {
				release, err := memory.acquire(t.Context(), bytes)
				if err != nil {
					t.Fatal(err)
				}
				defer release()
			}
			if _, err := process(file, "image/png"); chat.CodeOf(err) != chat.Unavailable {
				t.Error(err)
			}
		})
	}
	for range 2 * maxConcurrent {
		process(file[:40], "image/png")
		mustProcess(t, file, "image/png")
	}
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
