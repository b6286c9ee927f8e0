package live

import (
	"runtime"
	"sync"
)

// writerPool write to detached streams: as many goroutines as there are processors while there is something to write, none
// otherwise.
type writerPool struct {
	goroutines *sync.WaitGroup // of the hub

	mu      sync.Mutex // guards all below
	ready   []*hijackedStream
	running int
}

// enqueue asks for a stream to be flushed.
func (w *writerPool) enqueue(d *hijackedStream) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = append(w.ready, d)
	if w.running < runtime.GOMAXPROCS(0) {
		w.running++
		w.goroutines.Go(w.run)
	}
}

// maxBatch is how many streams a writer takes at a time: enough to seldom meet at the lock, few enough to share well.
const maxBatch = 32

func (w *writerPool) run() {
	var turn [maxBatch]*hijackedStream
	var buffer []byte
	for n := w.takeBatch(turn[:]); n > 0; n = w.takeBatch(turn[:]) {
		for _, d := range turn[:n] {
			if !recoverPanic("stream", func() { buffer = d.flush(buffer) }) {
				d.close()
			}
		}
	}
}

// queued counts the streams that no writer has taken yet.
func (w *writerPool) queued() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ready)
}

// takeBatch takes streams; when there are none, the writer's work is over.
func (w *writerPool) takeBatch(turn []*hijackedStream) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := copy(turn, w.ready)
	if w.ready = w.ready[n:]; n == 0 {
		w.ready = nil
		w.running--
	}
	return n
}
