package handlers

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"sync"

	"charla/handlers/web"
	"charla/static"

	"github.com/klauspost/compress/zstd"
	"github.com/labstack/echo/v4"
)

const (
	// minCompressedBytes is the size from which a response is compressed. A smaller one fits into a packet anyway.
	minCompressedBytes = 1 << 10

	// gzipLevel needs two thirds of the time of the default level, and its output is 10 % larger.
	gzipLevel = 2

	// zstdWindow is how far back zstd looks for repetitions. Pages are rarely larger.
	zstdWindow = 256 << 10
)

// zstdEncoder compresses responses. It compresses at most two at a time and needs about 1 MB for each. Other responses
// wait, for less than a millisecond.
var zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // impossible: the options are valid
	}
	return encoder
})

// These pools hold the memory in which responses are compressed.
var (
	gzipWriters = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzipLevel) // cannot fail: the level is valid
		return w
	}}
	responseBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
)

// compressResponse is middleware that compresses responses with zstd or gzip, as the client prefers. It collects a
// response and compresses it when the handler has returned, so that a slow client holds only the compressed bytes. It
// does not compress streams, because it would delay their events, nor files and assets, which are compressed already.
func compressResponse(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route, response := web.RouteOf(c), c.Response()
		if route.Stream != web.NoStream || route.NoGzip || route.Asset {
			return next(c)
		}
		response.Header().Add("Vary", "Accept-Encoding")
		encoding := static.Encoding(c.Request())
		if encoding == "" {
			return next(c)
		}
		collected := responseBuffers.Get().(*bytes.Buffer)
		collected.Reset()
		defer responseBuffers.Put(collected)
		w := &collectingWriter{ResponseWriter: response.Writer, body: collected}
		response.Writer = w
		defer func() { // an error page, also after a panic, is written directly
			response.Writer = w.ResponseWriter
			response.Committed = response.Committed && w.sent
		}()
		err := next(c)
		if sendErr := w.send(encoding); err == nil {
			err = sendErr
		}
		return err
	}
}

// collectingWriter is an http.ResponseWriter that collects a response instead of sending it.
type collectingWriter struct {
	http.ResponseWriter
	body   *bytes.Buffer
	status int  // 0 before WriteHeader
	sent   bool // the collected response was sent
}

// WriteHeader stores the status.
func (w *collectingWriter) WriteHeader(status int) { w.status = status }

// Write stores a part of the body.
func (w *collectingWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

// Unwrap returns the writer that sends the response; http.ResponseController uses it to set deadlines.
func (w *collectingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// send compresses the collected response, if it is large enough, and sends it. It does nothing if the handler has
// written no response.
func (w *collectingWriter) send(encoding string) error {
	if w.status == 0 {
		return nil
	}
	if w.body.Len() < minCompressedBytes || w.Header().Get("Content-Encoding") != "" {
		return w.sendBytes(w.body.Bytes())
	}
	compressed := responseBuffers.Get().(*bytes.Buffer)
	compressed.Reset()
	defer responseBuffers.Put(compressed)
	w.Header().Set("Content-Encoding", encoding)
	if encoding == static.Zstd {
		compressed.Write(zstdEncoder().EncodeAll(w.body.Bytes(), compressed.AvailableBuffer()))
		return w.sendBytes(compressed.Bytes())
	}
	gz := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(gz)
	gz.Reset(compressed)
	gz.Write(w.body.Bytes()) // writing to a bytes.Buffer cannot fail
	gz.Close()
	return w.sendBytes(compressed.Bytes())
}

// sendBytes sends the status, the headers and the given body.
func (w *collectingWriter) sendBytes(body []byte) error {
	if len(body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.sent = true
	w.ResponseWriter.WriteHeader(w.status)
	_, err := w.ResponseWriter.Write(body)
	return err
}
