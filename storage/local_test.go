package storage_test

import (
	"bytes"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"charla/chat"
	"charla/storage"
)

// incomingFiles lists the incoming files in a directory and the variants written for them so far.
func incomingFiles(dir string) (incoming, variants []string) {
	incoming, _ = filepath.Glob(filepath.Join(dir, "arriving", "*"))
	variants, _ = filepath.Glob(filepath.Join(dir, "arriving", "*", "*", "*"))
	return incoming, variants
}

// TestCrashDuringCommit kills a process while it commits images. The store must list only images with all their
// variants, and RemoveTemp must delete the rest a day later.
func TestCrashDuringCommit(t *testing.T) {
	if dir := os.Getenv("CRASH_IN"); dir != "" {
		for store := openLocal(t, dir); ; {
			commit(t, store, testImage(t, 1200, 900))
		}
	}
	interrupted := 0
	for range 3 {
		dir := t.TempDir()
		killWhileCommitting(t, dir)
		incoming, variants := incomingFiles(dir)
		interrupted += len(variants)
		store := openLocal(t, dir)
		listed := objects(t, store)
		for name := range listed {
			checkAllVariants(t, store, name)
		}
		err := store.RemoveTemp()
		if left, _ := incomingFiles(dir); err != nil || len(left) != len(incoming) {
			t.Errorf("RemoveTemp deleted recent files: %d of %d are left, error %v", len(left), len(incoming), err)
		}
		yesterday := time.Now().Add(-25 * time.Hour)
		for _, path := range incoming {
			if err := os.Chtimes(path, yesterday, yesterday); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.RemoveTemp(); err != nil || len(objects(t, store)) != len(listed) {
			t.Errorf("RemoveTemp failed or deleted stored files: %v", err)
		}
		if left, _ := incomingFiles(dir); len(left) > 0 {
			t.Errorf("a day later these incoming files are left: %v", left)
		}
	}
	if interrupted == 0 {
		t.Error("no process was killed in the middle of a commit, so the test proves nothing")
	}
}

// checkAllVariants fails unless all variants of an image can be decoded.
func checkAllVariants(t *testing.T, store *storage.Store, name string) {
	t.Helper()
	for _, variant := range []chat.Variant{
		chat.VariantOriginal, chat.VariantMedium, chat.VariantThumb, chat.VariantSquare,
	} {
		b, _ := read(t, store, name, variant)
		if _, _, err := image.Decode(bytes.NewReader(b)); err != nil {
			t.Errorf("variant %q of a listed image: %v", variant, err)
		}
	}
}

// killWhileCommitting starts a process that commits images, and kills it when one is written only in part.
func killWhileCommitting(t *testing.T, dir string) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestCrashDuringCommit$")
	c.Env = append(os.Environ(), "CRASH_IN="+dir)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(time.Millisecond) {
		stored, _ := filepath.Glob(filepath.Join(dir, "kept", "*", "*"))
		if _, variants := incomingFiles(dir); len(variants) > 0 && len(stored) > 1 {
			break
		}
	}
	c.Process.Kill()
	c.Wait()
}

// TestPermissions checks that only the user who runs Charla can read stored files.
func TestPermissions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	store := openLocal(t, dir)
	commit(t, store, []byte("text"))
	commit(t, store, testImage(t, 10, 10))
	filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, error %v", path, info.Mode(), err)
		}
		return nil
	})
}

func TestUnwritableDisk(t *testing.T) {
	dir := t.TempDir()
	store := openLocal(t, dir)
	in := receive(t, store, []byte("text"))
	if err := os.RemoveAll(filepath.Join(dir, "kept")); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Commit(t.Context()); chat.CodeOf(err) != chat.Unavailable {
		t.Errorf("Commit returned %v", err)
	}
}
