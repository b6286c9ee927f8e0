package handlers_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestHostileFileNames(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for name, want := range map[string]string{
		"../../etc/passwd":                "passwd",
		`..\..\boot.ini`:                  "boot.ini",
		"a\x00b.txt":                      "ab.txt",
		strings.Repeat("n", 300) + ".txt": strings.Repeat("n", 251) + ".txt",
		`quote".txt`:                      `quote".txt`,
		"line\r\nSet-Cookie: x=y":         "line Set-Cookie: x=y",
		"photo\u202egnp.exe":              "photognp.exe",
		"año; filename=x.html":            "año; filename=x.html",
		"</bdi><script>alert(1)</script>": "script>",
		"":                                "file",
		"\xff\xfe":                        "file",
		"日本.txt":                          "日本.txt",
	} {
		f := ana.upload(name, "harmless")
		equal(t, "name", f.Name, want)
		a := ana.get(f.URL).is(200)
		header := a.header.Get("Content-Disposition")
		how, params, err := mime.ParseMediaType(header)
		if err != nil || how != "attachment" || params["filename"] != want || len(params) != 1 ||
			strings.ContainsAny(header, "\r\n") {
			t.Errorf("%q is sent as %q: %v, %v", name, header, params, err)
		}
		for _, c := range []byte(header) {
			if c < ' ' || c > '~' {
				t.Errorf("the header of %q has the byte %x", name, c)
			}
		}
		equal(t, "cookies", len(a.header.Values("Set-Cookie")), 0)
		ana.do(http.MethodDelete, f.URL, nil, asJSON).is(204)
	}
	f := ana.upload(`<img src=x onerror="alert(1)">.txt`, "harmless")
	m := ana.sendWithFiles("room=1", "", f)
	ana.get(m.path()).is(200).hides("img[src=x]").has("&lt;img src=x")
}

// A browser must never run an uploaded file, whatever its name and the Content-Type of its upload.
func TestActiveContentIsAlwaysAnAttachment(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for name, data := range map[string]string{
		"drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"page.png":    "<!DOCTYPE html><script>alert(1)</script>",
		"page.html":   "\n\n <html><body onload=alert(1)>",
		"x.xml":       `<?xml version="1.0"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>alert(1)</h:script></x>`,
		"code.js":     "#!/usr/bin/env node\nalert(1)",
		"empty":       "",
		"bytes.png":   "\x00\x01\x02\x03",
	} {
		a := ana.do(http.MethodPost, "/files?name="+url.QueryEscape(name), strings.NewReader(data+" "),
			"Content-Type: image/svg+xml", asJSON)
		f := decode[fileInfo](a.is(201))
		got := ana.get(f.URL).is(200)
		contains(t, got.header.Get("Content-Disposition"), "attachment;")
		if kind := got.header.Get("Content-Type"); kind != "application/octet-stream" && kind != "text/plain" {
			t.Errorf("%s is %s", name, kind)
		}
		equal(t, "nosniff", got.header.Get("X-Content-Type-Options"), "nosniff")
		equal(t, "policy", got.header.Get("Content-Security-Policy"), "default-src 'none'; sandbox")
		equal(t, "thumbnail", f.ThumbURL, "")
		m := ana.sendWithFiles("room=1", "", f)
		ana.get(m.path()).hides("[src^='" + f.URL + "']")
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	script := "<script>alert(1)</script>PK\x03\x04"
	f := ana.upload("polyglot.jpg", photo.String()+script)
	got := ana.get(f.URL).is(200)
	lacks(t, got.body, "alert")
	contains(t, got.header.Get("Content-Disposition"), "inline;")
	if _, err := jpeg.Decode(strings.NewReader(got.body)); err != nil {
		t.Error(err)
	}
}

// hugePNG returns a file whose header claims a picture of side × side pixels and which has no pixels.
func hugePNG(side uint32) string {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	header := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(header[4:], side)
	binary.BigEndian.PutUint32(header[8:], side)
	header[12], header[13] = 8, 6
	binary.Write(&b, binary.BigEndian, uint32(13))
	b.Write(header)
	binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(header))
	return b.String() + strings.Repeat("\x00", 100_000)
}

// TestDecompressionBombs does not run in parallel, because it measures memory and time.
func TestDecompressionBombs(t *testing.T) {
	s := openSQLite(t)
	ana := s.newUser("Ana")
	frame := "\x21\xf9\x04\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
	gif := "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + strings.Repeat(frame, 10_000) + ";"
	for name, bomb := range map[string]string{"huge.png": hugePNG(50_000), "long.gif": gif} {
		took, allocated := time.Duration(math.MaxInt64), uint64(0)
		for range 3 { // the fastest counts, because the machine may be busy
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			ana.do(http.MethodPost, "/files?name="+name, strings.NewReader(bomb), asJSON).
				isError(422, "invalid", "file")
			took = min(took, time.Since(start))
			runtime.ReadMemStats(&after)
			allocated = max(allocated, after.TotalAlloc-before.TotalAlloc)
		}
		if allocated > 20<<20 || took > time.Second {
			t.Errorf("%s: %d bytes in %v", name, allocated, took)
		}
	}
	equal(t, "blobs", s.count(`SELECT COUNT(*) FROM blobs`), 0)
}

// TestLargeFileIsStreamed holds that a file is never in memory as a whole. It does not run in parallel, because it
// measures memory.
func TestLargeFileIsStreamed(t *testing.T) {
	s := openSQLite(t)
	ana := s.newUser("Ana")
	const size = 25 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := ana.request(http.MethodPost, "/files?name=large.bin", io.LimitReader(letterReader{}, size), asJSON)
	response, err := s.Client().Transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	f := decode[fileInfo](&answer{t, response.StatusCode, response.Header, string(body)})
	equal(t, "size", f.Size, size)
	response, err = s.Client().Transport.RoundTrip(ana.request(http.MethodGet, f.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, response.Body)
	response.Body.Close()
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; err != nil || n != size || allocated > 4<<20 {
		t.Errorf("downloaded %d bytes, %v; allocated %d bytes", n, err, allocated)
	}
}
