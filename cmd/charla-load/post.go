//go:build linux

package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// How messages are posted: so many callers, each with a connection that it keeps.
const (
	callers     = 32
	answerAfter = 30 * time.Second
)

// posting is what became of the messages.
type posting struct {
	acknowledged []bool // by number of the message
	count        int
	began        time.Time
	took         time.Duration
	late         time.Duration // how far the callers fell behind their time at worst
}

// postAll posts the messages of a plan, at its rate or as fast as they are taken.
func (c *crowd) postAll(p plan) (posting, error) {
	lines := make([]*line, min(callers, p.messages()))
	for i := range lines {
		var err error
		if lines[i], err = newLine(c.target.addr); err != nil {
			return posting{}, err
		}
		defer lines[i].close()
	}
	done := posting{acknowledged: make([]bool, p.messages()), began: time.Now()}
	var next, late atomic.Int64
	var work sync.WaitGroup
	for _, l := range lines {
		work.Go(func() {
			for n := int(next.Add(1)) - 1; n < p.messages(); n = int(next.Add(1)) - 1 {
				raise(&late, int64(waitFor(p, n, done.began)))
				c.posted[n].Store(time.Now().UnixNano())
				done.acknowledged[n] = l.post(c.target.message(n%p.streams, mark(string(c.prefix), n)))
			}
		})
	}
	work.Wait()
	done.took, done.late = time.Since(done.began), time.Duration(late.Load())
	for _, ok := range done.acknowledged {
		if ok {
			done.count++
		}
	}
	return done, nil
}

// waitFor sleeps until message n is due and returns how late it is already.
func waitFor(p plan, n int, start time.Time) time.Duration {
	if p.burst > 0 {
		return 0
	}
	wait := time.Until(start.Add(time.Duration(float64(n) / p.rate * float64(time.Second))))
	time.Sleep(wait)
	return -wait
}

func raise(top *atomic.Int64, v int64) {
	for old := top.Load(); v > old; old = top.Load() {
		if top.CompareAndSwap(old, v) {
			return
		}
	}
}

// line is a connection for posts.
type line struct {
	to   netip.AddrPort
	conn net.Conn
	r    *bufio.Reader
}

func newLine(to netip.AddrPort) (*line, error) {
	l := &line{to: to}
	return l, l.dial()
}

func (l *line) dial() (err error) {
	if l.conn, err = net.Dial("tcp", l.to.String()); err == nil {
		l.r = bufio.NewReader(l.conn)
	}
	return err
}

func (l *line) close() { l.conn.Close() }

// post sends a request and tells whether it was answered well. After a failure the connection is made anew.
func (l *line) post(request string) bool {
	status, err := l.exchange(request)
	if err != nil {
		l.conn.Close()
		if l.dial() != nil {
			return false // the next post fails too, and tries again
		}
	}
	return err == nil && status < 400
}

func (l *line) exchange(request string) (status int, err error) {
	l.conn.SetDeadline(time.Now().Add(answerAfter))
	if _, err := io.WriteString(l.conn, request); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(l.r, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}
