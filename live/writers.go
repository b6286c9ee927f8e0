package live

import (
	"runtime"
	"sync"
)

// writers write to detached streams: as many goroutines as there are processors while there is something to write, none
// otherwise.
type writers struct {
	work *sync.WaitGroup // of the hub

	mu      sync.Mutex // guards all below
	ready   []*detached
	running int
}

// push asks for a stream to be flushed.
func (w *writers) push(d *detached) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = append(w.ready, d)
	if w.running < runtime.GOMAXPROCS(0) {
		w.running++
		w.work.Go(w.drain)
	}
}

// maxTurn is how many streams a writer takes at a time: enough to seldom meet at the lock, few enough to share well.
const maxTurn = 32

func (w *writers) drain() {
	var turn [maxTurn]*detached
	var buffer []byte
	for n := w.next(turn[:]); n > 0; n = w.next(turn[:]) {
		for _, d := range turn[:n] {
			if !guard("stream", func() { buffer = d.flush(buffer) }) {
				d.close()
			}
		}
	}
}

// waiting counts the streams that no writer has taken yet.
func (w *writers) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ready)
}

// next takes streams; when there are none, the writer's work is over.
func (w *writers) next(turn []*detached) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := copy(turn, w.ready)
	if w.ready = w.ready[n:]; n == 0 {
		w.ready = nil
		w.running--
	}
	return n
}
