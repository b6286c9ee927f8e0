// Package static embeds the files that browsers fetch and cache: stylesheets, vendored scripts, icons and the
// notification sound. Each URL contains a hash of the content, so the content behind a URL never changes and may be
// cached without limit.
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

	"github.com/klauspost/compress/zstd"
)

//go:embed css/*.css vendor/*.js *.svg *.png favicon.ico chime.wav
var files embed.FS

// asset is an embedded file with its media type, a hash of its content, and its compressed content.
type asset struct {
	content     []byte
	contentType string
	hash        string
	encoded     map[string]func() []byte // by content coding; each function compresses on its first call
}

// These maps contain all files. The function init fills them, and they never change afterwards.
var (
	urlByName  = map[string]string{} // URL of each file by its name
	assetByURL = map[string]asset{}  // file by its URL
)

// layersCSS sets the order of the cascade layers, so it must come first in the bundle of stylesheets. noscriptCSS is
// not in the bundle, because only browsers without JavaScript load it.
const (
	layersCSS   = "css/layers.css"
	noscriptCSS = "css/noscript.css"
)

// init prepares all files, because their URLs are needed before the first request.
func init() {
	addAsset("charla.css", bundle())
	addAsset("noscript.css", readFile(noscriptCSS))
	for _, name := range slices.Concat(glob("*.svg"), glob("*.png"), []string{"favicon.ico", "chime.wav"}) {
		addAsset(name, readFile(name))
	}
	for _, name := range glob("vendor/*.js") {
		addAsset(path.Base(name), readFile(name))
	}
}

// bundle returns all stylesheets joined into one. Their order hardly matters, except that layersCSS comes first,
// because the cascade layers decide which rule wins.
func bundle() []byte {
	sheets := slices.DeleteFunc(glob("css/*.css"), func(name string) bool {
		return name == layersCSS || name == noscriptCSS
	})
	content := readFile(layersCSS)
	for _, name := range sheets {
		content = append(content, readFile(name)...)
	}
	return content
}

// readFile returns the content of an embedded file. It panics if there is no such file.
func readFile(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // impossible: the file is embedded
	}
	return content
}

// glob returns the names of the embedded files that match a pattern.
func glob(pattern string) []string {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err) // impossible: all patterns are constants in this file
	}
	return names
}

// addAsset makes a file available under a URL that contains a hash of its content.
func addAsset(name string, content []byte) {
	sum := sha256.Sum256(content)
	hash, ext := hex.EncodeToString(sum[:5]), path.Ext(name)
	hashed := "/static/" + strings.TrimSuffix(name, ext) + "." + hash + ext
	urlByName[name] = hashed
	assetByURL[hashed] = asset{content, mimeType(ext), hash, map[string]func() []byte{
		Gzip: sync.OnceValue(func() []byte { return compressGzip(content) }),
		Zstd: sync.OnceValue(func() []byte { return compressZstd(content) }),
		"":   func() []byte { return content },
	}}
}

// mimeType returns the media type for a file extension. For the files of pages it does not ask the operating system,
// whose answer differs between machines.
func mimeType(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".wav":
		return "audio/wav"
	}
	return mime.TypeByExtension(ext)
}

// compressGzip returns the content compressed with gzip.
func compressGzip(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // cannot fail: the level is valid
	w.Write(content)                                      // writing to a bytes.Buffer cannot fail
	w.Close()
	return b.Bytes()
}

// compressZstd returns the content compressed with Zstandard.
func compressZstd(content []byte) []byte {
	// These options are valid, so there is no error.
	encoder, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	defer encoder.Close()
	return encoder.EncodeAll(content, nil)
}

// URL returns the URL of the file with the given name, such as "charla.css". It panics if there is no such file.
func URL(name string) string {
	p, ok := urlByName[name]
	if !ok {
		panic("static: there is no file " + name)
	}
	return p
}

// Content returns the content and the media type of the file with the given name. It panics if there is no such file.
func Content(name string) (content []byte, contentType string) {
	a := assetByURL[URL(name)]
	return a.content, a.contentType
}

// Exists reports whether url is the URL of a file.
func Exists(url string) bool {
	_, ok := assetByURL[url]
	return ok
}

// Serve answers a request for an embedded file. The caller must have checked the URL with Exists.
func Serve(w http.ResponseWriter, r *http.Request) {
	a := assetByURL[r.URL.Path]
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", a.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	if !isCompressible(a.contentType) {
		h.Set("ETag", `"`+a.hash+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
		return
	}
	h.Add("Vary", "Accept-Encoding")
	encoding := Encoding(r)
	etag := `"` + strings.TrimSuffix(a.hash+"-"+encoding, "-") + `"`
	h.Set("ETag", etag)
	if NotModified(r, etag) {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	content := a.encoded[encoding]()
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method != http.MethodHead {
		w.Write(content) // an error means that the client disconnected
	}
}

// isCompressible reports whether files of a media type become smaller by compression. The others are sent as they are,
// and in byte ranges if the browser asks for them, as it does for audio.
func isCompressible(contentType string) bool {
	return strings.HasPrefix(contentType, "text/") || contentType == "image/svg+xml" || contentType == "image/x-icon"
}
