package chaos

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// node is a server process, with a proxy on each of its network connections. Its addresses stay the same when it
// restarts.
type node struct {
	t                           testing.TB
	name                        string
	address                     string   // its own address, used only for /readyz
	clientProxy                 *Proxy   // for clients
	databaseProxy, storageProxy *Proxy   // to PostgreSQL and S3; nil on SQLite
	natsProxies                 []*Proxy // one to each NATS server
	env                         []string
	log                         string
	cmd                         *exec.Cmd
	exited                      chan struct{} // closed when cmd has exited
	slowestStop                 time.Duration
}

// newNode adds a node to the cluster without starting it.
func (c *cluster) newNode(name string, env ...string) *node {
	c.Helper()
	n := &node{t: c.T, name: name, address: freeAddress(c.T), log: filepath.Join(c.dir, name+".log")}
	n.clientProxy = c.newProxy("tcp", n.address)
	n.env = append([]string{"CHARLA_ADDR=" + n.address, "CHARLA_RATE=0", "CHARLA_TIMEZONE=UTC",
		"GORACE=atexit_sleep_ms=0"}, env...)
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "CHARLA_") && name != "DATABASE_URL" && name != "NATS_URL" && name != "S3_URL" {
			n.env = append(n.env, pair)
		}
	}
	c.Cleanup(func() {
		if n.cmd != nil {
			n.kill()
		}
	})
	c.nodes = append(c.nodes, n)
	return n
}

// newProxy makes a proxy that is closed at the end of the test.
func (c *cluster) newProxy(network, address string) *Proxy {
	c.Helper()
	p, err := NewProxy(network, address)
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(p.Close)
	return p
}

// command returns the command that runs the server binary with the settings of this node.
func (n *node) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = n.env
	return cmd
}

func (n *node) start() {
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		n.t.Error(err)
		return
	}
	defer log.Close()
	n.cmd = n.command()
	n.cmd.Stdout, n.cmd.Stderr = log, log
	if err := n.cmd.Start(); err != nil {
		n.t.Error(err)
		return
	}
	exited := make(chan struct{})
	n.exited = exited
	go func(cmd *exec.Cmd) { cmd.Wait(); close(exited) }(n.cmd)
}

func (n *node) signal(signal os.Signal) func() { return func() { n.cmd.Process.Signal(signal) } }

func (n *node) kill() {
	n.cmd.Process.Kill()
	<-n.exited
}

// stopWithin is the time in which a node must shut down.
const stopWithin = 15 * time.Second

// stop sends SIGTERM and requires that the node exits with success in time.
func (n *node) stop() {
	begun := time.Now()
	n.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(stopWithin, func() { n.cmd.Process.Kill() })
	defer late.Stop()
	<-n.exited
	n.slowestStop = max(n.slowestStop, time.Since(begun))
	if !n.cmd.ProcessState.Success() {
		n.t.Errorf("node %s did not shut down cleanly after %v: %v", n.name, time.Since(begun), n.cmd.ProcessState)
	}
}

// ready reports whether the node is ready. It restarts a node that exited because its database was away, as a service
// manager would.
func (n *node) ready() bool {
	select {
	case <-n.exited:
		n.start()
	default:
	}
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get("http://" + n.address + "/readyz")
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// faults returns the faults of a node and of its network connections.
func (n *node) faults() []fault {
	list := []fault{
		{"kill -9 of node " + n.name, n.kill, n.start, false},
		{"SIGTERM to node " + n.name, n.stop, n.start, false},
		{"node " + n.name + " is paused", n.signal(syscall.SIGSTOP), n.signal(syscall.SIGCONT), false},
		{"clients of node " + n.name + " stall", n.clientProxy.Stall, n.clientProxy.Restore, false},
		{"clients of node " + n.name + " are cut off", n.clientProxy.Cut, n.clientProxy.Restore, false},
		{"clients of node " + n.name + " are delayed", func() { n.clientProxy.Delay(100 * time.Millisecond) },
			n.clientProxy.Restore, false},
	}
	if n.databaseProxy != nil {
		list = append(list,
			fault{"S3 stalls for node " + n.name, n.storageProxy.Stall, n.storageProxy.Restore, false},
			fault{"node " + n.name + " is cut off from S3", n.storageProxy.Cut, n.storageProxy.Restore, false},
			fault{"PostgreSQL stalls for node " + n.name, n.databaseProxy.Stall, n.databaseProxy.Restore, false},
			fault{"node " + n.name + " is cut off from PostgreSQL", n.databaseProxy.Cut, n.databaseProxy.Restore,
				false},
			fault{"NATS stalls for node " + n.name, forEach(n.natsProxies, (*Proxy).Stall),
				forEach(n.natsProxies, (*Proxy).Restore), true},
			fault{"node " + n.name + " is cut off from NATS", forEach(n.natsProxies, (*Proxy).Cut),
				forEach(n.natsProxies, (*Proxy).Restore), true})
	}
	return list
}
