package handlers_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"charla/storage"
	"charla/storage/storagetest"
)

func TestHostileFileNames(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for name, want := range map[string]string{
		"../../etc/passwd": "passwd", `..\..\boot.ini`: "boot.ini", "a\x00b.txt": "ab.txt", strings.Repeat("n", 300) + ".txt": strings.Repeat("n", 251) + ".txt",
		`quote".txt`: `quote".txt`, "line\r\nSet-Cookie: x=y": "line Set-Cookie: x=y", "photo\u202egnp.exe": "photognp.exe", "año; filename=x.html": "año; filename=x.html",
		"</bdi><script>alert(1)</script>": "script>", "": "file", "\xff\xfe": "file", "日本.txt": "日本.txt",
	} {
		f := ana.upload(name, "harmless")
		equal(t, "name", f.Name, want)
		a := ana.get(f.URL).is(200)
		header := a.header.Get("Content-Disposition")
		how, params, err := mime.ParseMediaType(header)
		if err != nil || how != "attachment" || params["filename"] != want || len(params) != 1 || strings.ContainsAny(header, "\r\n") {
			t.Errorf("%q goes out with %q: %v, %v", name, header, params, err)
		}
		for _, c := range []byte(header) {
			if c < ' ' || c > '~' {
				t.Errorf("%q goes out with the byte %x", name, c)
			}
		}
		equal(t, "cookies", len(a.header.Values("Set-Cookie")), 0)
		ana.do(http.MethodDelete, f.URL, nil, asJSON).is(204)
	}
	f := ana.upload(`<img src=x onerror="alert(1)">.txt`, "harmless")
	m := ana.sendWithFiles("room=1", "", f)
	ana.get(m.path()).is(200).lacks("<img src=x").has("&lt;img src=x")
}

// What a browser would run goes out as bytes to be saved, whatever it is called and whatever its sender says that it is.
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
		a := ana.do(http.MethodPost, "/files?name="+url.QueryEscape(name), strings.NewReader(data+" "), "Content-Type: image/svg+xml", asJSON)
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
		lacks(t, ana.get(m.path()).body, `src="`+f.URL)
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

// hugePNG says that it has so many pixels, and has none.
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

// It runs alone, because it measures memory and time.
func TestDecompressionBombs(t *testing.T) {
	s := openSQLite(t)
	ana := s.newUser("Ana")
	frame := "\x21\xf9\x04\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
	gif := "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + strings.Repeat(frame, 10_000) + ";"
	for name, bomb := range map[string]string{"huge.png": hugePNG(50_000), "long.gif": gif} {
		took, taken := time.Duration(math.MaxInt64), uint64(0)
		for range 3 { // the fastest counts: a busy machine is not slow three times
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			ana.do(http.MethodPost, "/files?name="+name, strings.NewReader(bomb), asJSON).isError(422, "invalid", "file")
			took = min(took, time.Since(start))
			runtime.ReadMemStats(&after)
			taken = max(taken, after.TotalAlloc-before.TotalAlloc)
		}
		if taken > 20<<20 || took > time.Second {
			t.Errorf("%s: %d bytes in %v", name, taken, took)
		}
	}
	equal(t, "rows", s.count(`SELECT COUNT(*) FROM contents`), 0)
}

// A large file passes through: its bytes are never in memory together. It runs alone, because it measures memory.
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
	if taken := after.TotalAlloc - before.TotalAlloc; err != nil || n != size || taken > 4<<20 {
		t.Errorf("%d bytes came back, %v; %d were taken sooner or later", n, err, taken)
	}
}

// trickleReader is a body of which a byte comes now and then.
type trickleReader struct{ every time.Duration }

func (r trickleReader) Read(p []byte) (int, error) {
	time.Sleep(r.every)
	p[0] = 'x'
	return 1, nil
}

// slowReader is a body that takes its time, and comes whole.
type slowReader struct {
	io.Reader
	every time.Duration
}

func (r slowReader) Read(p []byte) (int, error) {
	time.Sleep(r.every)
	return r.Reader.Read(p[:min(len(p), 100)])
}

