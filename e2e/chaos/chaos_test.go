package chaos

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOneNodeUnderFaults(t *testing.T)    { newSingleNode(t).runUnderFaults(*runTime * 5 / 12) }
func TestThreeNodesUnderFaults(t *testing.T) { newThreeNodes(t).runUnderFaults(*runTime * 7 / 12) }

// catchUpTimeout is the time that readers have in the end to show everything.
const catchUpTimeout = 30 * time.Second

// runUnderFaults runs all actors under faults for a while, waits until all readers have caught up, and then checks the
// history.
func (c *cluster) runUnderFaults(lasting time.Duration) {
	c.Helper()
	c.Logf("seed %d", *seed)
	owner, quiet := c.startActors()
	c.injectFaults(lasting, owner, quiet)
	c.stopActors()
	c.actors.Wait()
	db := c.readState()
	stayed := c.readersWhere(func(r *reader) bool { return r.stayed })
	if !eventually(catchUpTimeout, allReaders(stayed, func(r *reader) bool { return r.isComplete(db) })) {
		c.Error("not all readers caught up")
	}
	for _, r := range c.readers {
		r.stop()
	}
	c.openReaders.Wait()
	c.readEverything(db)
	c.collectGarbage()
	c.stopNodes()
	db = c.readState()
	for _, problem := range c.indexProblems() {
		c.Error("the search index differs: ", problem)
	}
	h := c.history()
	for _, broken := range runChecks(h, db) {
		c.Error(broken)
	}
	c.checkLogs()
	c.report(h, db)
	if c.Failed() {
		c.saveHistory(h, db)
	}
}

// report logs what the run did. It fails the test if no fault was injected or a required kind of request was never
// acknowledged, because then the run proves nothing about it.
func (c *cluster) report(h history, db databaseState) {
	c.Helper()
	count := map[string]int{}
	for _, o := range h.Ops {
		count[fmt.Sprint(o.Kind, " ", o.Outcome)]++
	}
	for _, r := range h.Readers {
		for _, s := range r.Observations {
			count[fmt.Sprint("saw ", s.Kind, " ", strings.TrimRight(s.Reason, "0123456789 "))]++
		}
	}
	for _, k := range c.unprovedKinds() {
		c.Errorf("no request of kind %q was ever acknowledged, so nothing is proved about it", k)
	}
	if len(h.Faults) == 0 {
		c.Error("no fault was injected, so nothing is proved")
	}
	cuts := 0
	for _, n := range c.nodes {
		cuts += n.clientProxy.Cuts()
	}
	c.Logf("%d faults, %d random cuts, %d readers, %d messages stored; %v", len(h.Faults), cuts, len(h.Readers),
		len(db.Messages), count)
	for _, what := range slices.Sorted(maps.Keys(c.delays)) {
		took := slices.Sorted(slices.Values(c.delays[what]))
		c.Logf("%s: median %v, most %v of %d", what, took[len(took)/2].Round(time.Millisecond),
			took[len(took)-1].Round(time.Millisecond), len(took))
	}
	for _, n := range c.nodes {
		c.Logf("node %s: the slowest shutdown took %v", n.name, n.slowestStop.Round(time.Millisecond))
	}
}

var errorInLog = regexp.MustCompile(`(?m)^.*(level=ERROR|DATA RACE|^panic:|^fatal error:).*$`)

// checkLogs fails the test if a node logged an error, a data race or a panic.
func (c *cluster) checkLogs() {
	c.Helper()
	for _, n := range c.nodes {
		text, err := os.ReadFile(n.log)
		if err != nil {
			c.Error(err)
		}
		for i, l := range errorInLog.FindAllString(string(text), -1) {
			if i < maxReported {
				c.Errorf("node %s logged: %s", n.name, l)
			}
		}
	}
}

// saveHistory writes the history and the database state beside the logs.
func (c *cluster) saveHistory(h history, db databaseState) {
	for name, v := range map[string]any{"history.json": h, "database.json": db} {
		if b, err := json.MarshalIndent(v, "", " "); err == nil {
			os.WriteFile(filepath.Join(c.dir, name), b, 0o644)
		}
	}
}
