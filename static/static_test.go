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

	"github.com/klauspost/compress/zstd"
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
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "br, GZIP;q=0.5": "gzip", "deflate, gzip, br, zstd": "zstd", "gzip;q=0": "",
		"gzip; q=0.000": "", "br": "", "ZSTD": "zstd", "gzip;q=1, zstd;q=0.9": "gzip", "gzip;q=0.5, zstd;q=0.9": "zstd",
		"zstd;q=0, gzip": "gzip", "zstd ; Q=0": "", "*": "gzip", "*;q=0": "", "gzip;q=0, *": "", "x-gzip": "gzip",
		"identity": "", "identity;q=0.5, gzip": "gzip", "gzip;q=0.5, identity": "", "zstd;q=x": "zstd",
	} {
		w := request("GET", URL("charla.css"), accept)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
		}
		body := io.Reader(w.Body)
		var err error
		switch want {
		case "gzip":
			body, err = gzip.NewReader(w.Body)
		case "zstd":
			body, err = zstd.NewReader(w.Body)
		}
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(body); err != nil || string(content) != string(bundle()) {
			t.Errorf("Accept-Encoding %q: the content differs (error %v)", accept, err)
		}
	}
}

// A client that has a file already gets 304, for GET and HEAD and in each encoding.
func TestConditionalRequests(t *testing.T) {
	for _, name := range []string{"charla.css", "htmx.min.js", "icon.svg", "icon-192.png", "chime.wav"} {
		tags := map[string]bool{}
		for _, encoding := range []string{"", "gzip", "zstd"} {
			first := request("GET", URL(name), encoding)
			tag := first.Header().Get("ETag")
			tags[tag] = true
			for header, want := range map[string]int{
				tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, `"a,b" ,W/` + tag + `, "c"`: 304, "*": 304,
				`"x"`: 200, "": 200, strings.Trim(tag, `"`): 200, `W/"`: 200, `"`: 200, tag[:len(tag)-1]: 200,
			} {
				for _, method := range []string{"GET", "HEAD"} {
					r := httptest.NewRequest(method, URL(name), nil)
					r.Header.Set("Accept-Encoding", encoding)
					r.Header.Set("If-None-Match", header)
					w := httptest.NewRecorder()
					if Serve(w, r); w.Code != want {
						t.Errorf("%s %s with If-None-Match: %s: status %d, want %d", method, name, header, w.Code, want)
					}
					if w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") != tag ||
						w.Header().Get("Cache-Control") != first.Header().Get("Cache-Control") ||
						w.Header().Get("Vary") != first.Header().Get("Vary")) {
						t.Errorf("%s %s: the answer 304 is %v, %q", method, name, w.Header(), w.Body)
					}
				}
			}
		}
		if first := request("GET", URL(name), "zstd").Header(); len(tags) != 1+2*strings.Count(first.Get("Vary"), "Encoding") {
			t.Errorf("%s has the ETags %v", name, tags)
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
