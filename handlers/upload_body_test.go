package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"charla/chat"
)

// trickleReader is an endless body of single bytes at intervals.
type trickleReader struct{ every time.Duration }

func (r trickleReader) Read(p []byte) (int, error) {
	time.Sleep(r.every)
	p[0] = 'x'
	return 1, nil
}

// silentReader is a body without bytes that ends with its context.
type silentReader struct{ ctx context.Context }

func (r silentReader) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, r.ctx.Err()
}

// slowReader reads at most 100 bytes at intervals.
type slowReader struct {
	io.Reader
	every time.Duration
}

func (r slowReader) Read(p []byte) (int, error) {
	time.Sleep(r.every)
	return r.Reader.Read(p[:min(len(p), 100)])
}

// The HTTP server of this test has no timeouts, so that only the deadlines of uploads can end these requests.
func TestStalledUploadsTimeOut(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(o *serverOptions) { o.noHTTPTimeouts = true })
	s.handler.SetTransferTimeouts(400*time.Millisecond, 100)
	ana := s.newUser("Ana")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	send := func(path string, body io.Reader, headers ...string) (status int, took time.Duration) {
		start := time.Now()
		r := ana.request(http.MethodPost, path, body, append(headers, asJSON)...).WithContext(ctx)
		response, err := s.Client().Transport.RoundTrip(r)
		if err == nil {
			response.Body.Close()
			status = response.StatusCode
		}
		return status, time.Since(start)
	}
	const slow = 50 * time.Millisecond // 20 bytes a second, where 100 are required
	part := strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n")
	for _, c := range []struct {
		name, path, contentType string
		body                    io.Reader
	}{
		{"no bytes", "/files?name=x", "text/plain", silentReader{ctx}},
		{"too few bytes", "/files?name=x", "text/plain", trickleReader{slow}},
		{"too few bytes of a part", "/messages", "multipart/form-data; boundary=b", io.MultiReader(part, trickleReader{slow})},
	} {
		status, took := send(c.path, c.body, "Content-Type: "+c.contentType)
		if ctx.Err() != nil || status != 0 && status != 422 { // 0: the server closed the connection
			t.Fatalf("%s: status %d after %v", c.name, status, took)
		}
	}
	equal(t, "files", s.count(`SELECT COUNT(*) FROM files`), 0)
	status, took := send("/files?name=x",
		slowReader{strings.NewReader(strings.Repeat("x", 1000)), 80 * time.Millisecond})
	if status != 201 || took < 800*time.Millisecond {
		t.Errorf("a slow upload that keeps the required rate: status %d after %v", status, took)
	}
}

// countingBlobs counts the uploads that are under way: at least one byte has arrived, and the upload has not ended.
type countingBlobs struct {
	chat.BlobStore
	underWay atomic.Int64
}

func (b *countingBlobs) Receive(ctx context.Context, r io.Reader, limit int64) (chat.IncomingBlob, error) {
	first := make([]byte, 1)
	n, err := io.ReadFull(r, first)
	if n == 1 && err == nil {
		b.underWay.Add(1)
		defer b.underWay.Add(-1)
	}
	return b.BlobStore.Receive(ctx, io.MultiReader(bytes.NewReader(first[:n]), r), limit)
}

func TestSlowUploadsDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	const users, perUser = 125, 8
	s := openSQLite(t)
	blobs := &countingBlobs{BlobStore: s.blobs.BlobStore}
	s.blobs.BlobStore = blobs
	last := s.newUser("Last")
	stop := make(chan struct{})
	defer close(stop)
	var uploaders []*client // all exist before the first upload begins, because a slow upload ends after a while
	for i := range users {
		uploaders = append(uploaders, s.newUser(fmt.Sprint("Person ", i)))
	}
	for _, b := range uploaders {
		for range perUser {
			in, out := io.Pipe()
			go func() {
				response, err := s.Client().Transport.RoundTrip(b.request(http.MethodPost, "/files?name=x", in))
				if err == nil {
					response.Body.Close()
				}
				in.CloseWithError(io.ErrClosedPipe) // ends the writer below
			}()
			go func() { // one byte a second
				tick := time.NewTicker(time.Second)
				defer tick.Stop()
				for {
					if _, err := io.WriteString(out, "x"); err != nil {
						return
					}
					select {
					case <-tick.C:
					case <-stop:
						out.CloseWithError(io.ErrUnexpectedEOF)
						return
					}
				}
			}()
		}
	}
	eventually(t, "all uploads to be under way", func() bool { return blobs.underWay.Load() == users*perUser })
	start := time.Now()
	last.upload("mine", "quick")
	last.sendMessage("room=1", "quick")
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("an upload and a message took %v", took)
	}
	equal(t, "uploads under way afterwards", blobs.underWay.Load(), users*perUser)
}

// emptyParts returns a multipart form of n empty parts.
func emptyParts(n int, disposition string) io.Reader {
	return strings.NewReader(
		strings.Repeat("--b\r\nContent-Disposition: form-data; "+disposition+"\r\n\r\n\r\n", n) + "--b--\r\n")
}

func TestMultipartWithTooManyParts(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	const kind = "Content-Type: multipart/form-data; boundary=b"
	for _, disposition := range []string{
		`name="x"`, `name="x"; filename="y"`, `name="file"; filename=""`, `filename="y"`, `name="x"; filename="a"; filename="b"`,
	} {
		ana.do(http.MethodPost, "/files", emptyParts(20_000, disposition), kind, asJSON).isError(413, "too_large", "")
	}
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 0)
}

// Time that the storage needs for the first files of a form does not count against the sender of the others.
func TestSlowStorageDoesNotTimeOutUpload(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	const idle = 500 * time.Millisecond
	s.handler.SetTransferTimeouts(idle, 1<<30)
	proxy := useS3(t, s)
	ana := s.newUser("Ana")
	proxy.SetFault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == http.MethodPut {
			<-time.After(idle)
		}
		server.ServeHTTP(w, r)
	})
	form := []string{"room", "1"}
	for _, name := range []string{"a", "b", "c"} {
		form = append(form, "<"+name, strings.Repeat(name, 9000))
	}
	ana.postParts("/files", form).redirectsTo("/messages?room=1")
	equal(t, "files", s.count(`SELECT COUNT(*) FROM files`), 3)
}

// A multipart form that cannot be parsed must not be stored as a file with the form's fields in it.
func TestMalformedMultipart(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for _, kind := range []string{
		"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=b; boundary=c",
		"Multipart/Form-Data ;x", "multipart/form-data; boundary=c",
	} {
		body := emptyParts(1, `name="file"; filename="y"`)
		ana.do(http.MethodPost, "/files?name=x", body, "Content-Type: "+kind, asJSON).isError(422, "invalid", "")
	}
	equal(t, "files", s.count(`SELECT COUNT(*) FROM files`), 0)
}
