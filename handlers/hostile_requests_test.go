package handlers_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Of several ranges each would be a request to S3, and http.ServeContent reads them in a goroutine that outlives the answer.
func TestMultipleRangesGetTheWholeFile(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	proxy := useS3(t, s)
	ana := s.newUser("Ana")
	data := strings.Repeat("0123456789", 50_000)
	f := ana.upload("digits", data)
	var asked atomic.Int64
	proxy.SetFault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		asked.Add(1)
		server.ServeHTTP(w, r)
	})
	equal(t, "one range", ana.get(f.URL, "Range: bytes=-3").is(206).body, "789")
	for _, ranges := range []string{"0-0,-1", "0-99,50-149", "0-,0-,0-", strings.Repeat("0-0,400000-400000,", 400) + "5-5", ",", "0-0,"} {
		asked.Store(0)
		if got := ana.get(f.URL, "Range: bytes="+ranges).is(200).body; got != data || asked.Load() != 1 {
			t.Errorf("%.20s: %d bytes, %d requests to S3", ranges, len(got), asked.Load())
		}
	}
	for _, strange := range []string{"bytes=-", "bytes=5-2", "bytes=x-y", "bytes=99999999999999999999-", "bytes=--5", "bytes=-0", "bytes=+5-", "lines=1-2", "bytes", "5-9"} {
		if got := ana.get(f.URL, "Range: "+strange).is(200).body; got != data {
			t.Errorf("%s: %d bytes", strange, len(got))
		}
	}
	ana.get(f.URL, "Range: bytes=500000-").is(416)
	equal(t, "more than all", len(ana.get(f.URL, "Range: bytes=0-9223372036854775807").is(206).body), len(data))
	equal(t, "more than all at the end", len(ana.get(f.URL, "Range: bytes=-9223372036854775807").is(206).body), len(data))
}

// Who sends bytes that somebody else sent before does not learn that from the tag.
func TestETagDoesNotRevealOtherUploads(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.upload("x", "what nobody else should have")
	first := berta.upload("before", "something else")
	guess := berta.upload("guess", "what nobody else should have")
	equal(t, "contents", s.count(`SELECT COUNT(*) FROM contents`), 2)
	for _, f := range []fileInfo{first, guess} {
		equal(t, "tag", berta.get(f.URL).header.Get("ETag"), fmt.Sprintf(`"%d-"`, f.ID))
	}
}

// MultipartFields is a form of so many parts with nothing in them.
func emptyParts(n int, disposition string) io.Reader {
	return strings.NewReader(strings.Repeat("--b\r\nContent-Disposition: form-data; "+disposition+"\r\n\r\n\r\n", n) + "--b--\r\n")
}

func TestMultipartWithTooManyParts(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	const kind = "Content-Type: multipart/form-data; boundary=b"
	for _, disposition := range []string{`name="x"`, `name="x"; filename="y"`, `name="file"; filename=""`, `filename="y"`, `name="x"; filename="a"; filename="b"`} {
		ana.do(http.MethodPost, "/files", emptyParts(20_000, disposition), kind, asJSON).isError(413, "too_large", "")
	}
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 0)
}

// A store that is slow with the first files of a form is not the fault of who sends them.
func TestSlowStorageDoesNotTimeOutUpload(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	const silence = 500 * time.Millisecond
	s.handler.SetTransferTimeouts(silence, 1<<30)
	proxy := useS3(t, s)
	ana := s.newUser("Ana")
	proxy.SetFault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == http.MethodPut {
			<-time.After(silence)
		}
		server.ServeHTTP(w, r)
	})
	ana.postParts("/files", []string{"room", "1", "<a", strings.Repeat("a", 9000), "<b", strings.Repeat("b", 9000), "<c", strings.Repeat("c", 9000)}).redirectsTo("/messages?room=1")
	equal(t, "files", s.count(`SELECT COUNT(*) FROM files`), 3)
}

// What says that it is a form is not kept as a file, with its fields in it, because it cannot be read as one.
func TestMalformedMultipart(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	for _, kind := range []string{"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=b; boundary=c", "Multipart/Form-Data ;x", "multipart/form-data; boundary=c"} {
		ana.do(http.MethodPost, "/files?name=x", emptyParts(1, `name="file"; filename="y"`), "Content-Type: "+kind, asJSON).isError(422, "invalid", "")
	}
	equal(t, "files", s.count(`SELECT COUNT(*) FROM files`), 0)
}
