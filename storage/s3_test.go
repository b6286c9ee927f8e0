package storage_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"charla/chat"
	"charla/storage"
	"charla/storage/storagetest"
)

// behindProxy is a vault behind a proxy, and what it keeps already.
func behindProxy(t *testing.T) (v *storage.Store, p *storagetest.Proxy, kept chat.Blob) {
	t.Helper()
	defer storage.SetIdleTimeout(300 * time.Millisecond)()
	p = storagetest.NewProxy(t, storagetest.New(t))
	v = openS3(t, p.URL("charla"))
	return v, p, commit(t, v, bytes.Repeat([]byte("a long text\n"), 100_000))
}

// onlyMethod lets a fault meet requests of one method.
func onlyMethod(method string, f storagetest.Fault) storagetest.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == method {
			f(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}
}

// Whatever goes wrong while S3 takes a file, its sender is told soon to try again, and nothing of it is left; and then it works.
func TestFaultsDuringCommit(t *testing.T) {
	v, p, before := behindProxy(t)
	for name, fault := range map[string]storagetest.Fault{
		"busy":                  onlyMethod(http.MethodPut, storagetest.Unavailable),
		"silent":                onlyMethod(http.MethodPut, storagetest.Stall),
		"other bytes come":      onlyMethod(http.MethodPut, storagetest.CorruptBody),
		"the connection breaks": onlyMethod(http.MethodPut, func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }),
		"who answers is no store": onlyMethod(http.MethodPut, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, "<html>Welcome to the network")
		}),
		"busy after two":   afterTwoRequests(storagetest.Unavailable),
		"silent after two": afterTwoRequests(storagetest.Stall),
	} {
		t.Run(name, func(t *testing.T) {
			in := receive(t, v, testImage(t, 1000, 800))
			p.SetFault(fault)
			begun := time.Now()
			_, err := in.Commit(t.Context())
			if e, ok := errors.AsType[*chat.Error](err); !ok || e.Code != chat.Unavailable || e.RetryAfter == 0 || time.Since(begun) > 10*time.Second {
				t.Errorf("%v after %v", err, time.Since(begun))
			}
			p.ClearFault()
			if all := objects(t, v); len(all) != 1 || all[before.Object].IsZero() {
				t.Errorf("left: %v", all)
			}
			again, err := in.Commit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			read(t, v, again.Object, chat.VariantThumb)
			if err := v.Delete(t.Context(), again.Object); err != nil {
				t.Error(err)
			}
		})
	}
}

