// Package storagetest provides tests with a real S3 server, in a process and a directory of its own, and with a proxy
// that injects faults.
package storagetest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// binaryPath is the path of the S3 server's program, below the root of the module. The script .ci/needs installs the
// program there.
const binaryPath = "build/tools/versitygw@v1.8.0/versitygw"

// The credentials that the S3 server accepts.
const (
	AccessKey = "charla"
	SecretKey = "un secreto/de+veras"
)

// Server is a real S3 server. A test may kill it and start it again at the same address.
type Server struct {
	addr, dir, binary string
	stdin             io.Closer
	process           *exec.Cmd
}

// New starts a server and kills it when the test ends. If the server is not installed, New skips the test, or fails it
// if CI=true.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{addr: freeAddr(t), dir: t.TempDir(), binary: findBinary(t)}
	for _, dir := range []string{"buckets", "metadata"} {
		if err := os.Mkdir(filepath.Join(s.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.Start(t)
	t.Cleanup(func() { s.Kill(t) })
	return s
}

// Start starts the server and waits until it answers. A shell runs the server and kills it when the shell's standard
// input is closed, so that the server also ends if the test process is killed.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.process = exec.Command("/bin/sh", "-c", `"$0" "$@" & cat; kill -9 $!; wait`, s.binary,
		"--port", s.addr, "--access", AccessKey, "--secret", SecretKey, "--keep-alive", "--quiet",
		"posix", "--sidecar", filepath.Join(s.dir, "metadata"), filepath.Join(s.dir, "buckets"))
	s.process.Dir = s.dir
	stdin, err := s.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.stdin = stdin
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	client := http.Client{Transport: transport, Timeout: time.Second}
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		r, err := client.Get("http://" + s.addr + "/")
		if err == nil {
			r.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the S3 server does not answer: %v", err)
		}
	}
}

// Kill kills the server. It may be called more than once.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.process == nil {
		return
	}
	s.stdin.Close()
	if err := s.process.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Error(err)
	}
	s.process = nil
}

// URL returns the value of the setting S3_URL for a bucket of this server.
func (s *Server) URL(bucket string) string { return URL(s.addr, bucket) }

// Addr returns the address at which the server listens.
func (s *Server) Addr() string { return s.addr }

// Dir returns the directory in which the server stores each object as a file.
func (s *Server) Dir() string { return filepath.Join(s.dir, "buckets") }

// URL returns the value of the setting S3_URL for a bucket of the server, or of a proxy in front of it, that listens at
// addr.
func URL(addr, bucket string) string {
	return fmt.Sprintf("http://%s:un%%20secreto%%2Fde+veras@%s/%s", AccessKey, addr, bucket)
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// findBinary returns the path of the S3 server's program. It looks for binaryPath in the working directory and all
// directories above.
func findBinary(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, binaryPath)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	const missing = "the S3 server is missing: .ci/needs installs " + binaryPath
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}
