//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// result holds the measurements of one server.
type result struct {
	name         string
	prefix       string
	frame        []byte // the bytes of one message event
	streams      int
	openTime     time.Duration
	restingRSS   int     // KB, before the streams are opened
	rssPerStream float64 // KB
	idleCPU      float64 // share of a core

	posts        postResults
	expected     int64
	deliveries   int64
	missing      int64
	duplicates   int64
	disconnected int64
	bytes        int64
	latencies    []time.Duration // from the POST, sorted
	sinceDue     []time.Duration // latencies from the moment at which the message was due, sorted
	deliveryTime time.Duration   // from the first POST to the last delivery
	cpuToLast    time.Duration   // of the server, until about the last delivery
	cpu          time.Duration   // of the server, until it was idle again
	ownCPU       time.Duration   // of this program
	writes       int64           // calls of write(2) by the server, until it was idle again
}

// deliveryTimeout is how long the program waits for the next message to arrive. After this time it counts all messages
// that have not arrived as lost.
const deliveryTimeout = 5 * time.Second

// measure runs a plan against a server: it opens the streams, measures the server while nothing is posted, posts the
// messages and counts the deliveries. Every posted text contains a mark, a string that identifies the message. All
// marks begin with the given prefix, or with a random one if it is empty.
func measure(p plan, to target, prefix string) (result, error) {
	if prefix == "" {
		prefix = newPrefix()
	}
	r := result{name: to.name, prefix: prefix, streams: p.streams}
	c, err := newStreamGroup(p, to, prefix)
	if err != nil {
		return r, err
	}
	err = r.measureIdle(p, c)
	if err == nil && p.messages() > 0 {
		err = r.measureLoad(p, c)
	}
	c.close()
	r.tally(p, c)
	return r, err
}

// measureIdle opens the streams and measures the memory and the CPU time that they cost the server while nothing is
// posted.
func (r *result) measureIdle(p plan, c *streamGroup) error {
	rest, err := waitForIdle(c.target.pid)
	if err != nil {
		return err
	}
	if r.openTime, err = c.openAll(); err != nil {
		return err
	}
	before, err := waitForIdle(c.target.pid)
	if err != nil {
		return err
	}
	time.Sleep(p.idle)
	after, err := readUsage(c.target.pid)
	if p.idle > 0 {
		r.idleCPU = float64(after.cpu-before.cpu) / float64(p.idle)
	}
	r.restingRSS, r.rssPerStream = rest.resident, float64(after.resident-rest.resident)/float64(p.streams)
	return err
}

// measureLoad posts the messages and waits until all have arrived, or until no more arrive. Then it waits until the
// server is idle, and records what resources the server has used.
func (r *result) measureLoad(p plan, c *streamGroup) (err error) {
	before, err := readUsage(c.target.pid)
	if err != nil {
		return err
	}
	own, _ := readUsage(os.Getpid())
	bytes := c.bytes.Load()
	if r.posts, err = c.postAll(p); err != nil {
		return err
	}
	r.expected = int64(r.posts.count) * int64(p.readers())
	c.waitForDeliveries(r.expected)
	r.bytes = c.bytes.Load() - bytes
	atLast, err := readUsage(c.target.pid)
	if err != nil {
		return err
	}
	ownAfter, _ := readUsage(os.Getpid())
	after, err := waitForIdle(c.target.pid)
	r.cpuToLast, r.cpu, r.ownCPU = atLast.cpu-before.cpu, after.cpu-before.cpu, ownAfter.cpu-own.cpu
	r.writes = after.writes - before.writes
	return err
}

// waitForDeliveries returns when the expected number of messages has arrived, or when none has arrived for
// deliveryTimeout.
func (c *streamGroup) waitForDeliveries(expected int64) {
	for {
		before := c.delivered.Load()
		if waitUntil(deliveryTimeout, func() bool { return c.delivered.Load() >= expected }) {
			return
		}
		if c.delivered.Load() == before {
			return
		}
	}
}

// tally counts the messages that the server accepted but some stream did not receive, and those that a stream received
// twice. The stream group must be closed.
func (r *result) tally(p plan, c *streamGroup) {
	for n, ok := range r.posts.acknowledged {
		if !ok {
			continue
		}
		if p.pairs {
			from := n % p.streams
			to := partner(from)
			r.missing += countMissing(c.streams[from:from+1], n) + countMissing(c.streams[to:to+1], n)
		} else {
			r.missing += countMissing(c.streams, n)
		}
	}
	r.deliveries, r.duplicates = c.delivered.Load(), c.duplicates.Load()
	r.disconnected, r.frame = c.disconnected.Load(), c.sample.frame
	r.latencies, r.sinceDue = c.latencies, c.sinceDue
	slices.Sort(r.latencies)
	slices.Sort(r.sinceDue)
	if last := c.lastDeliveryAt.Load(); last > 0 {
		r.deliveryTime = time.Unix(0, last).Sub(r.posts.startedAt)
	}
}

func countMissing(streams []stream, n int) (missing int64) {
	for i := range streams {
		if !streams[i].received.has(n) {
			missing++
		}
	}
	return missing
}

// verdict returns an error if a message was lost, duplicated or refused, or a stream was closed.
func (r result) verdict() error {
	failed := len(r.posts.acknowledged) - r.posts.count
	if r.missing+r.duplicates+r.disconnected > 0 || failed > 0 {
		return fmt.Errorf("%d deliveries missing, %d doubled, %d streams cut, %d posts refused",
			r.missing, r.duplicates, r.disconnected, failed)
	}
	return nil
}

// percentile returns the duration that the given share of all durations does not exceed. The share is between 0 and 1.
func percentile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}
