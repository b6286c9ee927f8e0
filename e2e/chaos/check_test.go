package chaos

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCleanHistoryPasses(t *testing.T) {
	for _, line := range runChecks(cleanHistory()) {
		t.Error(line)
	}
}

// opWithBody is the number of the op with this body, the last of them.
func (h history) opWithBody(body string) *op {
	for i := range slices.Backward(h.Ops) {
		if h.Ops[i].Body == body {
			return &h.Ops[i]
		}
	}
	panic("no " + body)
}

// Each check finds the fault that it looks for. What a fault breaks besides is named, because one fault may be seen twice.
func TestEachCheckFindsItsFault(t *testing.T) {
	type change func(h *history, c *databaseState)
	eva, max := 0, 1 // the readings
	proved := map[string]bool{}
	see := func(reader int, sights ...observation) change {
		return func(h *history, _ *databaseState) {
			h.Readers[reader].Observations = append(h.Readers[reader].Observations, sights...)
		}
	}
	// become makes a change of six, or of five, the last in the room: stored, and shown to Eva.
	become := func(l shownMessage) change {
		return func(h *history, c *databaseState) {
			i := slices.IndexFunc(c.Messages, func(m storedMessage) bool { return m.Seq == l.Seq })
			c.LastSeq[testRoom], c.Messages[i] = l.Version, c.Messages[i].afterChange(l)
			h.Readers[0].Observations = append(h.Readers[0].Observations, seen(9400, sawChanged, l.Version, l))
		}
	}
	six := shownMessage{Seq: 11, Version: 17, Body: "6", Edited: true, Reactions: "👍:3"} // as it is in the end, but for the number
	both := func(all ...change) change {
		return func(h *history, c *databaseState) {
			for _, f := range all {
				f(h, c)
			}
		}
	}
	other := func(sights ...observation) change { // a page of Ana's, opened early
		return func(h *history, _ *databaseState) {
			h.Readers = append(h.Readers, readerLog{User: ana, Session: "1", Room: testRoom, Observations: append([]observation{seen(25, sawPage, 2, messageWith(2, "one"))}, sights...)})
		}
	}
	do := func(ops ...op) change { return func(h *history, _ *databaseState) { h.Ops = append(h.Ops, ops...) } }
	for _, f := range []struct {
		fault string
		do    change
		finds []string
	}{
		{"an acknowledged message is gone", func(h *history, c *databaseState) {
			c.Messages = slices.Delete(c.Messages, 3, 4)
		}, []string{"acknowledgedOnce", "nothingInvented", "numbersOnce"}},
		{"a repeated message is stored twice", func(h *history, c *databaseState) {
			c.LastSeq[testRoom]++
			c.Messages = append(c.Messages, messageRow(bob, "two", 17))
			h.Readers[0].Observations = append(h.Readers[0].Observations, seen(9400, sawNew, 17, messageWith(17, "two")))
		}, []string{"acknowledgedOnce"}},
		{"an answer names another place", func(h *history, c *databaseState) { h.opWithBody("six").Seq = 12 }, []string{"acknowledgedOnce", "inOrder", "readsSeeWrites"}},
		{"a message without an answer is stored twice", func(h *history, c *databaseState) {
			c.LastSeq[testRoom]++
			c.Messages = append(c.Messages, messageRow(bob, "four", 17))
			h.Readers[0].Observations = append(h.Readers[0].Observations, seen(9400, sawNew, 17, messageWith(17, "four")))
		}, []string{"unknownAtMostOnce"}},
		{"a refused message is stored", func(h *history, c *databaseState) { h.opWithBody("four").Outcome = refused }, []string{"refusedNever", "filesSecret"}},
		{"a message that nobody sent", func(h *history, c *databaseState) {
			c.Messages[2] = messageRow(bob, "invented", 6)
		}, []string{"nothingInvented", "oneLook", "pagesComplete"}},
		{"a line with another's text", see(eva, seen(9010, sawChanged, 0, messageWith(11, "five"))), []string{"nothingInvented", "oneLook", "pagesComplete"}},
		{"a number is taken twice", func(h *history, c *databaseState) { c.Members[1].JoinedSeq = 9 }, []string{"numbersOnce"}},
		{"a number is taken by nothing", func(h *history, c *databaseState) { c.LastSeq[testRoom]++ }, []string{"numbersOnce"}},
		{"a number is beyond the last", func(h *history, c *databaseState) { c.Members[1].JoinedSeq = 17 }, []string{"numbersOnce"}},
		{"a departure without a joining", func(h *history, c *databaseState) {
			likes := h.opWithBody("👍") // a known number, so it is no joining
			likes.Outcome, likes.Message = succeeded, likes.Message.withVersion(13, func(l *shownMessage) { l.Seq, l.Body, l.Reactions = 11, "six", "🎉:2 👍:3" })
			c.LastSeq[testRoom]++
			c.Departures = append(c.Departures, departure{testRoom, mover, 17, atMillis(9400)})
		}, []string{"numbersOnce"}},
		{"an acknowledged message comes before an earlier one", func(h *history, c *databaseState) {
			first, last := h.opWithBody("five"), h.opWithBody("six")
			first.By, c.Messages[3].Author = bob, bob
			first.Start, first.End = last.Start.Add(time.Second), last.End.Add(time.Second)
		}, []string{"inOrder", "filesSecret"}},
		{"the messages of a writer are the other way round", func(h *history, c *databaseState) {
			first, last := h.opWithBody("five"), h.opWithBody("six")
			first.Start, first.End = last.Start.Add(time.Second), last.End.Add(time.Second)
		}, []string{"inOrder", "filesSecret"}},
		{"a change comes before an earlier one", func(h *history, _ *databaseState) {
			for i, o := range h.Ops {
				if o.Kind == doDelete {
					h.Ops[i].Start, h.Ops[i].End = atMillis(9100), atMillis(9110)
				}
			}
		}, []string{"inOrder"}},
		{"an edit is undone", become(six.withVersion(17, func(l *shownMessage) { l.Body, l.Edited = "six", false })), []string{"lastChangeStands"}},
		{"a deleted message is back", become(messageWith(9, "five").withVersion(17, func(*shownMessage) {})), []string{"lastChangeStands"}},
		{"a deletion leaves a reaction", become(messageWith(9, "").withVersion(17, func(l *shownMessage) { l.Deleted, l.Reactions = true, "🎉:2" })), []string{"lastChangeStands", "nothingInvented"}},
		{"a refused edit is stored", become(six.withVersion(17, withBody("not mine"))), []string{"nothingInvented", "lastChangeStands"}},
		{"a reaction that nobody made", become(six.withVersion(17, withReactions("👍:3 🎉:1"))), []string{"nothingInvented"}},
		{"a reaction does not turn round", both(become(six), do(changeOp(9400, doReact, bob, "🎉", 15, six, succeeded))), []string{"reactionsTakeTurns"}},
		{"an acknowledged reaction is gone", both(become(six.withVersion(18, func(*shownMessage) {})),
			do(changeOp(9400, doReact, bob, "🎉", 15, six.withVersion(17, withReactions("👍:3 🎉:2")), succeeded))), []string{"reactionsTakeTurns"}},
		{"two pages show one change each in their way", other(seen(9210, sawChanged, 0, messageWith(11, "six").withVersion(12, withReactions("")))), []string{"oneLook"}},
		{"two acknowledged changes have one number", do(changeOp(9281, doEdit, ana, "6", 14, six.withVersion(15, func(*shownMessage) {}), succeeded)), []string{"numbersOnce"}},
		{"an acknowledged change has the number of a joining", both(become(six.withVersion(18, func(*shownMessage) {})), func(h *history, c *databaseState) {
			c.Members[2].JoinedSeq = 17
		}, do(changeOp(9400, doEdit, ana, "6", 15, six, succeeded))), []string{"numbersOnce"}},
		{"two lines show changes with one number", other(seen(9210, sawChanged, 0, messageWith(2, "one").withVersion(12, func(*shownMessage) {}))), []string{"numbersOnce"}},
		{"a read on another node is old", do(newOp(9020, doRead, ana, op{Node: "b", Messages: []shownMessage{messageWith(2, "one"), messageWith(4, "two"), messageWith(6, "four"), messageWith(9, "five")}})), []string{"readsSeeWrites"}},
		{"a read has a hole", func(h *history, c *databaseState) {
			for i := range h.Ops {
				if h.Ops[i].Complete {
					h.Ops[i].Messages = slices.Delete(h.Ops[i].Messages, 0, 1)
				}
			}
		}, []string{"readsSeeWrites"}},
		{"a later read shows what was replaced", do(newOp(9400, doRead, bob, op{Session: "new", Messages: []shownMessage{messageWith(9, "").withVersion(16, asDeleted), messageWith(11, "six")}})), []string{"readsSeeWrites"}},
		{"a later read shows what was deleted", do(newOp(9400, doRead, ana, op{Messages: []shownMessage{messageWith(9, "five"), six.withVersion(15, func(*shownMessage) {})}})), []string{"readsSeeWrites"}},
		{"a stream skips a change", func(h *history, c *databaseState) {
			h.Readers[eva].Observations = slices.Delete(h.Readers[eva].Observations, 15, 16)
		}, []string{"pagesComplete"}},
		{"a stream skips the last change", func(h *history, c *databaseState) { h.Readers[eva].Observations = h.Readers[eva].Observations[:16] }, []string{"pagesComplete"}},
		{"a line goes back", both(other(seen(9100, sawNew, 11, messageWith(11, "six")), seen(9210, sawChanged, 0, six.withVersion(15, func(*shownMessage) {})),
			seen(9220, sawChanged, 0, messageWith(11, "six").withVersion(12, withReactions("🎉:2"))))), []string{"pagesComplete"}},
		{"a stream skips a line", func(h *history, c *databaseState) {
			h.Readers[eva].Observations = slices.Delete(h.Readers[eva].Observations, 11, 12)
		}, []string{"pagesComplete"}},
		{"a page is older than its cursor", func(h *history, c *databaseState) { h.Readers[2].Observations[0].Cursor = 6 }, []string{"pagesComplete"}},
		{"a stream ends early", func(h *history, c *databaseState) { h.Readers[eva].Observations = h.Readers[eva].Observations[:12] }, []string{"pagesComplete"}},
		{"a cursor goes back", see(eva, seen(9400, sawCursor, 9)), []string{"pagesComplete"}},
		{"an acknowledged departure is not stored", func(h *history, c *databaseState) { c.Departures[0].At = atMillis(9000) }, []string{"nothingAfterRemoval"}},
		{"a line reaches the removed", see(max, seen(175, sawNew, 9, messageWith(9, "five"))), []string{"nothingAfterRemoval"}},
		{"a page is given to the removed", see(max, seen(180, sawPage, 9, messageWith(9, "five"))), []string{"nothingAfterRemoval"}},
		{"a stream outlives a departure", func(h *history, c *databaseState) {
			h.Readers[max].Observations = slices.Insert(h.Readers[max].Observations, 3, seen(141, sawNew, 6, messageWith(6, "four")))
		}, []string{"nothingAfterRemoval"}},
		{"a change reaches the removed", see(max, seen(9205, sawChanged, 0, messageWith(11, "six").withVersion(12, withReactions("🎉:2")))), []string{"nothingAfterRemoval"}},
		{"the removed react", both(become(six.withVersion(17, withReactions("👍:3 🎉:4"))), do(changeOp(9400, doReact, mover, "🎉", 15, six.withVersion(17, withReactions("👍:3 🎉:4")), succeeded))), []string{"nothingAfterRemoval"}},
		{"the removed read", do(newOp(180, doRead, mover, op{Messages: []shownMessage{messageWith(9, "five")}})), []string{"nothingAfterRemoval"}},
		{"a stream outlives a log-out", see(2, seen(9005, sawNew, 9, messageWith(9, "five")), seen(9006, sawNew, 11, messageWith(11, "six"))), []string{"nothingAfterLogOut"}},
		{"a change reaches a session that is over", see(2, seen(9205, sawChanged, 0, messageWith(11, "six").withVersion(12, withReactions("🎉:2")))), []string{"nothingAfterLogOut"}},
		{"a stream outlives disabling", do(newOp(230, doDisable, ana, op{EndedSessions: []string{"3"}})), []string{"nothingAfterLogOut"}},
		{"who is logged out reads", do(newOp(9020, doRead, bob, op{Messages: []shownMessage{messageWith(11, "six")}})), []string{"nothingAfterLogOut"}},
		{"a message has other files than it was sent with", func(h *history, c *databaseState) { c.Messages[2].Files = "53" }, []string{"nothingInvented", "oneLook", "pagesComplete"}},
		{"a deletion leaves a file", become(messageWith(9, "").withVersion(17, func(l *shownMessage) { l.Deleted, l.Files = true, "52" })), []string{"lastChangeStands"}},
		{"who is logged out fetches a file", do(newOp(230, doFetch, bob, fileOp(51, 3, "aa"))), []string{"nothingAfterLogOut"}},
		{"a refresh token is refused too early", do(newOp(9400, doRenew, ana, op{Key: "t1", Outcome: refused})), []string{"nobodyShutOut"}},
		{"a refresh token has two successors", do(newOp(9400, doRenew, ana, op{Key: "t1", Body: "t3"})), []string{"nobodyShutOut"}},
		{"a session is not known any more", do(newOp(9400, doRead, ana, op{Outcome: refused, Reason: "401 Unauthorized"})), []string{"nobodyShutOut"}},
		{"a stream says that a session is over", see(eva, observation{At: atMillis(9400), Kind: sawEnd, Reason: "logout"}), []string{"nobodyShutOut"}},
		{"a program is told a message twice", func(h *history, _ *databaseState) {
			h.Readers = append(h.Readers, readerLog{User: ana, Program: true, Room: testRoom, Observations: []observation{
				seen(25, sawPage, 2, messageWith(2, "one")), seen(50, sawNew, 4, messageWith(4, "two")), seen(51, sawNew, 4, messageWith(4, "two"))}})
		}, []string{"toldOnce"}},
		{"a file comes with other bytes", do(newOp(9360, doFetch, bob, op{ID: 51, Size: 3, Hash: "ab", Session: "new"})), []string{"filesAsSent"}},
		{"a file is gone in the end", do(newOp(9360, doFetch, ana, op{ID: 51, Outcome: refused})), []string{"filesAsSent"}},
		{"a node does not have a file", do(newOp(9360, doFetch, ana, op{ID: 51, Outcome: unknown, Node: "b"})), []string{"filesAsSent"}},
		{"an acknowledged file cannot be sent", do(newOp(9360, doPost, ana, op{Key: "k", Body: "b", Files: "53", Outcome: refused, Reason: "422 Unprocessable Entity"})), []string{"filesAsSent"}},
		{"half a file is kept", func(_ *history, c *databaseState) { c.Blobs[1].Hash = "b" }, []string{"filesAsSent"}},
		{"a row has no object", func(_ *history, c *databaseState) { c.Objects = c.Objects[1:] }, []string{"objectsMatch"}},
		{"an object has no row", func(_ *history, c *databaseState) { c.Objects = append(c.Objects, "third") }, []string{"objectsMatch"}},
		{"a content has no file", func(_ *history, c *databaseState) { c.Files = c.Files[:1] }, []string{"objectsMatch"}},
		{"the removed fetch a file", do(newOp(182, doFetch, mover, fileOp(52, 3, "aa"))), []string{"filesSecret"}},
		{"an outsider fetches a file", do(newOp(182, doFetch, kit, fileOp(52, 3, "aa"))), []string{"filesSecret"}},
		{"a file that waits is given to another", do(newOp(9360, doFetch, bob, op{Session: "new", ID: 53, Size: 4, Hash: "bb"})), []string{"filesSecret"}},
		{"a deleted file is given", do(newOp(9360, doFetch, ana, fileOp(52, 3, "aa"))), []string{"filesSecret"}},
		{"a read mark goes back", see(3, stateSeen(9320, conversationState{soloRoom, 1, 0, 0}), stateSeen(9330, conversationState{soloRoom, 1, 1, 0})), []string{"marksStay"}},
		{"an acknowledged mark is not counted", func(h *history, _ *databaseState) {
			h.Ops = append([]op{newOp(9330, doCount, kit, op{States: []conversationState{{soloRoom, 1, 0, 0}}})}, h.Ops...)
		}, []string{"marksStay"}},
		{"a mark is not stored", func(_ *history, c *databaseState) { c.Members[3].ReadSeq = 0 }, []string{"marksStay", "unreadCounted"}},
		{"a mark is beyond the last number", func(_ *history, c *databaseState) { c.Members[1].ReadSeq = 17 }, []string{"marksStay"}},
		{"unread is counted wrong", do(newOp(9330, doCount, kit, op{States: []conversationState{{soloRoom, 1, 1, 1}}})), []string{"unreadCounted"}},
		{"a stream tells unread wrong", see(3, stateSeen(9320, conversationState{soloRoom, 1, 1, 1})), []string{"unreadCounted"}},
	} {
		t.Run(f.fault, func(t *testing.T) {
			h, c := cleanHistory()
			f.do(&h, &c)
			for _, k := range checks {
				found, wanted := k.find(h, c), slices.Contains(f.finds, k.functionName())
				if wanted != (len(found) > 0) {
					t.Errorf("%s finds %+v", k.functionName(), found)
				}
			}
		})
		proved[f.finds[0]] = true
	}
	for _, k := range checks {
		if !proved[k.functionName()] {
			t.Errorf("no fault here proves %s", k.functionName())
		}
	}
}

// functionName is the name of a check's function.
func (k check) functionName() string {
	name := runtime.FuncForPC(reflect.ValueOf(k.find).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}

// What somebody wrote, deleted or read is not unread.
func TestExpectedStates(t *testing.T) {
	_, c := cleanHistory()
	for i, want := range []conversationState{{testRoom, 16, 1, 2}, {testRoom, 16, 10, 1}, {testRoom, 16, 0, 2}} {
		who := c.Members[i].User
		if got := c.expectedStates(who); len(got) != 1 || got[0] != want {
			t.Errorf("%d: %v, not %v", who, got, want)
		}
	}
}

// Time in which nodes could not hear of a log-out does not count.
func TestFaultFreeAfter(t *testing.T) {
	h := history{Faults: []faultRecord{{"one", atMillis(0), atMillis(1000)}, {"two", atMillis(2000), atMillis(3000)}, {"three", atMillis(9000), atMillis(9500)}}}
	for from, want := range map[int]int{500: 3000 + 3000, 3500: 6500, 8000: 12500, 10000: 13000} {
		if got := h.faultFreeAfter(atMillis(from), 3*time.Second); !got.Equal(atMillis(want)) {
			t.Errorf("from %d: %v, not %v", from, got, atMillis(want))
		}
	}
}
