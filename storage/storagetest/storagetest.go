// Package storagetest gives tests a real S3 server, in a process and a directory of its own, and a proxy that has faults.
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

// binary is where .ci/needs puts the server, under the root of the module.
const binaryPath = "build/tools/versitygw@v1.8.0/versitygw"

// Who may use the server.
const (
	AccessKey = "charla"
	SecretKey = "un secreto/de+veras"
)

// Server is an S3 server that a test may kill and start again at the same address.
type Server struct {
	addr, dir, binary string
	stdin             io.Closer
	process           *exec.Cmd
}

// New returns a running server that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{addr: freeAddr(t), dir: t.TempDir(), binary: findBinary(t)}
	for _, dir := range []string{"buckets", "about"} {
		if err := os.Mkdir(filepath.Join(s.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.Start(t)
	t.Cleanup(func() { s.Kill(t) })
	return s
}

// Start runs the server and waits until it answers. A shell ends it with the input that we hold: even when we are killed.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.process = exec.Command("/bin/sh", "-c", `"$0" "$@" & cat; kill -9 $!; wait`, s.binary, "--port", s.addr, "--access", AccessKey, "--secret", SecretKey,
		"--keep-alive", "--quiet", "posix", "--sidecar", filepath.Join(s.dir, "about"), filepath.Join(s.dir, "buckets"))
	s.process.Dir = s.dir
	life, err := s.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.stdin = life
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	client := http.Client{Transport: transport, Timeout: time.Second}
	for end := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		r, err := client.Get("http://" + s.addr + "/")
		if err == nil {
			r.Body.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the S3 server does not answer: %v", err)
		}
	}
}

// Kill ends the server at once. It may be called more than once.
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

// URL is a bucket as S3_URL takes it.
func (s *Server) URL(bucket string) string { return URL(s.addr, bucket) }

// Addr is where the server listens, and Dir where it keeps objects as files.
func (s *Server) Addr() string { return s.addr }
func (s *Server) Dir() string  { return filepath.Join(s.dir, "buckets") }

// URL is a bucket at an address that leads to a Server.
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

// findBinary looks in this directory and those above it.
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
	const missing = "no S3 server here: " + binaryPath + " is missing, which .ci/needs brings"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}