// A store that refuses before it has read leaves the request going out; the next must have its own reader. The race detector
// sees where it has not.
func TestRefusalBeforeUploadEnds(t *testing.T) {
	v, p, _ := behindProxy(t)
	in := receive(t, v, make([]byte, 20<<20))
	refused := false
	p.SetFault(onlyMethod(http.MethodPut, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if !refused {
			refused = true
			storagetest.Unavailable(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}))
	kept, err := in.Commit(t.Context())
	if err != nil || !refused {
		t.Fatal(err, refused)
	}
	if all := objects(t, v); len(all) != 2 || all[kept.Object].IsZero() {
		t.Errorf("kept: %v", all)
	}
}

// afterTwoRequests lets two forms through.
func afterTwoRequests(fault storagetest.Fault) storagetest.Fault {
	var n atomic.Int64
	return onlyMethod(http.MethodPut, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if n.Add(1) > 2 {
			fault(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	})
}

func TestFaultsDuringRead(t *testing.T) {
	v, p, kept := behindProxy(t)
	for name, fault := range map[string]storagetest.Fault{"busy": storagetest.Unavailable, "silent": storagetest.Stall, "half": storagetest.TruncateResponse} {
		p.SetFault(fault)
		o, err := v.Open(t.Context(), kept.Object, chat.VariantOriginal)
		if err == nil {
			_, err = io.ReadAll(o)
			o.Close()
		}
		if chat.CodeOf(err) != chat.Unavailable {
			t.Errorf("%s: reading: %v", name, err)
		}
		for _, err = range v.Objects(t.Context()) {
		}
		if chat.CodeOf(err) != chat.Unavailable {
			t.Errorf("%s: listing: %v", name, err)
		}
		if name == "half" {
			continue // of an answer without a body there is no half
		}
		if err := v.Delete(t.Context(), kept.Object); chat.CodeOf(err) != chat.Unavailable {
			t.Errorf("%s: deleting: %v", name, err)
		}
	}
	p.ClearFault()
	read(t, v, kept.Object, chat.VariantOriginal)
}

// A server that says nothing from the middle on is given up too; one that was away is found again.
func TestStalledResponse(t *testing.T) {
	v, p, kept := behindProxy(t)
	p.SetFault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		storagetest.StallAfter(w, r, server, 1000)
	})
	o, err := v.Open(t.Context(), kept.Object, chat.VariantOriginal)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if b, err := io.ReadAll(o); chat.CodeOf(err) != chat.Unavailable || len(b) != 1000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	p.ClearFault()
	if _, err := o.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(o); err != nil || int64(len(b)) != kept.Size {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// Of a large file only the part that is asked for is fetched.
func TestSeekFetchesOnlyTheRange(t *testing.T) {
	v, p, kept := behindProxy(t)
	var asked atomic.Value
	p.SetFault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		asked.Store(r.Header.Get("Range"))
		server.ServeHTTP(w, r)
	})
	o, err := v.Open(t.Context(), kept.Object, chat.VariantOriginal)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.Seek(-12, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(o); string(b) != "a long text\n" || err != nil || asked.Load() != "bytes=1199988-" {
		t.Errorf("%q, %v, asked for %v", b, err, asked.Load())
	}
}

// A start that cannot work says in one line why, and never the secret.
func TestInvalidS3URL(t *testing.T) {
	s := storagetest.New(t)
	for wrong, want := range map[string]string{
		strings.Replace(s.URL("charla"), "secreto", "wrong", 1):                "refuses the key and secret",
		strings.Replace(s.URL("charla"), storagetest.AccessKey+":", "ben:", 1): "access key",
		s.URL("charla") + "/below":                                             "must name a bucket",
		s.URL(""):                                                              "must name a bucket",
		s.URL("charla") + "?regoin=x":                                          "may have a region",
		s.URL("Not_A_Bucket"):                                                  "bucket",
		strings.Replace(s.URL("charla"), "http", "s3", 1):                      "must be https://KEY:SECRET@host/bucket",
		"http://127.0.0.1:1/charla":                                            "must have a key and a secret",
		"http://charla:un%20secreto%2Fde+veras@127.0.0.1:1/charla":             "127.0.0.1:1",
		"http://charla:un%20secreto%2Fde+veras%@127.0.0.1:1/charla":            "must be https://KEY:SECRET@host/bucket",
	} {
		_, err := storage.OpenS3(t.Context(), wrong, t.TempDir())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") ||
			strings.Contains(err.Error(), "secreto") || strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), "veras") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	for range 2 { // the second finds the bucket
		commit(t, openS3(t, s.URL("charla")+"?region=us-east-1"), []byte("text"))
	}
}

// When S3 dies and comes back, so does what it keeps.
func TestS3Recovers(t *testing.T) {
	s := storagetest.New(t)
	v := openS3(t, s.URL("charla"))
	kept := commit(t, v, []byte("text"))
	s.Kill(t)
	if _, err := receive(t, v, []byte("more")).Commit(t.Context()); chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("keeping: %v", err)
	}
	if _, err := v.Open(t.Context(), kept.Object, chat.VariantOriginal); chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("opening: %v", err)
	}
	s.Start(t)
	read(t, v, kept.Object, chat.VariantOriginal)
	commit(t, v, []byte("more"))
}

// What arrives leaves nothing on this machine.
func TestS3LeavesNoLocalFiles(t *testing.T) {
	dir := t.TempDir()
	v, err := storage.OpenS3(t.Context(), storagetest.New(t).URL("charla"), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	in := receive(t, v, testImage(t, 100, 100))
	if _, err := in.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	in.Abort()
	if left, err := os.ReadDir(filepath.Join(dir, "arriving")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
