package db

import (
	"context"
	"database/sql"
	"sync"

	"github.com/jmoiron/sqlx"

	"charla/chat"
)

// maxBatch is how many writes share a commit at most: enough to make the disk's price small, few enough that nobody
// waits long for strangers.
const maxBatch = 256

// batcher is SQLite's one writer. A commit costs a sync of the disk, so whoever waits while one runs shares the next:
// alone a write is as quick as ever, and a crowd pays once. There is no timer.
type batcher struct {
	pool *sqlx.DB
	work sync.WaitGroup

	mu      sync.Mutex // guards all below
	waiting []*job
	running bool // a goroutine commits what waits
	closed  bool
}

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
	for batch := b.next(); len(batch) > 0; batch = b.next() {
		b.commit(batch)
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

// commit runs a batch in one transaction and answers everybody in it.
func (b *batcher) commit(batch []*job) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := transact(ctx, b.pool, func(w writer) error {
		for _, j := range batch {
			if err := j.run(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
	for _, j := range batch {
		if err != nil {
			j.err = err
		}
		close(j.answered)
	}
}

// run does one job behind a savepoint, so that its failure undoes its own writes alone. It returns what spoils the
// whole batch.
func (j *job) run(ctx context.Context, w writer) error {
	if j.err = failure(j.ctx.Err()); j.err != nil {
		return nil
	}
	if _, err := w.exec(ctx, `SAVEPOINT job`); err != nil {
		return err
	}
	j.attempt(w)
	if j.err != nil || j.panicked != nil {
		if _, err := w.exec(ctx, `ROLLBACK TO job`); err != nil {
			return err
		}
	}
	_, err := w.exec(ctx, `RELEASE job`)
	return err
}

func (j *job) attempt(w writer) {
	defer func() { j.panicked = recover() }()
	j.err = j.f(w)
}
