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
)

// incomingFiles are what is arriving in a directory, each with what was made of it so far.
func incomingFiles(dir string) (arriving, made []string) {
	arriving, _ = filepath.Glob(filepath.Join(dir, "arriving", "*"))
	made, _ = filepath.Glob(filepath.Join(dir, "arriving", "*", "*", "*"))
	return arriving, made
}

// Killed at any moment, a vault lists only what is there in all sizes; and what was under way is gone a day later.
func TestCrashDuringCommit(t *testing.T) {
	if dir := os.Getenv("CRASH_IN"); dir != "" {
		for v := openLocal(t, dir); ; {
			commit(t, v, testImage(t, 1200, 900))
		}
	}
	halves := 0
	for range 3 {
		dir := t.TempDir()
		killWhileCommitting(t, dir)
		arriving, made := incomingFiles(dir)
		halves += len(made)
		v := openLocal(t, dir)
		listed := objects(t, v)
		for name := range listed {
			for _, size := range []chat.Variant{chat.VariantOriginal, chat.VariantMedium, chat.VariantThumb, chat.VariantSquare} {
				b, _ := read(t, v, name, size)
				if _, _, err := image.Decode(bytes.NewReader(b)); err != nil {
					t.Errorf("%q of a listed picture: %v", size, err)
				}
			}
		}
		err := v.RemoveTemp()
		if still, _ := incomingFiles(dir); err != nil || len(still) != len(arriving) {
			t.Error("what may still be arriving is gone")
		}
		yesterday := time.Now().Add(-25 * time.Hour)
		for _, path := range arriving {
			if err := os.Chtimes(path, yesterday, yesterday); err != nil {
				t.Fatal(err)
			}
		}
		if err := v.RemoveTemp(); err != nil || len(objects(t, v)) != len(listed) {
			t.Errorf("the sweep took what is kept, or failed: %v", err)
		}
		if left, _ := incomingFiles(dir); len(left) > 0 {
			t.Errorf("a day later: %v", left)
		}
	}
	if halves == 0 {
		t.Error("no crash left anything half-made: they prove nothing")
	}
}

// killWhileCommitting lets a process keep pictures until something is half-made, and kills it.
func killWhileCommitting(t *testing.T, dir string) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestACrashWhileKeeping$")
	c.Env = append(os.Environ(), "CRASH_IN="+dir)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(time.Millisecond) {
		kept, _ := filepath.Glob(filepath.Join(dir, "kept", "*", "*"))
		if _, made := incomingFiles(dir); len(made) > 0 && len(kept) > 1 {
			break
		}
	}
	c.Process.Kill()
	c.Wait()
}

// Only the owner of the process reads what people send.
func TestPermissions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	v := openLocal(t, dir)
	commit(t, v, []byte("text"))
	commit(t, v, testImage(t, 10, 10))
	filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		return nil
	})
}

func TestUnwritableDisk(t *testing.T) {
	dir := t.TempDir()
	v := openLocal(t, dir)
	in := receive(t, v, []byte("text"))
	if err := os.RemoveAll(filepath.Join(dir, "kept")); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Commit(t.Context()); chat.CodeOf(err) != chat.Unavailable {
		t.Error(err)
	}
}
