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
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"charla/chat"
)

// TestMemory: the largest pictures are processed two at a time in the memory that they may use together, and in what
// they have reserved. This includes the largest pictures of phones.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // so that the heap contains little that is not in use
	blackWhite := color.Palette{color.Black, color.White}
	photo := image.NewYCbCr(image.Rect(0, 0, 8160, 6120), image.YCbCrSubsampleRatio420)
	files := map[string]string{
		"image/jpeg": string(asJPEG(t, photo)), "image/png": string(largePNG(8000, 8000)),
		"image/gif": string(asGIF(t, &gif.GIF{
			Image: []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 5000, 5000), blackWhite)}, Delay: []int{0},
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

// TestReservedMemory: a picture reserves its memory before it is decoded, and less than its whole pixels need. A
// picture that needs more than the whole budget is rejected.
func TestReservedMemory(t *testing.T) {
	many := testPhoto(16, 16)
	for name, c := range map[string]struct {
		mime string
		file []byte
	}{
		"an 8,000 × 8,000 PNG":        {"image/png", hugePNG(t, 8000, 8000, 8, 6, 0)},
		"interlaced":                  {"image/png", hugePNG(t, 8000, 8000, 8, 6, 1)},
		"16 bits":                     {"image/png", hugePNG(t, 5000, 5000, 16, 6, 0)},
		"50 megapixels":               {"image/jpeg", withSize(asJPEG(t, testPhoto(16, 16)), 8160, 6120)},
		"64 megapixels in CMYK":       {"image/jpeg", withSize(cmykJPEG(t, asGray(testPhoto(8, 8))), 8000, 8000)},
		"64 megapixels in many scans": {"image/jpeg", asProgressive(withSize(asJPEG(t, many), 8000, 8000))},
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
