// Package static holds the files that browsers fetch once: the stylesheets, the vendored scripts, the icons, the sound. Their URLs
// carry a hash of their content, so they never change behind a URL and may be kept for ever.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed css/*.css vendor/*.js *.svg chime.wav
var files embed.FS

// asset is one file as it is served.
type asset struct {
	content     []byte
	contentType string
	gzipped     func() []byte // made when it is first asked for
}

var (
	paths  = map[string]string{} // by name
	assets = map[string]asset{}  // by path
)

// The stylesheet that says the order of the layers comes first in the bundle; the one for browsers without JavaScript
// is not part of it.
const (
	firstCSS    = "css/layers.css"
	noscriptCSS = "css/noscript.css"
)

func init() {
	add("charla.css", bundle())
	add("noscript.css", read(noscriptCSS))
	for _, name := range []string{"icon.svg", "icon-unread.svg", "chime.wav"} {
		add(name, read(name))
	}
	for _, name := range glob("vendor/*.js") {
		add(path.Base(name), read(name))
	}
}

// bundle joins the stylesheets into one. Which rule wins is decided by layers, so their order matters little.
func bundle() []byte {
	sheets := slices.DeleteFunc(glob("css/*.css"), func(name string) bool { return name == firstCSS || name == noscriptCSS })
	content := read(firstCSS)
	for _, name := range sheets {
		content = append(content, read(name)...)
	}
	return content
}

func read(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: it cannot be missing in a program that was built
	}
	return content
}

func glob(pattern string) []string {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err) // the patterns stand in this file
	}
	return names
}

func add(name string, content []byte) {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	hashed := "/static/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
	paths[name] = hashed
	assets[hashed] = asset{content, mimeType(ext), sync.OnceValue(func() []byte { return compress(content) })}
}

// mimeType does not ask the operating system, whose answers differ.
func mimeType(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".wav":
		return "audio/wav"
	}
	return mime.TypeByExtension(ext)
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	w.Write(content)                                      // a Buffer takes everything
	w.Close()
	return b.Bytes()
}

// Path returns the URL of a file by its name, such as "charla.css". It panics for a name that does not exist.
func Path(name string) string {
	p, ok := paths[name]
	if !ok {
		panic("static: there is no file " + name)
	}
	return p
}

// Has tells whether there is a file with this URL.
func Has(url string) bool {
	_, ok := assets[url]
	return ok
}

// Serve answers a request for a file that there is.
func Serve(w http.ResponseWriter, r *http.Request) {
	a := assets[r.URL.Path]
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", a.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	if strings.HasPrefix(a.contentType, "audio/") { // browsers ask for parts of it, as it is
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
		return
	}
	h.Add("Vary", "Accept-Encoding")
	content := a.content
	if AcceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		content = a.gzipped()
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method != http.MethodHead {
		w.Write(content) // a reader that went away is nobody's failure
	}
}

// AcceptsGzip tells whether the request takes gzip; "gzip;q=0" refuses it.
func AcceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight = strings.TrimSpace(weight)
		refused := strings.HasPrefix(weight, "q=") && strings.Trim(weight[2:], "0.") == ""
		if strings.EqualFold(coding, "gzip") && !refused {
			return true
		}
	}
	return false
}
