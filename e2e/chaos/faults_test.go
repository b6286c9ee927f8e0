package chaos

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// fault is something that may happen, and its end. Hints says that it only takes hints away: all else must work
// meanwhile.
type fault struct {
	name            string
	inject, recover func()
	hintsOnly       bool
}

// filterFaults leaves out what the flag does not name.
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

// endingReserve is what the last trouble, catching up, looking at all files and the sweep take.
const endingReserve = 8 * time.Second

// injectFaults brings one trouble after the other until the time is over. After each, and in those that only take hints away, it
// measures what is promised.
func (w *cluster) injectFaults(lasting time.Duration, keeper user, quiet conversation) {
	w.Helper()
	w.faultGroups = filterFaults(w.faultGroups)
	for time.Since(w.startedAt) < lasting-endingReserve && !w.Failed() {
		now := []fault{pick(w.random, pick(w.random, w.faultGroups))}
		if second := pick(w.random, pick(w.random, w.faultGroups)); second.hintsOnly && !now[0].hintsOnly && w.random.intN(2) == 0 {
			now = append(now, second)
		}
		w.runFault(now, keeper, quiet)
		w.measureDelays("after", keeper, quiet)
		sleep(w.Context(), w.random.millis(100, 1000)) // all is well
	}
}

func (w *cluster) runFault(now []fault, keeper user, quiet conversation) {
	w.Helper()
	f := faultRecord{Start: time.Now()}
	for _, t := range now {
		f.Name += t.name + ". "
		t.inject()
	}
	if now[0].hintsOnly {
		w.measureDelays("without NATS", keeper, quiet)
	} else {
		sleep(w.Context(), w.random.millis(200, w.maxFaultMillis))
	}
	for _, t := range slices.Backward(now) {
		t.recover()
	}
	w.waitUntilReady()
	f.End = time.Now()
	w.Logf("%s %s%v", f.Start.Format(clockFormat), f.Name, f.End.Sub(f.Start).Round(time.Millisecond))
	w.faults = append(w.faults, f)
}

// What is promised, three times: others see a message within 5 s, who is logged out or taken out sees nothing after 2 s.
const seenWithin = 15 * time.Second

// measureDelays takes the time until what is done on one node is done on all.
func (w *cluster) measureDelays(when string, keeper user, quiet conversation) {
	w.Helper()
	var posted op
	for posted.Outcome != succeeded && w.Context().Err() == nil {
		body := w.uniqueText(keeper)
		posted = w.retry(func(n *node) op { return w.post(keeper, n, quiet, "key "+body, body, "") })
	}
	w.waitWithin(seenWithin, when+", a message is seen on all nodes", posted.End, w.onEveryNode(func(r *reader) bool { return r.showsMessage(posted.Seq) }))
	w.measureRevocation(when, "logout", generalRoom, pick(w.random, w.sessionEnds(keeper)))
	w.measureRevocation(when, "gone", quiet, sessionEnd{"a removal", func() (user, func(n *node) op) {
		p := w.nextUser()
		w.retry(func(n *node) op { return w.join(keeper, p, n, quiet.room) })
		return p, func(n *node) op { return w.leave(keeper, p, n, quiet.room) }
	}})
}

// measureRevocation opens streams of somebody on every node, does what ends them, and takes the time.
func (w *cluster) measureRevocation(when, told string, in conversation, e sessionEnd) {
	w.Helper()
	what := fmt.Sprintf("%s, %s ends streams on all nodes", when, e.name)
	p, end := e.prepare()
	var streams []*reader
	for _, n := range w.nodes {
		r := w.openReader(&reader{name: "reader to be ended", user: p, conversation: in, node: n})
		defer r.stop()
		streams = append(streams, r)
	}
	if !eventually(seenWithin, allReaders(streams, (*reader).wasOpen)) {
		w.Errorf("%s: the streams do not open", what)
		return
	}
	w.waitWithin(revokedWithin, what, w.retry(end).End, allReaders(streams, func(r *reader) bool { return r.received(told) }))
}

func allReaders(readers []*reader, holds func(*reader) bool) func() bool {
	return func() bool { return !slices.ContainsFunc(readers, func(r *reader) bool { return !holds(r) }) }
}

// onEveryNode is whether something holds for the reader of each node.
func (w *cluster) onEveryNode(holds func(*reader) bool) func() bool {
	return allReaders(w.readersWhere(func(r *reader) bool { return r.node != nil && r.stayed }), holds)
}

// waitWithin waits until a condition holds, and notes how long after the beginning it did.
func (w *cluster) waitWithin(bound time.Duration, what string, begun time.Time, holds func() bool) {
	w.Helper()
	if !eventually(bound-time.Since(begun), holds) {
		w.Errorf("%s: not within %v", what, bound)
	}
	w.delays[what] = append(w.delays[what], time.Since(begun))
}
