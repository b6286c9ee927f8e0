package images

import (
	"context"
	"runtime"
	"sync"
	"time"

	"charla/chat"
)

// The limits of all pictures that are processed at the same time: their number, and the memory in bytes that they may
// use together. Every picture states how much memory it needs before it allocates any.
const (
	maxConcurrent = 2
	maxMemory     = 64 << 20
)

// slotTimeout is how long a picture waits while other pictures use the budget. In this time about twenty of the largest
// pictures are processed. Afterwards there must be time to process the picture before the connection is closed, which
// is 30 seconds after the last byte of an upload (TransferTimeouts in the package web). Tests shorten it.
var slotTimeout = 20 * time.Second

// memory is the budget of all pictures.
var memory = &budget{changed: make(chan struct{})}

// budget counts the pictures that are being processed, and the bytes that they have reserved.
type budget struct {
	mu       sync.Mutex // guards all below
	pictures int
	bytes    int64
	peak     int64         // the highest value of bytes so far
	changed  chan struct{} // closed and replaced when a picture is done
}

// collectAbove is a number of bytes. After a picture that needed more, the garbage collector runs, so that the memory
// is free before the next picture needs its own.
const collectAbove = 16 << 20

// acquire waits until a picture that needs a number of bytes may be processed, and reserves them. The caller must call
// release when it is done. acquire returns errNeedsMemory if the picture needs more than the whole budget, and
// Unavailable if it has waited for slotTimeout.
func (b *budget) acquire(ctx context.Context, bytes int64) (release func(), err error) {
	if bytes > maxMemory {
		return nil, errNeedsMemory
	}
	timeout := time.NewTimer(slotTimeout)
	defer timeout.Stop()
	for {
		changed, ok := b.tryAcquire(bytes)
		if ok {
			return func() { b.release(bytes) }, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timeout.C:
			return nil, &chat.Error{
				Code: chat.Unavailable, RetryAfter: slotTimeout,
				Format: "Too many pictures are being processed right now. Try again in a moment.",
			}
		}
	}
}

// tryAcquire reserves bytes for a picture if the budget allows it. Otherwise it returns a channel that is closed when
// the budget has changed.
func (b *budget) tryAcquire(bytes int64) (changed <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pictures == maxConcurrent || b.bytes+bytes > maxMemory {
		return b.changed, false
	}
	b.pictures++
	b.bytes += bytes
	b.peak = max(b.peak, b.bytes)
	return nil, true
}

func (b *budget) release(bytes int64) {
	if bytes > collectAbove {
		runtime.GC()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pictures--
	b.bytes -= bytes
	close(b.changed)
	b.changed = make(chan struct{})
}
