package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOneNodeUnderFaults(t *testing.T)    { newSingleNode(t).runUnderFaults(*duration * 5 / 12) }
func TestThreeNodesUnderFaults(t *testing.T) { newThreeNodes(t).runUnderFaults(*duration * 7 / 12) }

// readAndMark is what readers have in the end to show everything.
const catchUpTimeout = 30 * time.Second

// runUnderFaults lets everybody act under fire for a while, then waits until all have caught up, and judges what was done and seen.
func (w *cluster) runUnderFaults(lasting time.Duration) {
	w.Helper()
	w.Logf("seed %d", *seed)
	keeper, quiet := w.startActors()
	w.injectFaults(lasting, keeper, quiet)
	w.stopActors()
	w.actors.Wait()
	c := w.readState()
	stayed := w.readersWhere(func(r *reader) bool { return r.stayed })
	if !eventually(catchUpTimeout, allReaders(stayed, func(r *reader) bool { return r.isComplete(c) })) {
		w.Error("not all readers catch up")
	}
	for _, r := range w.readers {
		r.stop()
	}
	w.openReaders.Wait()
	w.readEverything(c)
	w.collectGarbage()
	w.stopNodes()
	c = w.readState()
	h := w.history()
	for _, broken := range runChecks(h, c) {
		w.Error(broken)
	}
	w.checkLogs()
	w.report(h, c)
	if w.Failed() {
		w.saveHistory(h, c)
	}
}

// report says what the run was worth.
func (w *cluster) report(h history, c databaseState) {
	w.Helper()
	count := map[string]int{}
	for _, o := range h.Ops {
		count[fmt.Sprint(o.Kind, " ", o.Outcome)]++
	}
	for _, r := range h.Readers {
		for _, s := range r.Observations {
			count[fmt.Sprint("saw ", s.Kind, " ", strings.TrimRight(s.Reason, "0123456789 "))]++
		}
	}
	for _, k := range []opKind{doPost, doEdit, doDelete, doReact, doRead, doAdmit, doDepart, doUpload, doFetch, doRenew, doMark, doCount} {
		if count[fmt.Sprint(k, " ", succeeded)] == 0 {
			w.Errorf("nothing of the kind %q was ever acknowledged: this proves nothing", k)
		}
	}
	cuts := 0
	for _, n := range w.nodes {
		cuts += n.clientProxy.Cuts()
	}
	w.Logf("%d faults, %d random cuts, %d readers, %d messages stored; %v", len(h.Faults), cuts, len(h.Readers), len(c.Messages), count)
	for _, what := range slices.Sorted(maps.Keys(w.delays)) {
		took := slices.Sorted(slices.Values(w.delays[what]))
		w.Logf("%s: median %v, most %v of %d", what, took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond), len(took))
	}
	for _, n := range w.nodes {
		w.Logf("node %s: the slowest stop took %v", n.name, n.slowestStop.Round(time.Millisecond))
	}
}
