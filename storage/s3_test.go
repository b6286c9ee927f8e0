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

// behindProxy returns a store that reaches S3 through a proxy, the proxy, and a text that is stored already.
func behindProxy(t *testing.T) (store *storage.Store, p *storagetest.Proxy, blob chat.Blob) {
	t.Helper()
	defer storage.SetIdleTimeout(300 * time.Millisecond)()
	p = storagetest.NewProxy(t, storagetest.New(t))
	store = openS3(t, p.URL("charla"))
	return store, p, commit(t, store, bytes.Repeat([]byte("a long text\n"), 100_000))
}

// onlyMethod restricts a fault to requests with one method.
func onlyMethod(method string, f storagetest.Fault) storagetest.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == method {
			f(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}
}

// TestFaultsDuringCommit checks that Commit fails soon with an error that asks to retry, that nothing of the file is
// left, and that the retry works.
func TestFaultsDuringCommit(t *testing.T) {
	store, p, before := behindProxy(t)
	for name, fault := range map[string]storagetest.Fault{
		"unavailable":    onlyMethod(http.MethodPut, storagetest.Unavailable),
		"stalled":        onlyMethod(http.MethodPut, storagetest.Stall),
		"corrupted body": onlyMethod(http.MethodPut, storagetest.CorruptBody),
		"broken connection": onlyMethod(http.MethodPut, func(http.ResponseWriter, *http.Request, http.Handler) {
			panic(http.ErrAbortHandler)
		}),
		"captive portal": onlyMethod(http.MethodPut, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, "<html>Welcome to the network")
		}),
		"unavailable after two variants": afterTwoRequests(storagetest.Unavailable),
		"stalled after two variants":     afterTwoRequests(storagetest.Stall),
	} {
		t.Run(name, func(t *testing.T) {
			in := receive(t, store, testImage(t, 1000, 800))
			p.SetFault(fault)
			start := time.Now()
			_, err := in.Commit(t.Context())
			took := time.Since(start)
			e, ok := errors.AsType[*chat.Error](err)
			if !ok || e.Code != chat.Unavailable || e.RetryAfter == 0 || took > 10*time.Second {
				t.Errorf("Commit returned %v after %v", err, took)
			}
			p.ClearFault()
			if all := objects(t, store); len(all) != 1 || all[before.Object].IsZero() {
				t.Errorf("Objects lists %v", all)
			}
			again, err := in.Commit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			read(t, store, again.Object, chat.VariantThumb)
			if err := store.Delete(t.Context(), again.Object); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFullServer checks that a server without space is reported as a full disk, whichever code it has for that.
func TestFullServer(t *testing.T) {
	store, p, before := behindProxy(t)
	in := receive(t, store, []byte("a text"))
	for _, fault := range []storagetest.Fault{
		storagetest.Refuse(http.StatusInsufficientStorage, "XMinioStorageFull"),
		storagetest.Refuse(http.StatusInsufficientStorage, "InternalError"),
		storagetest.Refuse(http.StatusForbidden, "QuotaExceeded"),
	} {
		p.SetFault(onlyMethod(http.MethodPut, fault))
		_, err := in.Commit(t.Context())
		if !errors.Is(err, chat.ErrDiskFull) || chat.CodeOf(err) != chat.Unavailable {
			t.Errorf("Commit returned %v", err)
		}
		read(t, store, before.Object, chat.VariantOriginal)
	}
	p.SetFault(onlyMethod(http.MethodPut, storagetest.Refuse(http.StatusForbidden, "AccessDenied")))
	if _, err := in.Commit(t.Context()); errors.Is(err, chat.ErrDiskFull) || chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("without access, Commit returned %v", err)
	}
	p.ClearFault()
	if _, err := in.Commit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRefusalBeforeUploadEnds uses a server that refuses an upload before it has read it. The request is still being
// sent then, so the retry needs a reader of its own. The race detector fails the test if it has none.
func TestRefusalBeforeUploadEnds(t *testing.T) {
	store, p, _ := behindProxy(t)
	in := receive(t, store, make([]byte, 20<<20))
	refused := false
	p.SetFault(onlyMethod(http.MethodPut, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if !refused {
			refused = true
			storagetest.Unavailable(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}))
	blob, err := in.Commit(t.Context())
	if err != nil || !refused {
		t.Fatalf("Commit returned %v; a request was refused: %v", err, refused)
	}
	if all := objects(t, store); len(all) != 2 || all[blob.Object].IsZero() {
		t.Errorf("Objects lists %v", all)
	}
}

// afterTwoRequests passes on two uploads and then applies a fault.
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
	store, p, blob := behindProxy(t)
	for name, fault := range map[string]storagetest.Fault{
		"unavailable": storagetest.Unavailable, "stalled": storagetest.Stall, "truncated": storagetest.TruncateResponse,
	} {
		p.SetFault(fault)
		o, err := store.Open(t.Context(), blob.Object, chat.VariantOriginal)
		if err == nil {
			_, err = io.ReadAll(o)
			o.Close()
		}
		if chat.CodeOf(err) != chat.Unavailable {
			t.Errorf("%s: reading returned %v", name, err)
		}
		for _, err = range store.Objects(t.Context()) {
		}
		if chat.CodeOf(err) != chat.Unavailable {
			t.Errorf("%s: listing returned %v", name, err)
		}
		if name == "truncated" {
			continue // the response to a deletion has no body that could be truncated
		}
		if err := store.Delete(t.Context(), blob.Object); chat.CodeOf(err) != chat.Unavailable {
			t.Errorf("%s: deleting returned %v", name, err)
		}
	}
	p.ClearFault()
	read(t, store, blob.Object, chat.VariantOriginal)
}

// TestStalledResponse checks that reading fails if a response stalls in the middle, and that the reader works again
// after a seek once the server does.
func TestStalledResponse(t *testing.T) {
	store, p, blob := behindProxy(t)
	p.SetFault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		storagetest.StallAfter(w, r, server, 1000)
	})
	o, err := store.Open(t.Context(), blob.Object, chat.VariantOriginal)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if b, err := io.ReadAll(o); chat.CodeOf(err) != chat.Unavailable || len(b) != 1000 {
		t.Errorf("reading a stalled response returned %d bytes, %v", len(b), err)
	}
	p.ClearFault()
	if _, err := o.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(o); err != nil || int64(len(b)) != blob.Size {
		t.Errorf("reading again returned %d bytes, %v", len(b), err)
	}
}

// TestSeekFetchesOnlyTheRange checks that only the requested part of a large file is downloaded.
func TestSeekFetchesOnlyTheRange(t *testing.T) {
	store, p, blob := behindProxy(t)
	var requested atomic.Value
	p.SetFault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		requested.Store(r.Header.Get("Range"))
		server.ServeHTTP(w, r)
	})
	o, err := store.Open(t.Context(), blob.Object, chat.VariantOriginal)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.Seek(-12, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(o)
	if string(b) != "a long text\n" || err != nil || requested.Load() != "bytes=1199988-" {
		t.Errorf("read %q, %v; the last request was for %v", b, err, requested.Load())
	}
}

