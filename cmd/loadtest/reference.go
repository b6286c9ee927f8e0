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
// with net/http. It has no users and checks nothing. With a store it inserts each message before it sends it.
type referenceServer struct {
	store   *messageStore // may be nil
	mu      sync.Mutex    // guards streams
	streams map[int]chan []byte
}

// referenceKind is a kind of reference server: its name in the table and the flags that start it.
type referenceKind struct {
	name  string
	flags []string
}

// references returns the kinds of reference servers that the plan asks for.
func (p plan) references() (kinds []referenceKind) {
	if p.reference {
		kinds = append(kinds, referenceKind{"net/http", []string{"-serve-reference"}})
	}
	if p.referenceStore {
		kinds = append(kinds, referenceKind{storingReference, []string{"-serve-reference", "-reference-store"}})
	}
	return kinds
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

// post sends the request body, an event, to the streams that the query parameter "to" lists. Without that parameter, it
// sends the event to all streams. A server with a store first inserts the message that the other parameters contain.
func (b *referenceServer) post(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	query := r.URL.Query()
	if b.store != nil {
		if err := b.store.insert(r.Context(), query); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if to := query.Get("to"); to != "" {
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

// serveReference runs a reference server until stdin is closed. It writes the address at which the server listens to
// stdout.
func serveReference(p plan, stdin io.Reader, stdout io.Writer) error {
	reference := &referenceServer{streams: map[int]chan []byte{}}
	if p.referenceStore {
		store, err := openMessageStore(p.databaseURL)
		if err != nil {
			return err
		}
		defer store.close()
		reference.store = store
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: reference}
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
func measureReference(p plan, kind referenceKind, like result, stderr io.Writer) (result, error) {
	if p.messages() > 0 && like.frame == nil {
		return result{}, errors.New("no complete message event arrived from Charla")
	}
	child := exec.Command(os.Args[0], kind.flags...)
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
	target := referenceTarget(p, at, like)
	target.name, target.pid = kind.name, child.Process.Pid
	return measure(p, target, like.prefix)
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

// referenceTarget returns the requests for a reference server. Only a server with a store uses the parameters room,
// author and body, but both kinds get them, so that both parse the same.
func referenceTarget(p plan, at netip.AddrPort, like result) target {
	return target{addr: at,
		eventsRequest: func(i int) string {
			return fmt.Sprintf("GET /events?id=%d HTTP/1.1\r\nHost: %s\r\n\r\n", i, at)
		},
		messageRequest: func(from int, mark string) string {
			room, to := 1, ""
			if p.pairs {
				room, to = 1+min(from, partner(from)), fmt.Sprintf("&to=%d+%d", from, partner(from))
			}
			event := replaceMark(like.frame, like.prefix, mark)
			return fmt.Sprintf("POST /messages?room=%d&author=%d&body=%s%s HTTP/1.1\r\nHost: %s\r\n"+
				"Content-Length: %d\r\n\r\n%s", room, from, mark+messageText, to, at, len(event), event)
		},
	}
}
