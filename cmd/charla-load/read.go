//go:build linux

package main

import (
	"bytes"
	"errors"
	"syscall"
	"time"
)

// How the crowd reads: few large reads into one buffer, and a look at the wish to stop when nothing comes.
const (
	readSize   = 64 << 10
	eventCount = 256
	lookEvery  = 100 * time.Millisecond
)

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
