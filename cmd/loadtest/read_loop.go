//go:build linux

package main

import (
	"bytes"
	"errors"
	"syscall"
	"time"
)

// The read loop handles up to eventCount streams at a time and reads up to readSize bytes of each into a buffer that
// all streams share. Every stopCheckInterval it checks whether it should stop.
const (
	readSize          = 64 << 10
	eventCount        = 256
	stopCheckInterval = 100 * time.Millisecond
)

// readLoop reads all streams until close is called.
func (c *streamGroup) readLoop() {
	events, buffer := make([]syscall.EpollEvent, eventCount), make([]byte, readSize)
	for !c.stopping.Load() {
		n, err := syscall.EpollWait(c.epoll, events, int(stopCheckInterval/time.Millisecond))
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
		for _, e := range events[:max(n, 0)] {
			s := &c.streams[e.Pad]
			n, err := syscall.Read(int(e.Fd), buffer)
			if n > 0 {
				c.handleBytes(s, buffer[:n])
			}
			over := n <= 0 && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
			if over || s.body.done {
				c.dropStream(s, int(e.Fd))
			}
		}
	}
}

// dropStream stops reading a stream that the server has ended. It counts the stream as disconnected, or as refused if
// the server did not accept it.
func (c *streamGroup) dropStream(s *stream, fd int) {
	syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_DEL, fd, nil)
	if s.open {
		s.open = false
		c.disconnected.Add(1)
		c.open.Add(-1)
	} else if s.headers != nil {
		s.headers = nil
		c.refused.Add(1)
		<-c.connecting
	}
}

// handleBytes handles bytes that were read from a stream: it completes the headers, decodes the body and records the
// messages in it.
func (c *streamGroup) handleBytes(s *stream, p []byte) {
	c.bytes.Add(int64(len(p)))
	if s.headers != nil {
		if p = c.readHeaders(s, p); p == nil {
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
			c.sample.scan(c.prefix, content)
		}
		s.marks.scan(c.prefix, content, func(n int) { c.recordDelivery(s, n, now) })
	}
}

// readHeaders adds bytes to the headers of a stream. Once the headers are complete, it returns the bytes after them;
// until then it returns nil.
func (c *streamGroup) readHeaders(s *stream, p []byte) []byte {
	s.headers = append(s.headers, p...)
	head, rest, ok := splitHeaders(s.headers)
	if !ok {
		return nil
	}
	good, chunked := isStream(head)
	s.body.identity, s.open, s.headers = !chunked, good, nil
	if good {
		c.open.Add(1)
	} else {
		c.refused.Add(1)
	}
	<-c.connecting
	return bytes.Clone(rest)
}

// recordDelivery records that a stream received message n at the time now, in nanoseconds since 1970.
func (c *streamGroup) recordDelivery(s *stream, n int, now int64) {
	if n >= len(c.postedAt) || !s.received.add(n) {
		c.duplicates.Add(1)
		return
	}
	if s.sampled {
		if began := c.postedAt[n].Load(); began > 0 {
			c.latencies = append(c.latencies, time.Duration(now-began))
			c.sinceDue = append(c.sinceDue, time.Duration(now-c.dueAt[n].Load()))
		}
	}
	c.lastDeliveryAt.Store(now)
	c.delivered.Add(1)
}
