//go:build linux

package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Limits on opening streams.
const (
	maxConnecting = 256              // streams that wait for a response at the same time
	openTimeout   = 60 * time.Second // until the last stream is open
	maxSampled    = 20               // streams whose latency is measured if all are in one room
)

// stream is one event stream. After the stream was registered with epoll, only the read loop accesses it.
type stream struct {
	headers  []byte // the headers received so far; nil once they are complete
	body     bodyDecoder
	marks    markScanner
	received bitset
	sampled  bool
	open     bool
}

// streamGroup opens event streams to one server and reads all of them in one goroutine, the read loop.
type streamGroup struct {
	target     target
	epoll      int
	streams    []stream
	fds        []int
	prefix     []byte
	postedAt   []atomic.Int64 // the time of each POST in nanoseconds since 1970
	dueAt      []atomic.Int64 // the time at which each POST was due; in a burst the time of the POST
	connecting chan struct{}

	open, disconnected, refused, bytes, delivered, duplicates atomic.Int64

	lastDeliveryAt atomic.Int64 // in nanoseconds since 1970
	stopping       atomic.Bool
	readers        sync.WaitGroup

	// Only the read loop accesses these fields until close has returned.
	latencies []time.Duration
	sinceDue  []time.Duration
	sample    sampleEvent
}

// newStreamGroup returns a group without open streams. The group will count the messages of this run, whose marks begin
// with prefix.
func newStreamGroup(p plan, to target, prefix string) (*streamGroup, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	c := &streamGroup{target: to, epoll: epoll, streams: make([]stream, p.streams), fds: make([]int, 0, p.streams),
		prefix: []byte(prefix), postedAt: make([]atomic.Int64, p.messages()),
		dueAt: make([]atomic.Int64, p.messages()), connecting: make(chan struct{}, maxConnecting)}
	for i := range c.streams {
		c.streams[i].headers = []byte{}
		c.streams[i].sampled = p.pairs || i%(1+(p.streams-1)/maxSampled) == 0
	}
	c.readers.Go(c.readLoop)
	return c, nil
}

// openAll opens all streams. It returns the time until the response headers of the last stream had arrived.
func (c *streamGroup) openAll() (time.Duration, error) {
	start := time.Now()
	late := time.After(openTimeout)
	for i := range c.streams {
		select {
		case c.connecting <- struct{}{}:
		case <-late:
			return 0, c.unansweredError()
		}
		if err := c.openStream(i); err != nil {
			return 0, fmt.Errorf("stream %d: %w", i, err)
		}
	}
	answered := func() bool { return int(c.open.Load()+c.refused.Load()+c.disconnected.Load()) >= len(c.streams) }
	if !waitUntil(openTimeout, answered) {
		return 0, c.unansweredError()
	}
	if n := c.refused.Load(); n > 0 {
		return 0, fmt.Errorf("the server refused %d streams: "+
			"use sessions of its database, and start it with CHARLA_RATE=0", n)
	}
	return time.Since(start), nil
}

func (c *streamGroup) unansweredError() error {
	return fmt.Errorf("the server answered only %d of %d streams: it may need a higher limit of open files (ulimit -n)",
		c.open.Load(), len(c.streams))
}

func (c *streamGroup) openStream(i int) error {
	fd, err := dial(c.target.addr, i, c.target.eventsRequest(i))
	if err != nil {
		return err
	}
	c.fds = append(c.fds, fd)
	event := &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd), Pad: int32(i)}
	return syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, event)
}

// close closes all streams and stops the read loop.
func (c *streamGroup) close() {
	c.stopping.Store(true)
	c.readers.Wait()
	for _, fd := range c.fds {
		syscall.Close(fd)
	}
	syscall.Close(c.epoll)
}

// waitUntil waits until the function holds returns true. It returns false if that takes longer than the time within.
func waitUntil(within time.Duration, holds func() bool) bool {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(within); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
