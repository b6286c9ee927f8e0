package files_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"charla/chat"
)

// all are the files under a directory.
func all(t *testing.T, dir string) (found []string) {
	t.Helper()
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			t.Error(err)
		} else if !d.IsDir() {
			found = append(found, path)
		}
		return nil
	})
	return found
}

// A crash in the middle leaves what nobody sees, and a day later nothing.
func TestACrashWhileKeeping(t *testing.T) {
	dir := t.TempDir()
	if os.Getenv("CRASH_IN") != "" {
		v := local(t, os.Getenv("CRASH_IN"))
		receive(t, v, []byte("received")) // and never discarded
		in := receive(t, v, picture(t, 500, 400))
		os.RemoveAll(filepath.Join(os.Getenv("CRASH_IN"), "kept")) // so that the last step, the rename, cannot be
		if err := os.WriteFile(filepath.Join(os.Getenv("CRASH_IN"), "kept"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		in.Keep(t.Context())
		os.Exit(0)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestACrashWhileKeeping$")
	c.Env = append(os.Environ(), "CRASH_IN="+dir)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Remove(filepath.Join(dir, "kept")); err != nil {
		t.Fatal(err)
	}
	left := all(t, dir)
	if len(left) == 0 {
		t.Fatal("the crash left nothing: it proves nothing")
	}
	v := local(t, dir)
	if listed := objects(t, v); len(listed) != 0 {
		t.Errorf("half a file is listed: %v", listed)
	}
	if again := all(t, dir); len(again) != len(left) {
		t.Errorf("what may still be arriving is gone: %v", again)
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	arriving, _ := filepath.Glob(filepath.Join(dir, "arriving", "*"))
	for _, path := range arriving {
		if err := os.Chtimes(path, yesterday, yesterday); err != nil {
			t.Fatal(err)
		}
	}
	local(t, dir)
	if left := all(t, dir); len(left) > 0 {
		t.Errorf("a day later: %v", left)
	}
}

// Only the owner of the process reads what people send.
func TestPermissions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	v := local(t, dir)
	keep(t, v, []byte("text"))
	keep(t, v, picture(t, 10, 10))
	filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		return nil
	})
}

func TestADiskThatDoesNotTakeIt(t *testing.T) {
	dir := t.TempDir()
	v := local(t, dir)
	in := receive(t, v, []byte("text"))
	if err := os.RemoveAll(filepath.Join(dir, "kept")); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Keep(t.Context()); chat.CodeOf(err) != chat.Unavailable {
		t.Error(err)
	}
}