// TestInvalidS3URL checks that the error for an unusable URL is one line that gives the reason and does not contain
// the secret.
func TestInvalidS3URL(t *testing.T) {
	s := storagetest.New(t)
	for rawURL, want := range map[string]string{
		strings.Replace(s.URL("charla"), "secreto", "wrong", 1):                "refuses the key and secret",
		strings.Replace(s.URL("charla"), storagetest.AccessKey+":", "ben:", 1): "access key",
		s.URL("charla") + "/below":                                             "must name a bucket",
		s.URL(""):                                                              "must name a bucket",
		s.URL("charla") + "?regoin=x":                                          "may have only one parameter",
		s.URL("Not_A_Bucket"):                                                  "bucket",
		strings.Replace(s.URL("charla"), "http", "s3", 1):                      "must be https://KEY:SECRET@host/bucket",
		"http://127.0.0.1:1/charla":                                            "must have a key and a secret",
		"http://charla:un%20secreto%2Fde+veras@127.0.0.1:1/charla":             "127.0.0.1:1",
		"http://charla:un%20secreto%2Fde+veras%@127.0.0.1:1/charla":            "must be https://KEY:SECRET@host/bucket",
	} {
		_, err := storage.OpenS3(t.Context(), rawURL, t.TempDir())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %v, want %q", rawURL, err, want)
			continue
		}
		for _, secret := range []string{"secreto", "wrong", "veras"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error contains %q: %v", rawURL, secret, err)
			}
		}
	}
	for range 2 { // the bucket exists at the second time
		commit(t, openS3(t, s.URL("charla")+"?region=us-east-1"), []byte("text"))
	}
}

// TestS3Recovers checks that a store works again after the S3 server was killed and restarted.
func TestS3Recovers(t *testing.T) {
	s := storagetest.New(t)
	store := openS3(t, s.URL("charla"))
	blob := commit(t, store, []byte("text"))
	s.Kill(t)
	if _, err := receive(t, store, []byte("more")).Commit(t.Context()); chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("committing without a server returned %v", err)
	}
	if _, err := store.Open(t.Context(), blob.Object, chat.VariantOriginal); chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("opening without a server returned %v", err)
	}
	s.Start(t)
	read(t, store, blob.Object, chat.VariantOriginal)
	commit(t, store, []byte("more"))
}

// TestS3LeavesNoLocalFiles checks that an S3 store deletes its local copy of an incoming file.
func TestS3LeavesNoLocalFiles(t *testing.T) {
	dir := t.TempDir()
	store, err := storage.OpenS3(t.Context(), storagetest.New(t).URL("charla"), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	in := receive(t, store, testImage(t, 100, 100))
	if _, err := in.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	in.Abort()
	if left, err := os.ReadDir(filepath.Join(dir, "arriving")); err != nil || len(left) > 0 {
		t.Errorf("these files are left: %v, error %v", left, err)
	}
}
