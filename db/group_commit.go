package db

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"time"

	"charla/chat"
)

// maxBatchWrites is how many transactions may share a commit: enough to spread the cost of a disk sync, and few enough
// that none of them waits long.
const maxBatchWrites = 256

// isolationPeriod is how long every batch runs with savepoints after a transaction has failed.
const isolationPeriod = time.Second

// groupCommitter runs all writes on SQLite. A commit costs a sync of the disk, so transactions that arrive while a
// commit runs share the next one. There is no timer: a single transaction starts at once.
type groupCommitter struct {
	runTx      func(context.Context, func(writer) error) error
	file       *dbFile
	observer   Observer // may be nil
	goroutines sync.WaitGroup

	mu      sync.Mutex // guards all below
	queue   []*queuedWrite
	running bool // commitLoop runs
	closed  bool

	isolateUntil time.Time // see commitBatch; used by commitLoop only
}

// queuedWrite is a transaction that waits for its turn. Its caller gets the result, even an error, only after the
// commit of the batch. The error may depend on what the function read from earlier writes of the batch, and these may
// still be rolled back.
type queuedWrite struct {
	ctx      context.Context
	fn       func(chat.Tx) error
	err      error
	panicked any
	done     chan struct{}
}

// do runs f in the next batch and returns its error. A panic in f is re-raised in the caller.
func (c *groupCommitter) do(ctx context.Context, f func(chat.Tx) error) error {
	write := &queuedWrite{ctx: ctx, fn: f, done: make(chan struct{})}
	if !c.enqueue(write) {
		return mapError("write to a closed database", sql.ErrConnDone)
	}
	<-write.done
	if write.panicked != nil {
		panic(write.panicked)
	}
	return write.err
}

// enqueue adds a write to the queue and starts commitLoop if it is not running. It returns false if the committer is
// closed.
func (c *groupCommitter) enqueue(write *queuedWrite) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.queue = append(c.queue, write)
	if !c.running {
		c.running = true
		c.goroutines.Go(c.commitLoop)
	}
	return true
}

// close refuses new writes and waits for all queued ones.
func (c *groupCommitter) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.goroutines.Wait()
}

// commitLoop commits batches until the queue is empty. Before each batch it lets other goroutines run, so that those
// that are about to write join the batch.
func (c *groupCommitter) commitLoop() {
	runtime.Gosched()
	for batch := c.takeBatch(); len(batch) > 0; batch = c.takeBatch() {
		c.commitBatch(batch)
		runtime.Gosched()
	}
}

// takeBatch removes the next batch from the queue and returns it. It returns nil if the queue is empty; commitLoop must
// then end.
func (c *groupCommitter) takeBatch() []*queuedWrite {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.queue), maxBatchWrites)
	batch := c.queue[:n:n]
	if c.queue = c.queue[n:]; len(c.queue) == 0 {
		c.queue = nil
	}
	c.running = n > 0
	return batch
}

// commitBatch runs a batch in one transaction and completes its writes. If a write fails, the whole batch runs again
// with a savepoint before each write, and so do the batches of the next isolationPeriod. A savepoint costs as much as a
// write, and failures are rare, so savepoints are not the default.
func (c *groupCommitter) commitBatch(batch []*queuedWrite) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	start := time.Now()
	run := (*queuedWrite).run
	if start.Before(c.isolateUntil) {
		run = (*queuedWrite).runIsolated
	}
	err := c.runBatch(ctx, batch, run)
	if errors.Is(err, errWriteFailed) && len(batch) > 1 {
		c.isolateUntil = time.Now().Add(isolationPeriod)
		err = c.runBatch(ctx, batch, (*queuedWrite).runIsolated)
	}
	if c.observer != nil {
		c.observer.BatchCommitted(len(batch), time.Since(start))
	}
	for _, write := range batch {
		if err != nil && !errors.Is(err, errWriteFailed) {
			write.err = err
		}
		close(write.done)
	}
}

func (c *groupCommitter) runBatch(ctx context.Context, batch []*queuedWrite,
	run func(*queuedWrite, context.Context, writer) error) error {
	return c.runTx(ctx, func(w writer) error {
		for _, write := range batch {
			if err := run(write, ctx, w); err != nil {
				return err
			}
		}
		if err := c.file.checkLinked(); err != nil {
			return chat.DatabaseUnavailable(err)
		}
		return nil
	})
}

// errWriteFailed rolls back a batch in which a write failed. The error of that write is in its queuedWrite.
var errWriteFailed = errors.New("a write failed")

// run executes one write and keeps its error for the caller. If the write fails, run returns errWriteFailed and the
// whole batch must be rolled back.
func (q *queuedWrite) run(_ context.Context, w writer) (err error) {
	defer func() {
		if q.panicked = recover(); q.panicked != nil {
			err = errWriteFailed
		}
	}()
	if q.err = mapError("start write", q.ctx.Err()); q.err == nil {
		q.err = q.fn(w)
	}
	if q.err != nil {
		return errWriteFailed
	}
	return nil
}

// runIsolated executes one write after a savepoint, so that its failure rolls back only its own changes. It returns an
// error only if the whole batch must be rolled back.
func (q *queuedWrite) runIsolated(ctx context.Context, w writer) error {
	if _, err := w.exec(ctx, "create savepoint", `SAVEPOINT queued_write`); err != nil {
		return err
	}
	if q.run(ctx, w) != nil {
		if _, err := w.exec(ctx, "roll back to savepoint", `ROLLBACK TO queued_write`); err != nil {
			return err
		}
	}
	_, err := w.exec(ctx, "release savepoint", `RELEASE queued_write`)
	return err
}
