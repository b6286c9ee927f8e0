package chaos

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var (
	runTime = flag.Duration("for", 45*time.Second, "total time in which faults are injected; give go test a longer -timeout")
	seed    = flag.Uint64("seed", 0,
		"seed of all random choices; 0 chooses one. The course of a run also depends on the machine")
	faultPattern = flag.String("fault", "", "a regular expression: only faults with a matching name are injected")
	binary       string // path of the server, built with the race detector
)

func TestMain(m *testing.M) {
	if address := os.Getenv(natsEnv); address != "" {
		serveNATS(address)
		return
	}
	flag.Parse()
	if *seed == 0 {
		*seed = rand.Uint64N(1_000_000)
	}
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		code = 1
	}
	os.Exit(code)
}

func testMain(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "charla-chaos-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "charla")
	build := exec.Command("go", "build", "-race", "-o", binary, "charla/cmd/charla")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		return 0, fmt.Errorf("building the program: %w", err)
	}
	return m.Run(), nil
}
