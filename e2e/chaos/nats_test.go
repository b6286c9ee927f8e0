package chaos

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsEnv is an environment variable that makes this test binary a NATS server, in a process that can be killed and
// paused. Its value is the address for clients, the address for the cluster, and the addresses of the whole cluster.
const natsEnv = "CHAOS_NATS"

// serveNATS runs a NATS server until its standard input ends, which is when the test process ends. The servers do not
// advertise each other, so that clients reach them only through proxies.
func serveNATS(at string) {
	addresses := strings.Fields(at)
	options := &server.Options{NoSigs: true, NoLog: true, Routes: server.RoutesFromStr(addresses[2])}
	options.Host, options.Port = hostAndPort(addresses[0])
	options.Cluster = server.ClusterOpts{Name: "chaos", NoAdvertise: true}
	options.Cluster.Host, options.Cluster.Port = hostAndPort(addresses[1])
	s, err := server.NewServer(options)
	if err != nil {
		panic(err)
	}
	s.Start()
	io.Copy(io.Discard, os.Stdin)
}

func hostAndPort(address string) (string, int) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err)
	}
	return host, int(parseInt64(port))
}

// natsServer is a server of a NATS cluster. It keeps its address when it is restarted.
type natsServer struct {
	t       testing.TB
	name    string
	address string
	config  string // the value of natsEnv
	cmd     *exec.Cmd
}

// natsCluster is a cluster of NATS servers.
type natsCluster []*natsServer

// newNATSCluster starts a cluster of three NATS servers.
func newNATSCluster(t testing.TB) (c natsCluster) {
	t.Helper()
	inside, routes := [3]string{}, [3]string{}
	for i := range inside {
		inside[i] = freeAddress(t)
		routes[i] = "nats://" + inside[i]
	}
	for i := range inside {
		s := &natsServer{t: t, name: fmt.Sprint("NATS server ", i+1), address: freeAddress(t)}
		s.config = s.address + " " + inside[i] + " " + strings.Join(routes[:], ",")
		s.start()
		t.Cleanup(s.kill)
		c = append(c, s)
	}
	return c
}

func (s *natsServer) start() {
	s.t.Helper()
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), natsEnv+"="+s.config)
	s.cmd.Stderr = os.Stderr
	if _, err := s.cmd.StdinPipe(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	if !eventually(20*time.Second, func() bool { return isListening(s.address) }) {
		s.t.Fatal("NATS did not start")
	}
}

func (s *natsServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *natsServer) signal(signal os.Signal) func() { return func() { s.cmd.Process.Signal(signal) } }

// forEach returns a function that calls do for every element.
func forEach[T any](all []T, do func(T)) func() {
	return func() {
		for _, one := range all {
			do(one)
		}
	}
}

func (c natsCluster) faults() []fault {
	freeze := func(s *natsServer) { s.signal(syscall.SIGSTOP)() }
	thaw := func(s *natsServer) { s.signal(syscall.SIGCONT)() }
	list := []fault{
		{"kill -9 of NATS", forEach(c, (*natsServer).kill), forEach(c, (*natsServer).start), true},
		{"NATS is paused", forEach(c, freeze), forEach(c, thaw), true},
	}
	for _, s := range c {
		list = append(list,
			fault{"kill -9 of " + s.name, s.kill, s.start, true},
			fault{s.name + " is paused", func() { freeze(s) }, func() { thaw(s) }, true})
	}
	return list
}

// isListening reports whether something listens at a TCP address.
func isListening(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// freeAddress returns a local TCP address that is free at the moment.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr())
}

// eventually polls a condition until it holds, and reports whether it did in time.
func eventually(within time.Duration, holds func() bool) bool {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(within); !holds(); <-ticker.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
