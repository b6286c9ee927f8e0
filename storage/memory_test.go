package storage_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"

	"charla/storage"
	"charla/storage/storagetest"
)

// TestLargeFileUsesLittleMemory checks that files are streamed through a small buffer. It measures in a process of
// its own, so that no other test changes the result.
func TestLargeFileUsesLittleMemory(t *testing.T) {
	if location := os.Getenv("MEASURE_IN"); location != "" {
		measureMemory(t, location)
		return
	}
	if residentKiB(t, "VmHWM") == 0 {
		t.Skip("this system does not report the peak memory of a process")
	}
	for name, location := range map[string]string{"local": t.TempDir(), "S3": storagetest.New(t).URL("charla")} {
		c := exec.Command(os.Args[0], "-test.run=^TestLargeFileUsesLittleMemory$")
		c.Env = append(os.Environ(), "MEASURE_IN="+location)
		out, err := c.Output()
		var grown int
		if n, _ := fmt.Sscanf(string(out), "grown %d KiB", &grown); err != nil || n != 1 {
			t.Fatalf("%v\n%s", err, out)
		}
		if grown >= 8<<10 {
			t.Errorf("%s: storing 25 MB took %d KiB of memory", name, grown)
		}
		t.Logf("%s: storing 25 MB took %d KiB", name, grown)
	}
}

// measureMemory stores a small file, so that all one-time allocations are made, and prints how much the peak memory
// grows when it stores a large one.
func measureMemory(t *testing.T, location string) {
	open := func() (*storage.Store, error) { return storage.OpenLocal(location) }
	if strings.HasPrefix(location, "http") {
		open = func() (*storage.Store, error) { return storage.OpenS3(context.Background(), location, t.TempDir()) }
	}
	store, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	noise := rand.NewChaCha8([32]byte{})
	storeFile := func(n int64) {
		in, err := store.Receive(t.Context(), io.LimitReader(noise, n), n)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Abort()
		if _, err := in.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	storeFile(1 << 20)
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // resets the peak
		t.Fatal(err)
	}
	before := residentKiB(t, "VmRSS")
	storeFile(25 << 20)
	fmt.Printf("grown %d KiB\n", residentKiB(t, "VmHWM")-before)
}

// residentKiB returns a value in KiB from /proc/self/status, or 0 if there is no such line.
func residentKiB(t *testing.T, line string) (kib int) {
	t.Helper()
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), line+":"); ok {
			fmt.Sscan(rest, &kib)
		}
	}
	return kib
}
