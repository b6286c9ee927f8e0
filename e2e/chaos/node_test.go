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

// node is the program as a process, with a proxy between it and everybody that it speaks with. Its address outlives it.
type node struct {
	t                           testing.TB
	name                        string
	address                     string   // of its own, which only the nemesis uses
	clientProxy                 *Proxy   // where clients come in
	databaseProxy, storageProxy *Proxy   // where PostgreSQL and S3 are; nil where there are none
	natsProxies                 []*Proxy // likewise each NATS server
	env                         []string
	log                         string
	cmd                         *exec.Cmd
	exited                      chan struct{} // closed when cmd is over
	slowestStop                 time.Duration
}

func (w *cluster) newNode(name string, env ...string) *node {
	w.Helper()
	n := &node{t: w.T, name: name, address: freeAddress(w.T), log: filepath.Join(w.dir, name+".log")}
	n.clientProxy = w.newProxy("tcp", n.address)
	n.env = append([]string{"CHARLA_ADDR=" + n.address, "CHARLA_RATE=0", "CHARLA_TIMEZONE=UTC", "GORACE=atexit_sleep_ms=0"}, env...)
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "CHARLA_") && name != "DATABASE_URL" && name != "NATS_URL" && name != "S3_URL" {
			n.env = append(n.env, pair)
		}
	}
	w.Cleanup(func() {
		if n.cmd != nil {
			n.kill()
		}
	})
	w.nodes = append(w.nodes, n)
	return n
}

// newProxy is one that ends with the world.
func (w *cluster) newProxy(network, address string) *Proxy {
	w.Helper()
	p, err := NewProxy(network, address)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(p.Close)
	return p
}

// command is the program with the settings of this node.
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

// stopWithin is what an operator waits for.
const stopWithin = 15 * time.Second

// stopNodes asks the program to end, and wants it to end well and in time.
func (n *node) stop() {
	begun := time.Now()
	n.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(stopWithin, func() { n.cmd.Process.Kill() })
	defer late.Stop()
	<-n.exited
	n.slowestStop = max(n.slowestStop, time.Since(begun))
	if !n.cmd.ProcessState.Success() {
		n.t.Errorf("node %s did not stop well after %v: %v", n.name, time.Since(begun), n.cmd.ProcessState)
	}
}

// waitUntilReady tells whether the node answers. One that could not start because its database was away is started again, as
// whatever keeps services would.
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

// faults are what may happen to a node, and on the ways to it and from it.
func (n *node) faults() []fault {
	list := []fault{
		{"kill -9 of node " + n.name, n.kill, n.start, false},
		{"SIGTERM to node " + n.name, n.stop, n.start, false},
		{"node " + n.name + " is paused", n.signal(syscall.SIGSTOP), n.signal(syscall.SIGCONT), false},
		{"clients of node " + n.name + " stall", n.clientProxy.Stall, n.clientProxy.Restore, false},
		{"clients of node " + n.name + " are cut off", n.clientProxy.Cut, n.clientProxy.Restore, false},
		{"clients of node " + n.name + " wait", func() { n.clientProxy.Delay(100 * time.Millisecond) }, n.clientProxy.Restore, false},
	}
	if n.databaseProxy != nil {
		list = append(list,
			fault{"S3 stalls for node " + n.name, n.storageProxy.Stall, n.storageProxy.Restore, false},
			fault{"node " + n.name + " is cut off from S3", n.storageProxy.Cut, n.storageProxy.Restore, false},
			fault{"PostgreSQL stalls for node " + n.name, n.databaseProxy.Stall, n.databaseProxy.Restore, false},
			fault{"node " + n.name + " is cut off from PostgreSQL", n.databaseProxy.Cut, n.databaseProxy.Restore, false},
			fault{"NATS stalls for node " + n.name, forEach(n.natsProxies, (*Proxy).Stall), forEach(n.natsProxies, (*Proxy).Restore), true},
			fault{"node " + n.name + " is cut off from NATS", forEach(n.natsProxies, (*Proxy).Cut), forEach(n.natsProxies, (*Proxy).Restore), true})
	}
	return list
}
