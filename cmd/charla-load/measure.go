//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// result is what one server did under a plan.
type result struct {
	name      string
	prefix    string
	frame     []byte // one message as it came
	streams   int
	opened    time.Duration
	rest      int     // resident KB before the streams
	perStream float64 // resident KB
	idle      float64 // share of a core

	posts     posting
	expected  int64
	arrived   int64
	missing   int64
	doubled   int64
	cut       int64
	bytes     int64
	latencies []time.Duration // sorted
	delivered time.Duration   // from the first POST to the last delivery
	cpuToLast time.Duration   // the server's, until about the last delivery
	cpu       time.Duration   // the server's, until it was quiet again
	ownCPU    time.Duration   // this program's
	writes    int64           // the server's calls of write(2), until it was quiet again
}

// arriveWithin is how long deliveries may stand still before the rest counts as missing.
const arriveWithin = 5 * time.Second

// measure opens the streams, watches them idle, posts and counts. An empty prefix is drawn.
func measure(p plan, to target, prefix string) (result, error) {
	if prefix == "" {
		prefix = newPrefix()
	}
	r := result{name: to.name, prefix: prefix, streams: p.streams}
	c, err := newCrowd(p, to, prefix)
	if err != nil {
		return r, err
	}
	err = r.watch(p, c)
	if err == nil && p.messages() > 0 {
		err = r.load(p, c)
	}
	c.close()
	r.tally(p, c)
	return r, err
}

// watch opens the streams and sees what they cost while nobody speaks.
func (r *result) watch(p plan, c *crowd) error {
	rest, err := quiet(c.target.pid)
	if err != nil {
		return err
	}
	if r.opened, err = c.openAll(); err != nil {
		return err
	}
	before, err := quiet(c.target.pid)
	if err != nil {
		return err
	}
	time.Sleep(p.idle)
	after, err := usageOf(c.target.pid)
	if p.idle > 0 {
		r.idle = float64(after.cpu-before.cpu) / float64(p.idle)
	}
	r.rest, r.perStream = rest.resident, float64(after.resident-rest.resident)/float64(p.streams)
	return err
}

// load posts, waits until everything arrived or nothing more comes, and then until the server is quiet.
func (r *result) load(p plan, c *crowd) (err error) {
	before, err := usageOf(c.target.pid)
	if err != nil {
		return err
	}
	own, _ := usageOf(os.Getpid())
	bytes := c.bytes.Load()
	if r.posts, err = c.postAll(p); err != nil {
		return err
	}
	r.expected = int64(r.posts.count) * int64(p.readers())
	c.arriveAll(r.expected)
	r.bytes = c.bytes.Load() - bytes
	atLast, err := usageOf(c.target.pid)
	if err != nil {
		return err
	}
	ownAfter, _ := usageOf(os.Getpid())
	after, err := quiet(c.target.pid)
	r.cpuToLast, r.cpu, r.ownCPU = atLast.cpu-before.cpu, after.cpu-before.cpu, ownAfter.cpu-own.cpu
	r.writes = after.writes - before.writes
	return err
}

// arriveAll waits for so many deliveries, as long as some still come.
func (c *crowd) arriveAll(expected int64) {
	for {
		before := c.arrived.Load()
		if await(arriveWithin, func() bool { return c.arrived.Load() >= expected }) || c.arrived.Load() == before {
			return
		}
	}
}

// tally compares what was acknowledged with what each stream got. The crowd is closed.
func (r *result) tally(p plan, c *crowd) {
	for n, ok := range r.posts.acknowledged {
		if !ok {
			continue
		}
		if p.pairs {
			from := n % p.streams
			r.missing += lacks(c.streams[from:from+1], n) + lacks(c.streams[mate(from):mate(from)+1], n)
		} else {
			r.missing += lacks(c.streams, n)
		}
	}
	r.arrived, r.doubled, r.cut, r.frame = c.arrived.Load(), c.doubled.Load(), c.cut.Load(), c.example.frame
	r.latencies = c.latencies
	slices.Sort(r.latencies)
	if last := c.lastAt.Load(); last > 0 {
		r.delivered = time.Unix(0, last).Sub(r.posts.began)
	}
}

func lacks(streams []stream, n int) (missing int64) {
	for i := range streams {
		if !streams[i].got.has(n) {
			missing++
		}
	}
	return missing
}

// verdict is an error where a promise was broken.
func (r result) verdict() error {
	failed := len(r.posts.acknowledged) - r.posts.count
	if r.missing+r.doubled+r.cut > 0 || failed > 0 {
		return fmt.Errorf("%d deliveries missing, %d doubled, %d streams cut, %d posts refused", r.missing, r.doubled, r.cut, failed)
	}
	return nil
}

// percentile of sorted latencies.
func percentile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}
