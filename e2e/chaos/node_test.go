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
	t               testing.TB
	name            string
	address         string   // of its own, which only the nemesis uses
	front           *Proxy   // where clients come in
	database, vault *Proxy   // where PostgreSQL and S3 are; nil where there are none
	hints           []*Proxy // likewise each NATS server
	env             []string
	log             string
	cmd             *exec.Cmd
	exited          chan struct{} // closed when cmd is over
	slowestStop     time.Duration
}

func (w *world) newNode(name string, env ...string) *node {
	w.Helper()
	n := &node{t: w.T, name: name, address: freeAddress(w.T), log: filepath.Join(w.dir, name+".log")}
	n.front = w.proxy("tcp", n.address)
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

// proxy is one that ends with the world.
func (w *world) proxy(network, address string) *Proxy {
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

// stop asks the program to end, and wants it to end well and in time.
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

// ready tells whether the node answers. One that could not start because its database was away is started again, as
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

// troubles are what may happen to a node, and on the ways to it and from it.
func (n *node) troubles() []trouble {
	list := []trouble{
		{"kill -9 of node " + n.name, n.kill, n.start, false},
		{"SIGTERM to node " + n.name, n.stop, n.start, false},
		{"node " + n.name + " is paused", n.signal(syscall.SIGSTOP), n.signal(syscall.SIGCONT), false},
		{"clients of node " + n.name + " stall", n.front.Stall, n.front.Heal, false},
		{"clients of node " + n.name + " are cut off", n.front.Cut, n.front.Heal, false},
		{"clients of node " + n.name + " wait", func() { n.front.Delay(100 * time.Millisecond) }, n.front.Heal, false},
	}
	if n.database != nil {
		list = append(list,
			trouble{"S3 stalls for node " + n.name, n.vault.Stall, n.vault.Heal, false},
			trouble{"node " + n.name + " is cut off from S3", n.vault.Cut, n.vault.Heal, false},
			trouble{"PostgreSQL stalls for node " + n.name, n.database.Stall, n.database.Heal, false},
			trouble{"node " + n.name + " is cut off from PostgreSQL", n.database.Cut, n.database.Heal, false},
			trouble{"NATS stalls for node " + n.name, each(n.hints, (*Proxy).Stall), each(n.hints, (*Proxy).Heal), true},
			trouble{"node " + n.name + " is cut off from NATS", each(n.hints, (*Proxy).Cut), each(n.hints, (*Proxy).Heal), true})
	}
	return list
}