func TestStalledUploadsTimeOut(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	s.handler.SetTransferTimeouts(400*time.Millisecond, 100)
	ana := s.newUser("Ana")
	send := func(path string, body io.Reader, headers ...string) (int, time.Duration) {
		start := time.Now()
		response, err := s.Client().Transport.RoundTrip(ana.request(http.MethodPost, path, body, append(headers, asJSON)...))
		if err != nil {
			return 0, time.Since(start)
		}
		response.Body.Close()
		return response.StatusCode, time.Since(start)
	}
	silent, quiet := io.Pipe()
	defer quiet.Close()
	part := strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n")
	for what, body := range map[string]io.Reader{"nothing": silent, "a byte now and then": trickleReader{50 * time.Millisecond}, "the head of a part": io.MultiReader(part, trickleReader{50 * time.Millisecond})} {
		path, kind := "/files?name=x", "Content-Type: text/plain"
		if what == "the head of a part" {
			path, kind = "/messages", "Content-Type: multipart/form-data; boundary=b"
		}
		status, took := send(path, body, kind)
		if status != 0 && status != 422 || took > 30*time.Second { // otherwise they would never end
			t.Errorf("%s: status %d after %v", what, status, took)
		}
	}
	equal(t, "files", s.count(`SELECT COUNT(*) FROM files`), 0)
	status, took := send("/files?name=x", slowReader{strings.NewReader(strings.Repeat("x", 1000)), 80 * time.Millisecond})
	if status != 201 || took < 800*time.Millisecond {
		t.Errorf("what is slow and keeps coming: status %d after %v", status, took)
	}
}

func TestSlowUploadsDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	stop := make(chan struct{})
	defer close(stop)
	begun := 0
	for i := range 125 {
		b := s.newUser(fmt.Sprint("Person ", i))
		for range 8 {
			begun++
			in, out := io.Pipe()
			go func() {
				response, err := s.Client().Transport.RoundTrip(b.request(http.MethodPost, "/files?name=x", in))
				if err == nil {
					response.Body.Close()
				}
			}()
			go func() { io.WriteString(out, "x"); <-stop; out.CloseWithError(io.ErrUnexpectedEOF) }()
		}
	}
	last := s.newUser("Last")
	start := time.Now()
	last.upload("mine", "quick")
	last.sendMessage("room=1", "quick")
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("with %d slow bodies: %v", begun, took)
	}
}

// useS3 puts a site's files into a real S3 server, behind a proxy with faults.
func useS3(t *testing.T, s *testServer) *storagetest.Proxy {
	t.Helper()
	proxy := storagetest.NewProxy(t, storagetest.New(t))
	vault, err := storage.OpenS3(t.Context(), proxy.URL("charla"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vault.Close() })
	s.blobs.BlobStore = vault
	return proxy
}

func TestStorageUnavailable(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	proxy := useS3(t, s)
	ana := s.newUser("Ana")
	f := ana.upload("kept.txt", "kept before")
	ana.sendWithFiles("room=1", "", f)
	proxy.SetFault(storagetest.Unavailable)
	a := ana.do(http.MethodPost, "/files?name=x", strings.NewReader("not now"), asJSON).isError(503, "unavailable", "")
	if a.header.Get("Retry-After") == "" {
		t.Error("nothing says when to come back")
	}
	page := ana.postParts("/messages", []string{"room", "1", "body", "the text", "key", "k", "<x.txt", "not now"}).is(503)
	page.has("the text")
	away := ana.get(f.URL, asJSON).isError(503, "unavailable", "")
	equal(t, "an error's disposition", away.header.Get("Content-Disposition"), "")
	equal(t, "rows", s.count(`SELECT COUNT(*) FROM contents`), 1)
	ana.sendMessage("room=1", "meanwhile")
	proxy.ClearFault()
	equal(t, "afterwards", ana.get(f.URL).is(200).body, "kept before")
	ana.upload("x", "now")
}

func TestStoredFilesHaveGeneratedNames(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	dir := t.TempDir()
	vault, err := storage.OpenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer vault.Close()
	s.blobs.BlobStore = vault
	ana := s.newUser("Ana")
	ana.upload("../../evil.txt", "bytes")
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		lacks(t, path, "evil")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
