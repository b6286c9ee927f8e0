// Package natstest runs real NATS servers for tests, in the process of the test.
package natstest

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a NATS server that a test can stop and start again at the same address.
type Server struct {
	options server.Options
	server  *server.Server
}

// localOptions returns the options of a server that listens on a random port of this machine.
func localOptions() server.Options {
	return server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true}
}

// New returns a running server. It is stopped at the end of the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{options: localOptions()}
	s.Start(t)
	t.Cleanup(s.Kill)
	return s
}

// Cluster starts n servers that form one cluster, and returns them. They are stopped at the end of the test.
func Cluster(t testing.TB, n int) []*Server {
	t.Helper()
	var servers []*Server
	var routes []*url.URL
	for range n {
		s := &Server{options: localOptions()}
		s.options.Routes = routes
		s.options.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: server.RANDOM_PORT}
		s.Start(t)
		t.Cleanup(s.Kill)
		routes = append(routes, &url.URL{Scheme: "nats-route", Host: s.server.ClusterAddr().String()})
		servers = append(servers, s)
	}
	first, last := servers[0].server, servers[n-1].server
	for deadline := time.Now().Add(20 * time.Second); first.NumRoutes() == 0 || last.NumRoutes() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the servers of the cluster did not connect to each other")
		}
		<-time.After(10 * time.Millisecond)
	}
	return servers
}

// Start starts the server and waits until it accepts connections.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	options := s.options
	started, err := server.NewServer(&options)
	if err != nil {
		t.Fatal(err)
	}
	started.Start()
	if !started.ReadyForConnections(20 * time.Second) {
		t.Fatal("the NATS server did not start")
	}
	s.server = started
	s.options.Port = options.Port
	if s.options.Cluster.Name != "" {
		s.options.Cluster.Port = started.ClusterAddr().Port
	}
}

// Kill stops the server and closes its connections. It may be called more than once.
func (s *Server) Kill() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// URL returns the URL at which clients connect to the server.
func (s *Server) URL() string { return s.server.ClientURL() }

// URLs returns the URLs of several servers in the form in which the setting NATS_URL lists them.
func URLs(servers []*Server) string {
	var list []string
	for _, s := range servers {
		list = append(list, s.URL())
	}
	return strings.Join(list, ",")
}
