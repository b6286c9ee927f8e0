package chaos

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsAt in the environment makes this test binary a NATS server at an address: a process of its own can be killed and
// paused.
const natsAt = "CHAOS_NATS"

// serveNATS runs until its input ends, which is the end of the tests however they end.
func serveNATS(address string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err)
	}
	options := &server.Options{Host: host, NoSigs: true, NoLog: true}
	options.Port, _ = strconv.Atoi(port)
	s, err := server.NewServer(options)
	if err != nil {
		panic(err)
	}
	s.Start()
	io.Copy(io.Discard, os.Stdin)
}

// natsServer keeps its address when it is started again.
type natsServer struct {
	t       testing.TB
	address string
	cmd     *exec.Cmd
}

func newNATS(t testing.TB) *natsServer {
	t.Helper()
	s := &natsServer{t: t, address: freeAddress(t)}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *natsServer) start() {
	s.t.Helper()
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), natsAt+"="+s.address)
	s.cmd.Stderr = os.Stderr
	if _, err := s.cmd.StdinPipe(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	if !eventually(20*time.Second, func() bool { return answers(s.address) }) {
		s.t.Fatal("NATS does not start")
	}
}

func (s *natsServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *natsServer) signal(signal os.Signal) func() { return func() { s.cmd.Process.Signal(signal) } }

func (s *natsServer) troubles() []trouble {
	return []trouble{
		{"kill -9 of NATS", s.kill, s.start, true},
		{"NATS is paused", s.signal(syscall.SIGSTOP), s.signal(syscall.SIGCONT), true},
	}
}

// answers tells whether somebody listens at an address.
func answers(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr())
}

// eventually waits until a condition holds, looking often, and tells whether it did in time.
func eventually(within time.Duration, holds func() bool) bool {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(within); !holds(); <-look.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
