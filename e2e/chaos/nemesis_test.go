package chaos

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// trouble is something that may happen, and its end. Hints says that it only takes hints away: all else must work
// meanwhile.
type trouble struct {
	what          string
	inflict, heal func()
	hints         bool
}

// forecast leaves out what the flag does not name.
func forecast(weather [][]trouble) (left [][]trouble) {
	named := regexp.MustCompile(*only)
	for _, list := range weather {
		list = slices.DeleteFunc(list, func(t trouble) bool { return !named.MatchString(t.what) })
		if len(list) > 0 {
			left = append(left, list)
		}
	}
	return left
}

// ending is what the last trouble, catching up, looking at all files and the sweep take.
const ending = 8 * time.Second

// rage brings one trouble after the other until the time is over. After each, and in those that only take hints away, it
// measures what is promised.
func (w *world) rage(lasting time.Duration, keeper person, quiet place) {
	w.Helper()
	w.weather = forecast(w.weather)
	for time.Since(w.begun) < lasting-ending && !w.Failed() {
		now := []trouble{pick(w.dice, pick(w.dice, w.weather))}
		if second := pick(w.dice, pick(w.dice, w.weather)); second.hints && !now[0].hints && w.dice.upTo(2) == 0 {
			now = append(now, second)
		}
		w.suffer(now, keeper, quiet)
		w.measure("after", keeper, quiet)
		pause(w.Context(), w.dice.ms(100, 1000)) // all is well
	}
}

func (w *world) suffer(now []trouble, keeper person, quiet place) {
	w.Helper()
	f := fault{Start: time.Now()}
	for _, t := range now {
		f.What += t.what + ". "
		t.inflict()
	}
	if now[0].hints {
		w.measure("without NATS", keeper, quiet)
	} else {
		pause(w.Context(), w.dice.ms(200, w.longest))
	}
	for _, t := range slices.Backward(now) {
		t.heal()
	}
	w.ready()
	f.End = time.Now()
	w.Logf("%s %s%v", f.Start.Format(clock), f.What, f.End.Sub(f.Start).Round(time.Millisecond))
	w.faults = append(w.faults, f)
}

// What is promised, three times: others see a message within 5 s, who is logged out or taken out sees nothing after 2 s.
const seenWithin = 15 * time.Second

// measure takes the time until what is done on one node is done on all.
func (w *world) measure(when string, keeper person, quiet place) {
	w.Helper()
	var posted op
	for posted.Outcome != ok && w.Context().Err() == nil {
		body := w.word(keeper)
		posted = w.insist(func(n *node) op { return w.post(keeper, n, quiet, "key "+body, body, "") })
	}
	w.within(seenWithin, when+", a message is seen on all nodes", posted.End, w.everywhere(func(r *reader) bool { return r.shows(posted.Seq) }))
	w.measureEnd(when, "logout", general, pick(w.dice, w.farewells(keeper)))
	w.measureEnd(when, "gone", quiet, farewell{"a removal", func() (person, func(n *node) op) {
		p := w.newcomer()
		w.insist(func(n *node) op { return w.admit(keeper, p, n, quiet.room) })
		return p, func(n *node) op { return w.depart(keeper, p, n, quiet.room) }
	}})
}

// measureEnd opens streams of somebody on every node, does what ends them, and takes the time.
func (w *world) measureEnd(when, told string, in place, e farewell) {
	w.Helper()
	what := fmt.Sprintf("%s, %s ends streams on all nodes", when, e.what)
	p, end := e.of()
	var streams []*reader
	for _, n := range w.nodes {
		r := w.watch(&reader{name: "reader to be ended", person: p, place: in, pinned: n})
		defer r.stop()
		streams = append(streams, r)
	}
	if !eventually(seenWithin, all(streams, (*reader).open)) {
		w.Errorf("%s: the streams do not open", what)
		return
	}
	w.within(revokedWithin, what, w.insist(end).End, all(streams, func(r *reader) bool { return r.was(told) }))
}

func all(readers []*reader, holds func(*reader) bool) func() bool {
	return func() bool { return !slices.ContainsFunc(readers, func(r *reader) bool { return !holds(r) }) }
}

// everywhere is whether something holds for the reader of each node.
func (w *world) everywhere(holds func(*reader) bool) func() bool {
	return all(w.those(func(r *reader) bool { return r.pinned != nil && r.stayed }), holds)
}

// within waits until a condition holds, and notes how long after the beginning it did.
func (w *world) within(bound time.Duration, what string, begun time.Time, holds func() bool) {
	w.Helper()
	if !eventually(bound-time.Since(begun), holds) {
		w.Errorf("%s: not within %v", what, bound)
	}
	w.took[what] = append(w.took[what], time.Since(begun))
}
