package storage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"charla/chat"
	"charla/storage"
	"charla/storage/storagetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait")) // the S3 server runs as long as the tests
}

// forEachBackend runs a test with a local store and with an S3 store.
func forEachBackend(t *testing.T, test func(t *testing.T, s *storage.Store)) {
	t.Run("local", func(t *testing.T) { test(t, openLocal(t, t.TempDir())) })
	t.Run("S3", func(t *testing.T) { test(t, openS3(t, storagetest.New(t).URL("charla"))) })
}

func openS3(t testing.TB, url string) *storage.Store {
	t.Helper()
	store, err := storage.OpenS3(t.Context(), url, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func openLocal(t testing.TB, dir string) *storage.Store {
	t.Helper()
	store, err := storage.OpenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func receive(t testing.TB, store chat.BlobStore, b []byte) chat.IncomingBlob {
	t.Helper()
	in, err := store.Receive(t.Context(), bytes.NewReader(b), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Abort)
	return in
}

func commit(t testing.TB, store chat.BlobStore, b []byte) chat.Blob {
	t.Helper()
	blob, err := receive(t, store, b).Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

// TestClaimOwner checks that a store belongs to the first database that claims it, and that this one may claim it
// again.
func TestClaimOwner(t *testing.T) {
	dir, s3 := t.TempDir(), storagetest.New(t).URL("charla")
	for name, open := range map[string]func() *storage.Store{
		"local": func() *storage.Store { return openLocal(t, dir) },
		"S3":    func() *storage.Store { return openS3(t, s3) },
	} {
		if err := open().ClaimOwner(t.Context(), "ours"); err != nil {
			t.Fatalf("%s: the first claim failed: %v", name, err)
		}
		store := open()
		blob := commit(t, store, []byte("a text"))
		if err := store.ClaimOwner(t.Context(), "ours"); err != nil {
			t.Errorf("%s: claiming again failed: %v", name, err)
		}
		if err := open().ClaimOwner(t.Context(), "theirs"); err == nil || chat.CodeOf(err) == chat.Unavailable {
			t.Errorf("%s: a claim by another database returned %v", name, err)
		}
		if all := objects(t, store); len(all) != 1 || all[blob.Object].IsZero() {
			t.Errorf("%s: Objects lists %v", name, all)
		}
	}
}

// read opens a variant of a stored file and returns its bytes and content type.
func read(t testing.TB, store chat.BlobStore, object string, variant chat.Variant) (b []byte, contentType string) {
	t.Helper()
	o, err := store.Open(t.Context(), object, variant)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	b, err = io.ReadAll(o)
	if err != nil || int64(len(b)) != o.Size {
		t.Fatalf("read %d of %d bytes: %v", len(b), o.Size, err)
	}
	return b, o.Type
}

// objects returns the names of all stored files and when they were stored.
func objects(t testing.TB, store chat.BlobStore) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	for o, err := range store.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := all[o.Name]; twice {
			t.Errorf("%s is listed twice", o.Name)
		}
		all[o.Name] = o.StoredAt
	}
	return all
}

func testImage(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(i*i>>9) | 3
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDocumentIsStoredUnchanged(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		text := bytes.Repeat([]byte("One line of a long story.\n"), 40_000)
		sum := sha256.Sum256(text)
		in := receive(t, store, text)
		if in.Hash() != hex.EncodeToString(sum[:]) {
			t.Errorf("the hash is %s", in.Hash())
		}
		if all := objects(t, store); len(all) != 0 {
			t.Errorf("a file is listed before Commit: %v", all)
		}
		before := time.Now().Add(-2 * time.Second)
		blob, err := in.Commit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := chat.Blob{Object: blob.Object, Hash: in.Hash(), Type: "text/plain", Size: int64(len(text))}
		if blob != want {
			t.Errorf("%+v", blob)
		}
		in.Abort()
		in.Abort()
		b, contentType := read(t, store, blob.Object, chat.VariantOriginal)
		if !bytes.Equal(b, text) || contentType != "text/plain" {
			t.Errorf("read %d bytes of type %s, which differ from the text", len(b), contentType)
		}
		all := objects(t, store)
		if at := all[blob.Object]; len(all) != 1 || at.Before(before) || at.After(time.Now().Add(2*time.Second)) {
			t.Errorf("Objects lists %v", all)
		}
		for _, variant := range []chat.Variant{
			chat.VariantThumb, chat.VariantMedium, chat.VariantSquare, "../whole", "huge",
		} {
			if _, err := store.Open(t.Context(), blob.Object, variant); chat.CodeOf(err) != chat.NotFound {
				t.Errorf("opening variant %q of a text returned %v", variant, err)
			}
		}
	})
}

func TestImageIsStoredInAllVariants(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		for _, big := range []bool{true, false} {
			sent := testImage(t, 300, 200)
			if big {
				sent = testImage(t, 1800, 1200)
			}
			blob := commit(t, store, sent)
			original, _ := read(t, store, blob.Object, chat.VariantOriginal)
			if blob.Type != "image/jpeg" || blob.Size != int64(len(original)) ||
				blob.Width != 300 && blob.Width != 1800 || bytes.Equal(original, sent) {
				t.Errorf("Commit returned %+v", blob)
			}
			for variant, limit := range map[chat.Variant]int{
				chat.VariantThumb: 320, chat.VariantMedium: 960, chat.VariantSquare: 128,
			} {
				b, contentType := read(t, store, blob.Object, variant)
				c, format, err := image.DecodeConfig(bytes.NewReader(b))
				if err != nil || contentType != "image/"+format || max(c.Width, c.Height) != min(limit, blob.Width) {
					t.Errorf("variant %q is %s, %d × %d, error %v", variant, contentType, c.Width, c.Height, err)
				}
			}
		}
	})
}

