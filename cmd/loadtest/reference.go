//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// referenceServer is a minimal server with which Charla is compared: it sends each posted text to many event streams
// with net/http. It has no users, stores nothing and checks nothing.
type referenceServer struct {
	mu      sync.Mutex // guards streams
	streams map[int]chan []byte
}

// referenceQueueSize is how many texts may wait for a slow stream. Charla's limit is the same.
const referenceQueueSize = 256

func (b *referenceServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		b.post(w, r)
	} else {
		b.events(w, r)
	}
}

func (b *referenceServer) events(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.URL.Query().Get("id"))
	queue := make(chan []byte, referenceQueueSize)
	b.mu.Lock()
	b.streams[id] = queue
	b.mu.Unlock()
	defer b.remove(id)
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := w.(http.Flusher)
	flusher.Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case text := <-queue:
			if _, err := w.Write(text); err != nil {
				return
			}
			flusher.Flush()
		}
	}
}

func (b *referenceServer) remove(id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.streams, id)
}

// post sends the request body to the streams that the query parameter "to" lists. Without that parameter, it sends the
// body to all streams.
func (b *referenceServer) post(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if to := r.URL.Query().Get("to"); to != "" {
		for name := range strings.SplitSeq(to, " ") {
			id, _ := strconv.Atoi(name)
			offer(b.streams[id], text)
		}
		return
	}
	for _, queue := range b.streams {
		offer(queue, text)
	}
}

func offer(queue chan []byte, text []byte) {
	select {
	case queue <- text:
	default: // the table counts it as missing
	}
}

// serveReference runs the reference server until stdin is closed. It writes the address at which the server listens to
// stdout.
func serveReference(stdin io.Reader, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: &referenceServer{streams: map[int]chan []byte{}}}
	go func() {
		io.Copy(io.Discard, stdin)
		server.Close()
	}()
	fmt.Fprintln(stdout, listener.Addr())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// measureReference starts a reference server as another process and runs the plan against it. The parameter like is the
// result of Charla: for each message, the reference server sends the same bytes as Charla did.
func measureReference(p plan, like result, stderr io.Writer) (result, error) {
	if p.messages() > 0 && like.frame == nil {
		return result{}, errors.New("no complete message event arrived from Charla")
	}
	child := exec.Command(os.Args[0], "-serve-reference")
	child.Stderr = stderr
	stdin, err := child.StdinPipe()
	if err != nil {
		return result{}, err
	}
	defer child.Wait()
	defer stdin.Close() // this stops the server
	at, err := startReference(child)
	if err != nil {
		return result{}, err
	}
	return measure(p, referenceTarget(p, at, child.Process.Pid, like), like.prefix)
}

// startReference starts a reference server with the command child and returns the address at which the server listens.
func startReference(child *exec.Cmd) (netip.AddrPort, error) {
	stdout, err := child.StdoutPipe()
	if err != nil {
		return netip.AddrPort{}, err
	}
	if err := child.Start(); err != nil {
		return netip.AddrPort{}, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.ParseAddrPort(strings.TrimSpace(line))
}

func referenceTarget(p plan, at netip.AddrPort, pid int, like result) target {
	return target{name: "net/http", addr: at, pid: pid,
		eventsRequest: func(i int) string {
			return fmt.Sprintf("GET /events?id=%d HTTP/1.1\r\nHost: %s\r\n\r\n", i, at)
		},
		messageRequest: func(from int, mark string) string {
			to := ""
			if p.pairs {
				to = fmt.Sprintf("?to=%d+%d", from, partner(from))
			}
			text := replaceMark(like.frame, like.prefix, mark)
			return fmt.Sprintf("POST /messages%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s",
				to, at, len(text), text)
		},
	}
}
