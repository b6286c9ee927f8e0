package db

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"charla/chat"
)

// maxBatchWrites is how many writes share a commit at most: enough to make the disk's price small, few enough that nobody
// waits long for strangers.
const maxBatchWrites = 256

// groupCommitter is SQLite's one writer. A commit costs a sync of the disk, so whoever waits while one runs shares the next:
// alone a write is as quick as ever, and a crowd pays once. There is no timer.
type groupCommitter struct {
	pool       *sqlx.DB
	file       *dbFile
	observer   Observer // or nil
	goroutines sync.WaitGroup

	mu      sync.Mutex // guards all below
	queue   []*queuedWrite
	running bool // a goroutine commits what waits
	closed  bool

	isolateUntil time.Time // until then every write has a savepoint; for the committing goroutine alone
}

// isolationPeriod is how long after a failed write others are expected to fail.
const isolationPeriod = time.Second

// queuedWrite is a write that waits. Its answer comes after the commit, also when it is an error: what it saw of the writes
// before it in the batch counts only then.
type queuedWrite struct {
	ctx      context.Context
	fn       func(chat.Tx) error
	err      error
	panicked any
	done     chan struct{}
}

// do runs f in the next batch. A panic of f is the caller's own.
func (b *groupCommitter) do(ctx context.Context, f func(chat.Tx) error) error {
	j := &queuedWrite{ctx: ctx, fn: f, done: make(chan struct{})}
	if !b.enqueue(j) {
		return mapError(sql.ErrConnDone)
	}
	<-j.done
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

func (b *groupCommitter) enqueue(j *queuedWrite) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.queue = append(b.queue, j)
	if !b.running {
		b.running = true
		b.goroutines.Go(b.commitLoop)
	}
	return true
}

// close waits for what was given to do, and refuses more.
func (b *groupCommitter) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.goroutines.Wait()
}

func (b *groupCommitter) commitLoop() {
	runtime.Gosched()
	for batch := b.takeBatch(); len(batch) > 0; batch = b.takeBatch() {
		b.commitBatch(batch)
		runtime.Gosched()
	}
}

// takeBatch takes what waits; nothing ends the run.
func (b *groupCommitter) takeBatch() []*queuedWrite {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.queue), maxBatchWrites)
	batch := b.queue[:n:n]
	if b.queue = b.queue[n:]; len(b.queue) == 0 {
		b.queue = nil
	}
	b.running = n > 0
	return batch
}

// commitBatch runs a batch in one transaction and answers everybody in it. Where a write fails, the batch runs again with
// each behind a savepoint, and so do the batches of the next moment. A savepoint costs as much as a write, and few fail.
func (b *groupCommitter) commitBatch(batch []*queuedWrite) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	start := time.Now()
	run := (*queuedWrite).run
	if time.Now().Before(b.isolateUntil) {
		run = (*queuedWrite).runIsolated
	}
	err := b.runBatch(ctx, batch, run)
	if errors.Is(err, errWriteFailed) && len(batch) > 1 {
		b.isolateUntil = time.Now().Add(isolationPeriod)
		err = b.runBatch(ctx, batch, (*queuedWrite).runIsolated)
	}
	if b.observer != nil {
		b.observer.BatchCommitted(len(batch), time.Since(start))
	}
	for _, j := range batch {
		if err != nil && !errors.Is(err, errWriteFailed) {
			j.err = err
		}
		close(j.done)
	}
}

func (b *groupCommitter) runBatch(ctx context.Context, batch []*queuedWrite, run func(*queuedWrite, context.Context, writer) error) error {
	return runTx(ctx, b.pool, func(w writer) error {
		for _, j := range batch {
			if err := run(j, ctx, w); err != nil {
				return err
			}
		}
		if err := b.file.stillLinked(); err != nil {
			return chat.DatabaseUnavailable(err)
		}
		return nil
	})
}

// errWriteFailed undoes a batch in which a write failed. Its own answer stands in the job.
var errWriteFailed = errors.New("a write failed")

// run does one job. Its failure is the batch's.
func (j *queuedWrite) run(_ context.Context, w writer) (err error) {
	defer func() {
		if j.panicked = recover(); j.panicked != nil {
			err = errWriteFailed
		}
	}()
	if j.err = mapError(j.ctx.Err()); j.err == nil {
		j.err = j.fn(w)
	}
	if j.err != nil {
		return errWriteFailed
	}
	return nil
}

// runIsolated does one job behind a savepoint, so that its failure undoes its own writes alone. It returns what spoils the
// whole batch.
func (j *queuedWrite) runIsolated(ctx context.Context, w writer) error {
	if _, err := w.exec(ctx, `SAVEPOINT job`); err != nil {
		return err
	}
	if j.run(ctx, w) != nil {
		if _, err := w.exec(ctx, `ROLLBACK TO job`); err != nil {
			return err
		}
	}
	_, err := w.exec(ctx, `RELEASE job`)
	return err
}