func TestSeek(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		text := []byte(strings.Repeat("0123456789", 30_000))
		o, err := store.Open(t.Context(), commit(t, store, text).Object, chat.VariantOriginal)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if err := iotest.TestReader(struct{ io.ReadSeeker }{o}, text); err != nil {
			t.Error(err)
		}
	})
}

func TestUnknownObject(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		blob := commit(t, store, []byte("stays"))
		for _, name := range []string{
			"", "x", "../../etc/passwd", strings.Repeat("a", 26),
			blob.Object[:25], strings.ToUpper(blob.Object), blob.Object + "/whole",
		} {
			if _, err := store.Open(t.Context(), name, chat.VariantOriginal); chat.CodeOf(err) != chat.NotFound {
				t.Errorf("opening %q returned %v", name, err)
			}
			if err := store.Delete(t.Context(), name); err != nil {
				t.Errorf("deleting %q returned %v", name, err)
			}
		}
		read(t, store, blob.Object, chat.VariantOriginal)
	})
}

func TestDeleteRemovesAllVariants(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		deleted, other := commit(t, store, testImage(t, 1000, 1000)), commit(t, store, testImage(t, 10, 10))
		for range 2 {
			if err := store.Delete(t.Context(), deleted.Object); err != nil {
				t.Fatal(err)
			}
		}
		for _, variant := range []chat.Variant{
			chat.VariantOriginal, chat.VariantMedium, chat.VariantThumb, chat.VariantSquare,
		} {
			if _, err := store.Open(t.Context(), deleted.Object, variant); chat.CodeOf(err) != chat.NotFound {
				t.Errorf("opening the deleted variant %q returned %v", variant, err)
			}
		}
		if all := objects(t, store); len(all) != 1 || all[other.Object].IsZero() {
			t.Errorf("Objects lists %v", all)
		}
	})
}

func TestRefusedFiles(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		if _, err := store.Receive(t.Context(), strings.NewReader("12345"), 4); !errors.Is(err, chat.ErrFileTooLarge) {
			t.Errorf("receiving a file that is too large returned %v", err)
		}
		in, err := store.Receive(t.Context(), strings.NewReader("1234"), 4)
		if err != nil {
			t.Errorf("receiving a file of the maximum size returned %v", err)
		}
		in.Abort()
		aborted := errors.New("the browser closed the connection")
		incomplete := iotest.TimeoutReader(iotest.ErrReader(aborted))
		if _, err := store.Receive(t.Context(), incomplete, 100); !errors.Is(err, aborted) {
			t.Errorf("receiving an incomplete file returned %v", err)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := store.Receive(cancelled, strings.NewReader("late"), 100); !errors.Is(err, context.Canceled) {
			t.Errorf("receiving with a cancelled context returned %v", err)
		}
		if _, err := receive(t, store, decompressionBomb(t)).Commit(t.Context()); chat.CodeOf(err) != chat.Invalid {
			t.Errorf("committing an image that is too large returned %v", err)
		}
		if all := objects(t, store); len(all) != 0 {
			t.Errorf("Objects lists %v", all)
		}
	})
}

// decompressionBomb returns a small PNG whose header claims 2,500 megapixels.
func decompressionBomb(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	encoded := b.Bytes()
	copy(encoded[16:], "\x00\x00\xc3\x50\x00\x00\xc3\x50") // the width and the height
	return fixChecksum(encoded)
}

// TestCommitAgain checks that a received file can be committed again after its first blob was deleted.
func TestCommitAgain(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		for _, b := range [][]byte{[]byte("a text"), testImage(t, 20, 10)} {
			in := receive(t, store, b)
			first, err := in.Commit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Delete(t.Context(), first.Object); err != nil {
				t.Fatal(err)
			}
			second, err := in.Commit(t.Context())
			if err != nil || second.Object == first.Object {
				t.Fatalf("the second Commit returned %+v, %v", second, err)
			}
			read(t, store, second.Object, chat.VariantOriginal)
		}
	})
}
