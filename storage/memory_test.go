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

// A large file passes through a small buffer, on its way in and on its way to S3. It is measured in a process of its own, so
// that nothing else is in its memory.
func TestLargeFileUsesLittleMemory(t *testing.T) {
	if where := os.Getenv("MEASURE_IN"); where != "" {
		measureMemory(t, where)
		return
	}
	if residentKiB(t, "VmHWM") == 0 {
		t.Skip("only Linux tells how much memory a process had at most")
	}
	for name, where := range map[string]string{"local": t.TempDir(), "S3": storagetest.New(t).URL("charla")} {
		c := exec.Command(os.Args[0], "-test.run=^TestALargeFileTakesLittleMemory$")
		c.Env = append(os.Environ(), "MEASURE_IN="+where)
		out, err := c.Output()
		var grown int
		if n, _ := fmt.Sscanf(string(out), "grown %d KiB", &grown); err != nil || n != 1 {
			t.Fatalf("%v\n%s", err, out)
		}
		if grown >= 8<<10 {
			t.Errorf("%s: 25 MB took %d KiB of memory", name, grown)
		}
		t.Logf("%s: 25 MB took %d KiB", name, grown)
	}
}

// measureMemory keeps a small file, so that everything is in place, and then a large one.
func measureMemory(t *testing.T, where string) {
	open := func() (*storage.Store, error) { return storage.OpenLocal(where) }
	if strings.HasPrefix(where, "http") {
		open = func() (*storage.Store, error) { return storage.OpenS3(context.Background(), where, t.TempDir()) }
	}
	v, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	noise := rand.NewChaCha8([32]byte{})
	take := func(n int64) {
		in, err := v.Receive(t.Context(), io.LimitReader(noise, n), n)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Abort()
		if _, err := in.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	take(1 << 20)
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the highest is what it is now
		t.Fatal(err)
	}
	before := residentKiB(t, "VmRSS")
	take(25 << 20)
	fmt.Printf("grown %d KiB\n", residentKiB(t, "VmHWM")-before)
}

// residentKiB is a line of what Linux tells of this process, in KiB.
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
