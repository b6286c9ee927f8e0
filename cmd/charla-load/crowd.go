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
	maxAsking  = 256              // streams that have asked and have no answer yet
	openWithin = 60 * time.Second // until the last has its answer
	maxSampled = 20               // streams whose arrivals are timed when all talk in one room
)

// stream is one event stream. After it is given to epoll only the reading goroutine touches it.
type stream struct {
	head    []byte // its headers as far as they came; nil once complete
	body    body
	seeker  seeker
	got     set
	sampled bool
	open    bool
}

// crowd is many event streams, read by one goroutine.
type crowd struct {
	target  target
	epoll   int
	streams []stream
	fds     []int
	prefix  []byte
	posted  []atomic.Int64 // when the POST of each message began, in nanoseconds since the epoch
	asking  chan struct{}

	open, cut, refused, bytes, arrived, doubled atomic.Int64

	lastAt   atomic.Int64 // when the last delivery came, as in posted
	stopping atomic.Bool
	reading  sync.WaitGroup

	// The reading goroutine's own, for others after close.
	latencies []time.Duration
	example   example
}

// newCrowd returns a crowd without streams for messages of a prefix.
func newCrowd(p plan, to target, prefix string) (*crowd, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	c := &crowd{target: to, epoll: epoll, streams: make([]stream, p.streams), fds: make([]int, 0, p.streams),
		prefix: []byte(prefix), posted: make([]atomic.Int64, p.messages()), asking: make(chan struct{}, maxAsking)}
	for i := range c.streams {
		c.streams[i].head = []byte{}
		c.streams[i].sampled = p.pairs || i%(1+(p.streams-1)/maxSampled) == 0
	}
	c.reading.Go(c.read)
	return c, nil
}

// openAll opens every stream and returns how long it took until the last had its headers.
func (c *crowd) openAll() (time.Duration, error) {
	start := time.Now()
	late := time.After(openWithin)
	for i := range c.streams {
		select {
		case c.asking <- struct{}{}:
		case <-late:
			return 0, c.unanswered()
		}
		if err := c.ask(i); err != nil {
			return 0, fmt.Errorf("stream %d: %w", i, err)
		}
	}
	if !await(openWithin, func() bool { return int(c.open.Load()+c.refused.Load()+c.cut.Load()) >= len(c.streams) }) {
		return 0, c.unanswered()
	}
	if n := c.refused.Load(); n > 0 {
		return 0, fmt.Errorf("%d streams were refused: are the sessions of this database, and is CHARLA_RATE=0?", n)
	}
	return time.Since(start), nil
}

func (c *crowd) unanswered() error {
	return fmt.Errorf("only %d of %d streams were answered: may the server open that many files (ulimit -n)?", c.open.Load(), len(c.streams))
}

func (c *crowd) ask(i int) error {
	fd, err := dial(c.target.addr, i, c.target.events(i))
	if err != nil {
		return err
	}
	c.fds = append(c.fds, fd)
	return syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd), Pad: int32(i)})
}

// close ends all streams. What the reading goroutine gathered may be read afterwards.
func (c *crowd) close() {
	c.stopping.Store(true)
	c.reading.Wait()
	for _, fd := range c.fds {
		syscall.Close(fd)
	}
	syscall.Close(c.epoll)
}

// await looks until something holds, and tells whether it did in time.
func await(within time.Duration, holds func() bool) bool {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(within); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
