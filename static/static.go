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
	urlByName  = map[string]string{} // by name
	assetByURL = map[string]asset{}  // by path
)

// The stylesheet that says the order of the layers comes first in the bundle; the one for browsers without JavaScript
// is not part of it.
const (
	layersCSS   = "css/layers.css"
	noscriptCSS = "css/noscript.css"
)

func init() {
	addAsset("charla.css", bundle())
	addAsset("noscript.css", readFile(noscriptCSS))
	for _, name := range []string{"icon.svg", "icon-unread.svg", "chime.wav"} {
		addAsset(name, readFile(name))
	}
	for _, name := range glob("vendor/*.js") {
		addAsset(path.Base(name), readFile(name))
	}
}

// bundle joins the stylesheets into one. Which rule wins is decided by layers, so their order matters little.
func bundle() []byte {
	sheets := slices.DeleteFunc(glob("css/*.css"), func(name string) bool { return name == layersCSS || name == noscriptCSS })
	content := readFile(layersCSS)
	for _, name := range sheets {
		content = append(content, readFile(name)...)
	}
	return content
}

func readFile(name string) []byte {
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

func addAsset(name string, content []byte) {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	hashed := "/static/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
	urlByName[name] = hashed
	assetByURL[hashed] = asset{content, mimeType(ext), sync.OnceValue(func() []byte { return compress(content) })}
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

// URL returns the URL of a file by its name, such as "charla.css". It panics for a name that does not exist.
func URL(name string) string {
	p, ok := urlByName[name]
	if !ok {
		panic("static: there is no file " + name)
	}
	return p
}

// Exists tells whether there is a file with this URL.
func Exists(url string) bool {
	_, ok := assetByURL[url]
	return ok
}

// Serve answers a request for a file that there is.
func Serve(w http.ResponseWriter, r *http.Request) {
	a := assetByURL[r.URL.Path]
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
