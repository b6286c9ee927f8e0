package static

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestVendoredFilesAreUnmodified compares the vendored files with the checksums that their authors published.
func TestVendoredFilesAreUnmodified(t *testing.T) {
	list, err := os.ReadFile("vendor/CHECKSUMS")
	if err != nil {
		t.Fatal(err)
	}
	pinned := map[string]string{}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		pinned["vendor/"+fields[1]] = fields[0]
	}
	names := glob("vendor/*.js")
	if len(names) != len(pinned) {
		t.Errorf("got %d vendored files and %d checksums", len(names), len(pinned))
	}
	for _, name := range names {
		if sum := sha256.Sum256(readFile(name)); hex.EncodeToString(sum[:]) != pinned[name] {
			t.Errorf("%s differs from the published file", name)
		}
	}
}

func request(method, path, encoding string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	Serve(w, r)
	return w
}

func TestFilesAreCachedForever(t *testing.T) {
	for name, contentType := range map[string]string{
		"charla.css": "text/css; charset=utf-8", "noscript.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml",
		"htmx.min.js": "text/javascript; charset=utf-8", "relative-time.js": "text/javascript; charset=utf-8",
	} {
		path := URL(name)
		if !regexp.MustCompile(`^/static/[a-z.-]+\.[0-9a-f]{10}\.(css|js|svg)$`).MatchString(path) {
			t.Errorf("unexpected URL of %s: %s", name, path)
		}
		w := request("GET", path, "")
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != contentType || h.Get("Vary") != "Accept-Encoding" ||
			h.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("GET %s: got status %d with headers %v", path, w.Code, h)
		}
		head := request("HEAD", path, "")
		if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") != h.Get("Content-Length") {
			t.Errorf("HEAD %s: got status %d, %d bytes and headers %v", path, head.Code, head.Body.Len(), head.Header())
		}
	}
}

func TestCompression(t *testing.T) {
	for encoding, want := range map[string]bool{
		"": false, "gzip": true, "br, GZIP;q=0.5": true, "deflate, gzip, br, zstd": true, "gzip;q=0": false,
		"gzip; q=0.000": false, "br": false,
	} {
		w := request("GET", URL("charla.css"), encoding)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("Accept-Encoding %q: compressed is %v, want %v", encoding, got, want)
		}
		body := io.Reader(w.Body)
		if want {
			var err error
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if content, err := io.ReadAll(body); err != nil || string(content) != string(bundle()) {
			t.Errorf("Accept-Encoding %q: the content differs (error %v)", encoding, err)
		}
	}
}

func TestOtherPathsDoNotExist(t *testing.T) {
	for _, path := range []string{"/static/", "/static/charla.css", "/static/../static.go", "/static/css/theme.css",
		"/static/charla.0000000000.css"} {
		if Exists(path) {
			t.Errorf("%s exists", path)
		}
	}
}

func TestEveryRuleIsInALayer(t *testing.T) {
	if !strings.Contains(string(bundle()), "@layer reset, base, components, utilities;") {
		t.Fatal("the order of the layers is missing")
	}
	for _, name := range glob("css/*.css") {
		css := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(readFile(name)), "")
		if !regexp.MustCompile(`(?s)^\s*@layer [^{};]+(;|\{.*\})\s*$`).MatchString(css) {
			t.Errorf("%s has rules outside a layer", name)
		}
		if id := regexp.MustCompile(`#[a-zA-Z]`).FindString(css); id != "" {
			t.Errorf("%s styles an id: %s", name, id)
		}
		if strings.Count(css, "{") != strings.Count(css, "}") {
			t.Errorf("%s has unbalanced braces", name)
		}
	}
}
