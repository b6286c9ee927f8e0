package handlers_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"runtime"
	"strings"
	"testing"
)

func TestUnsupportedRequestBodies(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	form.WriteField("room", "1")
	form.WriteField("body", "in parts")
	form.Close()
	ana.do("POST", "/messages", &b, "Content-Type: "+form.FormDataContentType()).redirectsTo("/messages?room=1")
	for _, kind := range []string{"text/plain", "application/xml", "text/xml", "application/json;;", "application/jsonp", "", "multipart/form-data"} {
		for _, body := range []string{`<x><Room>1</Room><Body>in XML</Body></x>`, "{\"room\":1,\"body\":\"\xff\"}", "room=1&body=x"} {
			a := ana.do("POST", "/messages", strings.NewReader(body), "Content-Type: "+kind, asJSON)
			if a.status != 422 && a.status != 415 {
				t.Errorf("%s as %q: status %d: %s", body, kind, a.status, a.body)
			}
		}
	}
	ana.do("POST", "/messages?room=1&body=in+the+address", nil, inForm, asJSON).isError(422, "invalid", "body")
	ana.do("POST", "/messages?room=1&body=in+the+address", strings.NewReader("x=y"), inForm, asJSON).
		isError(422, "invalid", "body")
	ana.do("POST", "/messages?room=1", strings.NewReader("body=x"), inForm, asJSON).isError(404, "not_found", "")
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 1)
}

// unsizedReader hides the length of a body.
type unsizedReader struct{ io.Reader }

// TestOversizedBodiesAreRefused does not run in parallel, because it measures memory.
func TestOversizedBodiesAreRefused(t *testing.T) {
	s := openSQLite(t)
	ana := s.newUser("Ana")
	parts := "--b\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\n"
	bodies := map[string]string{
		inForm: "room=1&body=", inJSON: `{"room":1,"body":"`, "Content-Type: multipart/form-data; boundary=b": parts,
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for kind, start := range bodies {
		for _, sized := range []bool{true, false} {
			whole := io.MultiReader(strings.NewReader(start), io.LimitReader(letterReader{}, 10<<20))
			r := ana.request("POST", "/messages", unsizedReader{whole}, kind, asJSON)
			if sized {
				r.ContentLength = int64(len(start)) + 10<<20
			}
			response, err := s.Client().Transport.RoundTrip(r)
			if err != nil {
				t.Fatal(kind, sized, err)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			(&answer{t, response.StatusCode, response.Header, kind + fmt.Sprint(sized) + string(body)}).is(413)
		}
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 20<<20 { // of 60 MB that were sent
		t.Errorf("allocated %d bytes", allocated)
	}
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 0)
	ana.sendMessage("room=1", "afterwards")
}

// letterReader is an endless text.
type letterReader struct{}

func (letterReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
