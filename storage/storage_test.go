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
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait")) // the S3 server of filestest lives as long as we do
}

// forEachBackend runs a story with each kind of vault.
func forEachBackend(t *testing.T, story func(t *testing.T, v *storage.Store)) {
	t.Run("local", func(t *testing.T) { story(t, openLocal(t, t.TempDir())) })
	t.Run("S3", func(t *testing.T) { story(t, openS3(t, storagetest.New(t).URL("charla"))) })
}

func openS3(t testing.TB, url string) *storage.Store {
	t.Helper()
	v, err := storage.OpenS3(t.Context(), url, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func openLocal(t testing.TB, dir string) *storage.Store {
	t.Helper()
	v, err := storage.OpenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func receive(t testing.TB, v chat.BlobStore, b []byte) chat.IncomingBlob {
	t.Helper()
	in, err := v.Receive(t.Context(), bytes.NewReader(b), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Abort)
	return in
}

func commit(t testing.TB, v chat.BlobStore, b []byte) chat.Blob {
	t.Helper()
	content, err := receive(t, v, b).Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A vault belongs to the database that came first, however often that comes.
func TestClaimOwner(t *testing.T) {
	dir, s3 := t.TempDir(), storagetest.New(t).URL("charla")
	for name, open := range map[string]func() *storage.Store{"local": func() *storage.Store { return openLocal(t, dir) }, "S3": func() *storage.Store { return openS3(t, s3) }} {
		if err := open().ClaimOwner(t.Context(), "ours"); err != nil {
			t.Fatalf("%s: the first: %v", name, err)
		}
		v := open()
		kept := commit(t, v, []byte("a text"))
		if err := v.ClaimOwner(t.Context(), "ours"); err != nil {
			t.Errorf("%s: the same again: %v", name, err)
		}
		if err := open().ClaimOwner(t.Context(), "theirs"); err == nil || chat.CodeOf(err) == chat.Unavailable {
			t.Errorf("%s: another: %v", name, err)
		}
		if all := objects(t, v); len(all) != 1 || all[kept.Object].IsZero() {
			t.Errorf("%s: listed: %v", name, all)
		}
	}
}

// readAt opens and reads a kept file.
func read(t testing.TB, v chat.BlobStore, object string, size chat.Variant) (b []byte, mime string) {
	t.Helper()
	o, err := v.Open(t.Context(), object, size)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	b, err = io.ReadAll(o)
	if err != nil || int64(len(b)) != o.Size {
		t.Fatalf("%d bytes of %d: %v", len(b), o.Size, err)
	}
	return b, o.Type
}

// objects are the names of all that is kept.
func objects(t testing.TB, v chat.BlobStore) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	for o, err := range v.Objects(t.Context()) {
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
	forEachBackend(t, func(t *testing.T, v *storage.Store) {
		text := bytes.Repeat([]byte("One line of a long story.\n"), 40_000)
		sum := sha256.Sum256(text)
		in := receive(t, v, text)
		if in.Hash() != hex.EncodeToString(sum[:]) {
			t.Errorf("hash %s", in.Hash())
		}
		if all := objects(t, v); len(all) != 0 {
			t.Errorf("kept before it is kept: %v", all)
		}
		before := time.Now().Add(-2 * time.Second)
		content, err := in.Commit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := chat.Blob{Object: content.Object, Hash: in.Hash(), Type: "text/plain", Size: int64(len(text))}
		if content != want {
			t.Errorf("%+v", content)
		}
		in.Abort()
		in.Abort()
		if b, mime := read(t, v, content.Object, chat.VariantOriginal); !bytes.Equal(b, text) || mime != "text/plain" {
			t.Errorf("%d bytes of %s came back", len(b), mime)
		}
		all := objects(t, v)
		if at := all[content.Object]; len(all) != 1 || at.Before(before) || at.After(time.Now().Add(2*time.Second)) {
			t.Errorf("listed: %v", all)
		}
		for _, size := range []chat.Variant{chat.VariantThumb, chat.VariantMedium, chat.VariantSquare, "../whole", "huge"} {
			if _, err := v.Open(t.Context(), content.Object, size); chat.CodeOf(err) != chat.NotFound {
				t.Errorf("a text has the size %q: %v", size, err)
			}
		}
	})
}

func TestImageIsStoredInAllVariants(t *testing.T) {
	forEachBackend(t, func(t *testing.T, v *storage.Store) {
		for _, big := range []bool{true, false} {
			sent := testImage(t, 300, 200)
			if big {
				sent = testImage(t, 1800, 1200)
			}
			content := commit(t, v, sent)
			whole, _ := read(t, v, content.Object, chat.VariantOriginal)
			if content.Type != "image/jpeg" || content.Size != int64(len(whole)) || content.Width != 300 && content.Width != 1800 || bytes.Equal(whole, sent) {
				t.Errorf("%+v", content)
			}
			for size, limit := range map[chat.Variant]int{chat.VariantThumb: 320, chat.VariantMedium: 960, chat.VariantSquare: 128} {
				b, mime := read(t, v, content.Object, size)
				c, kind, err := image.DecodeConfig(bytes.NewReader(b))
				if err != nil || mime != "image/"+kind || max(c.Width, c.Height) != min(limit, content.Width) {
					t.Errorf("%q is a %s of %d × %d, %v", size, mime, c.Width, c.Height, err)
				}
			}
		}
	})
}

func TestSeek(t *testing.T) {
	forEachBackend(t, func(t *testing.T, v *storage.Store) {
		text := []byte(strings.Repeat("0123456789", 30_000))
		o, err := v.Open(t.Context(), commit(t, v, text).Object, chat.VariantOriginal)
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
	forEachBackend(t, func(t *testing.T, v *storage.Store) {
		kept := commit(t, v, []byte("stays"))
		for _, name := range []string{"", "x", "../../etc/passwd", strings.Repeat("a", 26), kept.Object[:25], strings.ToUpper(kept.Object), kept.Object + "/whole"} {
			if _, err := v.Open(t.Context(), name, chat.VariantOriginal); chat.CodeOf(err) != chat.NotFound {
				t.Errorf("%q: %v", name, err)
			}
			if err := v.Delete(t.Context(), name); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
		read(t, v, kept.Object, chat.VariantOriginal)
	})
}

func TestDeleteRemovesAllVariants(t *testing.T) {
	forEachBackend(t, func(t *testing.T, v *storage.Store) {
		one, other := commit(t, v, testImage(t, 1000, 1000)), commit(t, v, testImage(t, 10, 10))
		for range 2 {
			if err := v.Delete(t.Context(), one.Object); err != nil {
				t.Fatal(err)
			}
		}
		for _, size := range []chat.Variant{chat.VariantOriginal, chat.VariantMedium, chat.VariantThumb, chat.VariantSquare} {
			if _, err := v.Open(t.Context(), one.Object, size); chat.CodeOf(err) != chat.NotFound {
				t.Errorf("%q: %v", size, err)
			}
		}
		if all := objects(t, v); len(all) != 1 || all[other.Object].IsZero() {
			t.Errorf("left: %v", all)
		}
	})
}

func TestRefusedFiles(t *testing.T) {
	forEachBackend(t, func(t *testing.T, v *storage.Store) {
		if _, err := v.Receive(t.Context(), strings.NewReader("12345"), 4); !errors.Is(err, chat.ErrFileTooLarge) {
			t.Errorf("too large: %v", err)
		}
		in, err := v.Receive(t.Context(), strings.NewReader("1234"), 4)
		if err != nil {
			t.Errorf("just large enough: %v", err)
		}
		in.Abort()
		gone := errors.New("the browser went away")
		if _, err := v.Receive(t.Context(), iotest.TimeoutReader(iotest.ErrReader(gone)), 100); !errors.Is(err, gone) {
			t.Errorf("half a file: %v", err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := v.Receive(ended, strings.NewReader("late"), 100); !errors.Is(err, context.Canceled) {
			t.Errorf("after its end: %v", err)
		}
		for _, broken := range [][]byte{testImage(t, 300, 300)[:2000], bomb(t)} {
			if _, err := receive(t, v, broken).Commit(t.Context()); chat.CodeOf(err) != chat.Invalid {
				t.Errorf("a picture that is none: %v", err)
			}
		}
		if all := objects(t, v); len(all) != 0 {
			t.Errorf("kept: %v", all)
		}
	})
}

// bomb is a PNG of a few kilobytes that says it has 2500 megapixels.
func bomb(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	head := b.Bytes()
	copy(head[16:], "\x00\x00\xc3\x50\x00\x00\xc3\x50") // width and height; the checksum follows
	return fixChecksum(head)
}

// The same file may be kept again, when what was kept first is gone by then.
func TestCommitAgain(t *testing.T) {
	forEachBackend(t, func(t *testing.T, v *storage.Store) {
		for _, b := range [][]byte{[]byte("a text"), testImage(t, 20, 10)} {
			in := receive(t, v, b)
			first, err := in.Commit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := v.Delete(t.Context(), first.Object); err != nil {
				t.Fatal(err)
			}
			second, err := in.Commit(t.Context())
			if err != nil || second.Object == first.Object {
				t.Fatalf("%v, %v", second, err)
			}
			read(t, v, second.Object, chat.VariantOriginal)
		}
	})
}
