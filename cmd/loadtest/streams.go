//go:build linux

package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How the crowd opens its streams.
const (
	maxConnecting = 256              // streams that have asked and have no answer yet
	openTimeout   = 60 * time.Second // until the last has its answer
	maxSampled    = 20               // streams whose arrivals are timed when all talk in one room
)

// stream is one event stream. After it is given to epoll only the reading goroutine touches it.
type stream struct {
	headers  []byte // its headers as far as they came; nil once complete
	body     bodyDecoder
	marks    markScanner
	received bitset
	sampled  bool
	open     bool
}

// streamGroup is many event streams, read by one goroutine.
type streamGroup struct {
	target     target
	epoll      int
	streams    []stream
	fds        []int
	prefix     []byte
	postedAt   []atomic.Int64 // when the POST of each message began, in nanoseconds since the epoch
	connecting chan struct{}

	open, disconnected, refused, bytes, delivered, duplicates atomic.Int64

	lastDeliveryAt atomic.Int64 // when the last delivery came, as in posted
	stopping       atomic.Bool
	readers        sync.WaitGroup

	// The reading goroutine's own, for others after close.
	latencies []time.Duration
	sample    sampleEvent
}

// newStreamGroup returns a crowd without streams for messages of a prefix.
func newStreamGroup(p plan, to target, prefix string) (*streamGroup, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	c := &streamGroup{target: to, epoll: epoll, streams: make([]stream, p.streams), fds: make([]int, 0, p.streams),
		prefix: []byte(prefix), postedAt: make([]atomic.Int64, p.messages()), connecting: make(chan struct{}, maxConnecting)}
	for i := range c.streams {
		c.streams[i].headers = []byte{}
		c.streams[i].sampled = p.pairs || i%(1+(p.streams-1)/maxSampled) == 0
	}
	c.readers.Go(c.readLoop)
	return c, nil
}

// openAll opens every stream and returns how long it took until the last had its headers.
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
	if !waitUntil(openTimeout, func() bool { return int(c.open.Load()+c.refused.Load()+c.disconnected.Load()) >= len(c.streams) }) {
		return 0, c.unansweredError()
	}
	if n := c.refused.Load(); n > 0 {
		return 0, fmt.Errorf("%d streams were refused: are the sessions of this database, and is CHARLA_RATE=0?", n)
	}
	return time.Since(start), nil
}

func (c *streamGroup) unansweredError() error {
	return fmt.Errorf("only %d of %d streams were answered: may the server open that many files (ulimit -n)?", c.open.Load(), len(c.streams))
}

func (c *streamGroup) openStream(i int) error {
	fd, err := dial(c.target.addr, i, c.target.eventsRequest(i))
	if err != nil {
		return err
	}
	c.fds = append(c.fds, fd)
	return syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd), Pad: int32(i)})
}

// close ends all streams. What the reading goroutine gathered may be read afterwards.
func (c *streamGroup) close() {
	c.stopping.Store(true)
	c.readers.Wait()
	for _, fd := range c.fds {
		syscall.Close(fd)
	}
	syscall.Close(c.epoll)
}

// waitUntil looks until something holds, and tells whether it did in time.
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
