package handlers_test

import (
	"fmt"
	"image"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"charla/storage"
	"charla/storage/storagetest"
)

func TestDownload(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	f, p := ana.upload("notes.txt", "some notes"), ana.upload("photo.png", picture(800, 600))
	m := ana.sendWithFiles(berta.peerQuery(), "", f, p)
	a := berta.get(f.URL, "Accept-Encoding: gzip").is(200)
	equal(t, "bytes", a.body, "some notes")
	for name, want := range map[string]string{
		"Content-Disposition": "attachment; filename=notes.txt", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy":      "default-src 'none'; sandbox",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-cache",
		"Content-Type": "text/plain", "Content-Length": "10", "Content-Encoding": "",
		"Accept-Ranges": "bytes",
	} {
		equal(t, name, a.header.Get(name), want)
	}
	tag := a.header.Get("ETag")
	equal(t, "not changed", berta.get(f.URL, "If-None-Match: "+tag).is(304).body, "")
	equal(t, "one of several tags", berta.get(f.URL, `If-None-Match: "x", `+tag).is(304).body, "")
	part := berta.get(f.URL, "Range: bytes=5-", "If-Range: "+tag).is(206)
	equal(t, "a part", part.body+" "+part.header.Get("Content-Range"), "notes bytes 5-9/10")
	equal(t, "a range of another file", berta.get(f.URL, "Range: bytes=5-", `If-Range: "x"`).is(200).body, "some notes")
	berta.get(f.URL, "Range: bytes=10-").is(416)
	head := berta.do(http.MethodHead, f.URL, nil).is(200)
	equal(t, "the length by HEAD", head.header.Get("Content-Length")+head.body, "10")

	thumb := berta.get(p.ThumbURL).is(200)
	equal(t, "a picture", thumb.header.Get("Content-Disposition"), "inline; filename=photo.png")
	config, kind, err := image.DecodeConfig(strings.NewReader(thumb.body))
	if err != nil || config.Width != 320 || config.Height != 240 {
		t.Errorf("the thumbnail is %+v, %s, %v", config, kind, err)
	}
	if berta.get(p.URL).header.Get("ETag") == thumb.header.Get("ETag") {
		t.Error("two sizes have the same ETag")
	}
	berta.get(f.URL+"?size=thumb", asJSON).isError(404, "not_found", "")
	berta.get(p.URL+"?size=../x", asJSON).isError(404, "not_found", "")

	ana.deleteMessage(m).is(204)
	for _, b := range []*client{ana, berta} {
		gone := b.get(f.URL, "If-None-Match: "+tag, asJSON).isError(404, "not_found", "")
		equal(t, "Content-Disposition of the error", gone.header.Get("Content-Disposition"), "")
	}
	equal(t, "blobs", s.count(`SELECT COUNT(*) FROM blobs`), 0)
}

// Each of several ranges would be a request to S3, and http.ServeContent would read them in a goroutine that can
// outlive the request. So several ranges get the whole file.
func TestMultipleRangesGetTheWholeFile(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	proxy := useS3(t, s)
	ana := s.newUser("Ana")
	data := strings.Repeat("0123456789", 50_000)
	f := ana.upload("digits", data)
	var requests atomic.Int64
	proxy.SetFault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		requests.Add(1)
		server.ServeHTTP(w, r)
	})
	equal(t, "one range", ana.get(f.URL, "Range: bytes=-3").is(206).body, "789")
	many := strings.Repeat("0-0,400000-400000,", 400) + "5-5"
	for _, ranges := range []string{"0-0,-1", "0-99,50-149", "0-,0-,0-", many, ",", "0-0,"} {
		requests.Store(0)
		if got := ana.get(f.URL, "Range: bytes="+ranges).is(200).body; got != data || requests.Load() != 1 {
			t.Errorf("%.20s: %d bytes, %d requests to S3", ranges, len(got), requests.Load())
		}
	}
	for _, invalid := range []string{
		"bytes=-", "bytes=5-2", "bytes=x-y", "bytes=99999999999999999999-", "bytes=--5", "bytes=-0", "bytes=+5-", "lines=1-2",
		"bytes", "5-9",
	} {
		if got := ana.get(f.URL, "Range: "+invalid).is(200).body; got != data {
			t.Errorf("%s: %d bytes", invalid, len(got))
		}
	}
	ana.get(f.URL, "Range: bytes=500000-").is(416)
	equal(t, "a range beyond the end", len(ana.get(f.URL, "Range: bytes=0-9223372036854775807").is(206).body),
		len(data))
	equal(t, "a suffix longer than the file", len(ana.get(f.URL, "Range: bytes=-9223372036854775807").is(206).body),
		len(data))
}

// Blobs are stored once per content. Uploading the same bytes as somebody else must not reveal that they have them.
func TestETagDoesNotRevealOtherUploads(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.upload("x", "what nobody else should have")
	first := berta.upload("before", "something else")
	guess := berta.upload("guess", "what nobody else should have")
	equal(t, "blobs", s.count(`SELECT COUNT(*) FROM blobs`), 2)
	for _, f := range []fileInfo{first, guess} {
		equal(t, "ETag", berta.get(f.URL).header.Get("ETag"), fmt.Sprintf(`"%d-"`, f.ID))
	}
}

// useS3 moves the server's files to a real S3 server, behind a proxy that can inject faults.
func useS3(t *testing.T, s *testServer) *storagetest.Proxy {
	t.Helper()
	proxy := storagetest.NewProxy(t, storagetest.New(t))
	blobs, err := storage.OpenS3(t.Context(), proxy.URL("charla"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	s.blobs.BlobStore = blobs
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
		t.Error("503 without Retry-After")
	}
	page := ana.postParts("/messages", []string{"room", "1", "body", "the text", "key", "k", "<x.txt", "not now"}).
		is(503)
	page.shows("textarea", "the text")
	unavailable := ana.get(f.URL, asJSON).isError(503, "unavailable", "")
	equal(t, "Content-Disposition of the error", unavailable.header.Get("Content-Disposition"), "")
	equal(t, "blobs", s.count(`SELECT COUNT(*) FROM blobs`), 1)
	ana.sendMessage("room=1", "meanwhile")
	proxy.ClearFault()
	equal(t, "afterwards", ana.get(f.URL).is(200).body, "kept before")
	ana.upload("x", "now")
}

func TestStoredFilesHaveGeneratedNames(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	dir := t.TempDir()
	blobs, err := storage.OpenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	s.blobs.BlobStore = blobs
	ana := s.newUser("Ana")
	ana.upload("../../evil.txt", "bytes")
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		lacks(t, path, "evil")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
