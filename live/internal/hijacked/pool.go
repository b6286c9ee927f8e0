package hijacked

import (
	"runtime"
	"sync"
)

// Pool writes to hijacked connections. While there is something to write, it runs at most one writer goroutine per
// processor. Otherwise it runs none.
type Pool struct {
	start       func(func())
	tryGo       func(func()) bool
	disconnects disconnectWatcher

	mu      sync.Mutex // guards all below
	ready   []*Conn    // connections whose streams have something to write
	writers int        // running writer goroutines
}

// NewPool returns a pool without connections. start and tryGo run a function on a new goroutine. start always does; the
// pool uses it for goroutines that write. tryGo returns true if it started the function, and false, without starting
// it, once the owner of the pool has shut down.
func NewPool(start func(func()), tryGo func(func()) bool) *Pool {
	return &Pool{start: start, tryGo: tryGo}
}

// Queued returns the number of connections that wait for a writer.
func (p *Pool) Queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ready)
}

// enqueue adds c to the connections that wait for a writer. It starts a writer if fewer than one per processor are
// running.
func (p *Pool) enqueue(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = append(p.ready, c)
	if p.writers < runtime.GOMAXPROCS(0) {
		p.writers++
		p.start(p.write)
	}
}

// maxBatch is how many connections a writer takes at a time. It is large enough that writers seldom compete for the
// lock, and small enough that they share the work evenly.
const maxBatch = 32

// write is the loop of one writer: it flushes connections until none is ready.
func (p *Pool) write() {
	var batch [maxBatch]*Conn
	var scratch []byte
	for n := p.takeBatch(batch[:]); n > 0; n = p.takeBatch(batch[:]) {
		for _, c := range batch[:n] {
			c.flush(&scratch)
		}
	}
}

// takeBatch moves waiting connections into batch and returns their number. If it returns 0, the calling writer must
// stop, because the pool no longer counts it as running.
func (p *Pool) takeBatch(batch []*Conn) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := copy(batch, p.ready)
	p.ready = p.ready[n:]
	if n == 0 {
		p.ready = nil
		p.writers--
	}
	return n
}
