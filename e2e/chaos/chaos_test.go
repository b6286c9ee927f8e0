package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOneNodeUnderFire(t *testing.T)    { oneNode(t).live(*lasting * 5 / 12) }
func TestThreeNodesUnderFire(t *testing.T) { threeNodes(t).live(*lasting * 7 / 12) }

// catchUp is what readers have in the end to show everything.
const catchUp = 30 * time.Second

// live lets everybody act under fire for a while, then waits until all have caught up, and judges what was done and seen.
func (w *world) live(lasting time.Duration) {
	w.Helper()
	w.Logf("seed %d", *seed)
	keeper, quiet := w.populate()
	w.rage(lasting, keeper, quiet)
	w.rest()
	w.writing.Wait()
	c := w.database()
	stayed := w.those(func(r *reader) bool { return r.stayed })
	if !eventually(catchUp, all(stayed, func(r *reader) bool { return r.complete(c) })) {
		w.Error("not all readers catch up")
	}
	for _, r := range w.readers {
		r.stop()
	}
	w.reading.Wait()
	w.inspect(c)
	w.sweep()
	w.stop()
	c = w.database()
	h := w.history()
	for _, broken := range judge(h, c) {
		w.Error(broken)
	}
	w.logs()
	w.report(h, c)
	if w.Failed() {
		w.keep(h, c)
	}
}

// report says what the run was worth.
func (w *world) report(h history, c content) {
	w.Helper()
	count := map[string]int{}
	for _, o := range h.Ops {
		count[fmt.Sprint(o.Kind, " ", o.Outcome)]++
	}
	for _, r := range h.Readings {
		for _, s := range r.Sights {
			count[fmt.Sprint("saw ", s.Kind, " ", strings.TrimRight(s.Why, "0123456789 "))]++
		}
	}
	for _, k := range []kind{doPost, doEdit, doDelete, doReact, doRead, doAdmit, doDepart, doUpload, doFetch, doRenew, doMark, doCount} {
		if count[fmt.Sprint(k, " ", ok)] == 0 {
			w.Errorf("nothing of the kind %q was ever acknowledged: this proves nothing", k)
		}
	}
	cuts := 0
	for _, n := range w.nodes {
		cuts += n.front.Cuts()
	}
	w.Logf("%d faults, %d random cuts, %d readers, %d messages stored; %v", len(h.Faults), cuts, len(h.Readings), len(c.Messages), count)
	for _, what := range slices.Sorted(maps.Keys(w.took)) {
		took := slices.Sorted(slices.Values(w.took[what]))
		w.Logf("%s: median %v, most %v of %d", what, took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond), len(took))
	}
	for _, n := range w.nodes {
		w.Logf("node %s: the slowest stop took %v", n.name, n.slowestStop.Round(time.Millisecond))
	}
}
