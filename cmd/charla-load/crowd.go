//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How the crowd opens and reads its streams.
const (
	maxAsking  = 256              // streams that have asked and have no answer yet
	openWithin = 60 * time.Second // until the last has its answer
	readSize   = 64 << 10
	eventCount = 256
	lookEvery  = 100 * time.Millisecond // at the wish to stop
	maxSampled = 20                     // streams whose arrivals are timed when all talk in one room
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

	stopping atomic.Bool
	reading  sync.WaitGroup

	// The reading goroutine's own, for others after close.
	latencies []time.Duration
	lastAt    atomic.Int64 // when the last delivery came, as posted
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
	for i := range c.streams {
		c.asking <- struct{}{}
		if err := c.ask(i); err != nil {
			return 0, fmt.Errorf("stream %d: %w", i, err)
		}
	}
	if !await(openWithin, func() bool { return int(c.open.Load()+c.refused.Load()+c.cut.Load()) >= len(c.streams) }) {
		return 0, fmt.Errorf("only %d of %d streams were answered", c.open.Load(), len(c.streams))
	}
	if n := c.refused.Load(); n > 0 {
		return 0, fmt.Errorf("%d streams were refused: are the sessions of this database, and is CHARLA_RATE=0?", n)
	}
	return time.Since(start), nil
}

func (c *crowd) ask(i int) error {
	fd, err := dial(c.target.addr, i, c.target.events(i))
	if err != nil {
		return err
	}
	c.fds = append(c.fds, fd)
	return syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd), Pad: int32(i)})
}

// read takes what arrives until close.
func (c *crowd) read() {
	events, buffer := make([]syscall.EpollEvent, eventCount), make([]byte, readSize)
	for !c.stopping.Load() {
		n, err := syscall.EpollWait(c.epoll, events, int(lookEvery/time.Millisecond))
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
		for _, e := range events[:max(n, 0)] {
			s := &c.streams[e.Pad]
			n, err := syscall.Read(int(e.Fd), buffer)
			if n > 0 {
				c.take(s, buffer[:n])
			}
			over := n <= 0 && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
			if over || s.body.ended {
				c.lose(s, int(e.Fd))
			}
		}
	}
}

// lose forgets a stream that the server ended, with its connection or within it.
func (c *crowd) lose(s *stream, fd int) {
	syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_DEL, fd, nil)
	if s.open {
		s.open = false
		c.cut.Add(1)
		c.open.Add(-1)
	} else if s.head != nil {
		s.head = nil
		c.refused.Add(1)
		<-c.asking
	}
}

// take handles what one read brought.
func (c *crowd) take(s *stream, p []byte) {
	c.bytes.Add(int64(len(p)))
	if s.head != nil {
		if p = c.answer(s, p); p == nil {
			return
		}
	}
	now := time.Now().UnixNano()
	for len(p) > 0 {
		var content []byte
		if content, p = s.body.next(p); len(content) == 0 {
			return
		}
		if s == &c.streams[0] {
			c.example.look(c.prefix, content)
		}
		s.seeker.seek(c.prefix, content, func(n int) { c.deliver(s, n, now) })
	}
}

// answer reads the headers of a stream and returns what follows them.
func (c *crowd) answer(s *stream, p []byte) []byte {
	s.head = append(s.head, p...)
	head, rest, ok := splitHead(s.head)
	if !ok {
		return nil
	}
	good, chunked := isStream(head)
	s.body.whole, s.open, s.head = !chunked, good, nil
	if good {
		c.open.Add(1)
	} else {
		c.refused.Add(1)
	}
	<-c.asking
	return bytes.Clone(rest)
}

// deliver notes that a message reached a stream.
func (c *crowd) deliver(s *stream, n int, now int64) {
	if n >= len(c.posted) || !s.got.add(n) {
		c.doubled.Add(1)
		return
	}
	if s.sampled {
		if began := c.posted[n].Load(); began > 0 {
			c.latencies = append(c.latencies, time.Duration(now-began))
		}
	}
	c.lastAt.Store(now)
	c.arrived.Add(1)
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
