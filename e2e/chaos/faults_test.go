package chaos

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// fault is something that can be injected, and its end. hintsOnly means that it only takes away the hints between
// nodes: everything else must work meanwhile.
type fault struct {
	name            string
	inject, recover func()
	hintsOnly       bool
}

// filterFaults returns the faults whose names match the flag -fault.
func filterFaults(weather [][]fault) (left [][]fault) {
	named := regexp.MustCompile(*faultPattern)
	for _, list := range weather {
		list = slices.DeleteFunc(list, func(t fault) bool { return !named.MatchString(t.name) })
		if len(list) > 0 {
			left = append(left, list)
		}
	}
	return left
}

// maxProvingTime is how much longer than planned a run may take until it has proved something about every kind of
// request. Starting the nodes and the users takes longer on a slow machine, and so does every request.
const maxProvingTime = 90 * time.Second

// injectFaults injects faults one after the other until the time is over and every kind of request was acknowledged. It
// measures the promised delays after each fault, and during faults that only take away hints.
func (c *cluster) injectFaults(lasting time.Duration, owner user, quiet conversation) {
	c.Helper()
	c.faultGroups = filterFaults(c.faultGroups)
	startedAt := time.Now()
	for !c.Failed() {
		elapsed := time.Since(startedAt)
		if elapsed > lasting && (len(c.unprovedKinds()) == 0 || elapsed > lasting+maxProvingTime) {
			return
		}
		now := []fault{pick(c.random, pick(c.random, c.faultGroups))}
		if second := pick(c.random, pick(c.random, c.faultGroups)); second.hintsOnly && !now[0].hintsOnly &&
			c.random.intN(2) == 0 {
			now = append(now, second)
		}
		c.runFault(now, owner, quiet)
		c.measureDelays("after", owner, quiet)
		sleep(c.Context(), c.random.millis(100, 1000)) // without a fault
	}
}

// runFault injects faults, ends them in reverse order, and waits until all nodes are ready.
func (c *cluster) runFault(now []fault, owner user, quiet conversation) {
	c.Helper()
	f := faultRecord{Start: time.Now()}
	for _, t := range now {
		f.Name += t.name + ". "
		t.inject()
	}
	if now[0].hintsOnly {
		c.measureDelays("without NATS", owner, quiet)
	} else {
		sleep(c.Context(), c.random.millis(200, c.maxFaultMillis))
	}
	for _, t := range slices.Backward(now) {
		t.recover()
	}
	c.waitUntilReady()
	f.End = time.Now()
	c.Logf("%s %s%v", f.Start.Format(clockFormat), f.Name, f.End.Sub(f.Start).Round(time.Millisecond))
	c.faults = append(c.faults, f)
}

// seenWithin is three times the promised 5 s in which others see a message.
const seenWithin = 15 * time.Second

// measureDelays measures how long it takes until a change on one node is effective on all.
func (c *cluster) measureDelays(when string, owner user, quiet conversation) {
	c.Helper()
	var posted op
	for posted.Outcome != succeeded && c.Context().Err() == nil {
		body := c.uniqueText(owner)
		posted = c.retry(func(n *node) op { return c.post(owner, n, quiet, "key "+body, body, "") })
	}
	c.waitWithin(seenWithin, when+", a message is seen on all nodes", posted.End,
		c.onEveryNode(func(r *reader) bool { return r.showsMessage(posted.Seq) }))
	c.measureRevocation(when, "logout", generalRoom, pick(c.random, c.sessionEnds(owner)))
	c.measureRevocation(when, "gone", quiet, sessionEnd{"a removal", func() (user, func(n *node) op) {
		p := c.nextUser()
		c.retry(func(n *node) op { return c.join(owner, p, n, quiet.room) })
		return p, func(n *node) op { return c.leave(owner, p, n, quiet.room) }
	}})
}

// measureRevocation opens streams of a user on every node, ends their session or membership, and measures how long it
// takes until all streams have ended.
func (c *cluster) measureRevocation(when, event string, in conversation, e sessionEnd) {
	c.Helper()
	what := fmt.Sprintf("%s, %s ends streams on all nodes", when, e.name)
	p, end := e.prepare()
	var streams []*reader
	for _, n := range c.nodes {
		r := c.openReader(&reader{name: "reader to be ended", user: p, conversation: in, node: n})
		defer r.stop()
		streams = append(streams, r)
	}
	if !eventually(seenWithin, allReaders(streams, (*reader).wasOpen)) {
		c.Errorf("%s: the streams did not open", what)
		return
	}
	c.waitWithin(revokedWithin, what, c.retry(end).End,
		allReaders(streams, func(r *reader) bool { return r.received(event) }))
}

// allReaders returns a function that reports whether a condition holds for all readers.
func allReaders(readers []*reader, holds func(*reader) bool) func() bool {
	return func() bool { return !slices.ContainsFunc(readers, func(r *reader) bool { return !holds(r) }) }
}

// onEveryNode returns a function that reports whether a condition holds for the reader that is bound to each node.
func (c *cluster) onEveryNode(holds func(*reader) bool) func() bool {
	return allReaders(c.readersWhere(func(r *reader) bool { return r.node != nil && r.stayed }), holds)
}

// waitWithin waits until a condition holds, and records the time since begun.
func (c *cluster) waitWithin(bound time.Duration, what string, begun time.Time, holds func() bool) {
	c.Helper()
	if !eventually(bound-time.Since(begun), holds) {
		c.Errorf("%s: not within %v", what, bound)
	}
	c.delays[what] = append(c.delays[what], time.Since(begun))
}

// randomCuts returns a function that cuts streams and downloads often, and other responses now and then, after a random
// number of bytes.
func (c *cluster) randomCuts(name string) func([]byte) (int, bool) {
	d := c.newRandom(name)
	return func(request []byte) (int, bool) {
		switch {
		case bytes.HasPrefix(request, []byte("GET /events")):
			return d.intN(12_000), d.intN(2) == 0
		case bytes.HasPrefix(request, []byte("GET /files/")):
			return d.intN(60_000), d.intN(10) == 0
		}
		return d.intN(600), d.intN(25) == 0
	}
}
