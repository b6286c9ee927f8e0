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

// maxBatch is how many writes share a commit at most: enough to make the disk's price small, few enough that nobody
// waits long for strangers.
const maxBatch = 256

// batcher is SQLite's one writer. A commit costs a sync of the disk, so whoever waits while one runs shares the next:
// alone a write is as quick as ever, and a crowd pays once. There is no timer.
type batcher struct {
	pool    *sqlx.DB
	file    *original
	watcher Watcher // or nil
	work    sync.WaitGroup

	mu      sync.Mutex // guards all below
	waiting []*job
	running bool // a goroutine commits what waits
	closed  bool

	wary time.Time // until then every write has a savepoint; for the committing goroutine alone
}

// wariness is how long after a failed write others are expected to fail.
const wariness = time.Second

// job is a write that waits. Its answer comes after the commit, also when it is an error: what it saw of the writes
// before it in the batch counts only then.
type job struct {
	ctx      context.Context
	f        func(chat.Tx) error
	err      error
	panicked any
	answered chan struct{}
}

// do runs f in the next batch. A panic of f is the caller's own.
func (b *batcher) do(ctx context.Context, f func(chat.Tx) error) error {
	j := &job{ctx: ctx, f: f, answered: make(chan struct{})}
	if !b.add(j) {
		return failure(sql.ErrConnDone)
	}
	<-j.answered
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

func (b *batcher) add(j *job) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.waiting = append(b.waiting, j)
	if !b.running {
		b.running = true
		b.work.Go(b.run)
	}
	return true
}

// close waits for what was given to do, and refuses more.
func (b *batcher) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.work.Wait()
}

func (b *batcher) run() {
	runtime.Gosched()
	for batch := b.next(); len(batch) > 0; batch = b.next() {
		b.commit(batch)
		runtime.Gosched()
	}
}

// next takes what waits; nothing ends the run.
func (b *batcher) next() []*job {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), maxBatch)
	batch := b.waiting[:n:n]
	if b.waiting = b.waiting[n:]; len(b.waiting) == 0 {
		b.waiting = nil
	}
	b.running = n > 0
	return batch
}

// commit runs a batch in one transaction and answers everybody in it. Where a write fails, the batch runs again with
// each behind a savepoint, and so do the batches of the next moment. A savepoint costs as much as a write, and few fail.
func (b *batcher) commit(batch []*job) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	start := time.Now()
	run := (*job).attempt
	if time.Now().Before(b.wary) {
		run = (*job).apart
	}
	err := b.together(ctx, batch, run)
	if errors.Is(err, errFailed) && len(batch) > 1 {
		b.wary = time.Now().Add(wariness)
		err = b.together(ctx, batch, (*job).apart)
	}
	if b.watcher != nil {
		b.watcher.Committed(len(batch), time.Since(start))
	}
	for _, j := range batch {
		if err != nil && !errors.Is(err, errFailed) {
			j.err = err
		}
		close(j.answered)
	}
}

func (b *batcher) together(ctx context.Context, batch []*job, run func(*job, context.Context, writer) error) error {
	return transact(ctx, b.pool, func(w writer) error {
		for _, j := range batch {
			if err := run(j, ctx, w); err != nil {
				return err
			}
		}
		if err := b.file.inPlace(); err != nil {
			return chat.Unreachable(err)
		}
		return nil
	})
}

// errFailed undoes a batch in which a write failed. Its own answer stands in the job.
var errFailed = errors.New("a write failed")

// attempt does one job. Its failure is the batch's.
func (j *job) attempt(_ context.Context, w writer) (err error) {
	defer func() {
		if j.panicked = recover(); j.panicked != nil {
			err = errFailed
		}
	}()
	if j.err = failure(j.ctx.Err()); j.err == nil {
		j.err = j.f(w)
	}
	if j.err != nil {
		return errFailed
	}
	return nil
}

// apart does one job behind a savepoint, so that its failure undoes its own writes alone. It returns what spoils the
// whole batch.
func (j *job) apart(ctx context.Context, w writer) error {
	if _, err := w.exec(ctx, `SAVEPOINT job`); err != nil {
		return err
	}
	if j.attempt(ctx, w) != nil {
		if _, err := w.exec(ctx, `ROLLBACK TO job`); err != nil {
			return err
		}
	}
	_, err := w.exec(ctx, `RELEASE job`)
	return err
}
