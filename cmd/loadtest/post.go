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

// Up to posters goroutines post messages at the same time. Each has its own connection and waits for a response at most
// responseTimeout.
const (
	posters         = 32
	responseTimeout = 30 * time.Second
)

// postResults records which messages the server accepted, how long posting took, and whether it kept to the schedule.
type postResults struct {
	acknowledged []bool // by the number of the message
	count        int
	startedAt    time.Time
	elapsed      time.Duration
	maxDelay     time.Duration // the longest delay of a post behind its schedule
}

// postAll posts the messages of a plan at the rate of the plan, or in a burst as fast as the server answers.
func (c *streamGroup) postAll(p plan) (postResults, error) {
	lines := make([]*connection, min(posters, p.messages()))
	for i := range lines {
		var err error
		if lines[i], err = newConnection(c.target.addr); err != nil {
			return postResults{}, err
		}
		defer lines[i].close()
	}
	done := postResults{acknowledged: make([]bool, p.messages()), startedAt: time.Now()}
	var next, late atomic.Int64
	var work sync.WaitGroup
	for _, l := range lines {
		work.Go(func() {
			for n := int(next.Add(1)) - 1; n < p.messages(); n = int(next.Add(1)) - 1 {
				delay := waitUntilDue(p, n, done.startedAt)
				storeMax(&late, int64(delay))
				now := time.Now()
				c.dueAt[n].Store(now.Add(-delay).UnixNano())
				c.postedAt[n].Store(now.UnixNano())
				done.acknowledged[n] = l.post(c.target.messageRequest(n%p.streams, mark(string(c.prefix), n)))
			}
		})
	}
	work.Wait()
	done.elapsed, done.maxDelay = time.Since(done.startedAt), time.Duration(late.Load())
	for _, ok := range done.acknowledged {
		if ok {
			done.count++
		}
	}
	return done, nil
}

// waitUntilDue sleeps until message n must be posted. It returns how long ago that time was when it was called, or 0 if
// the message was not late.
func waitUntilDue(p plan, n int, start time.Time) time.Duration {
	if p.burst > 0 {
		return 0
	}
	wait := time.Until(start.Add(time.Duration(float64(n) / p.rate * float64(time.Second))))
	time.Sleep(wait)
	return max(0, -wait)
}

// storeMax sets top to v if v is larger than the present value.
func storeMax(top *atomic.Int64, v int64) {
	for old := top.Load(); v > old; old = top.Load() {
		if top.CompareAndSwap(old, v) {
			return
		}
	}
}

// connection is an HTTP connection over which messages are posted.
type connection struct {
	addr   netip.AddrPort
	conn   net.Conn
	reader *bufio.Reader
}

func newConnection(to netip.AddrPort) (*connection, error) {
	l := &connection{addr: to}
	return l, l.dial()
}

func (l *connection) dial() (err error) {
	if l.conn, err = net.Dial("tcp", l.addr.String()); err == nil {
		l.reader = bufio.NewReader(l.conn)
	}
	return err
}

func (l *connection) close() { l.conn.Close() }

// post sends a request and reports whether the server accepted it. If the connection fails, it reports false and
// reconnects.
func (l *connection) post(request string) bool {
	status, err := l.roundTrip(request)
	if err != nil {
		l.conn.Close()
		if l.dial() != nil {
			return false // the next post reconnects again
		}
	}
	return err == nil && status < 400
}

func (l *connection) roundTrip(request string) (status int, err error) {
	l.conn.SetDeadline(time.Now().Add(responseTimeout))
	if _, err := io.WriteString(l.conn, request); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}
