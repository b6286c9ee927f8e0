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

// opWithBody returns the last op with this body.
func (h history) opWithBody(body string) *op {
	for i := range slices.Backward(h.Ops) {
		if h.Ops[i].Body == body {
			return &h.Ops[i]
		}
	}
	panic("no " + body)
}

// TestEachCheckFindsItsFault breaks a clean history in many ways and requires that the checks that are named find it,
// and no others. The first check named is the one that the fault is for.
func TestEachCheckFindsItsFault(t *testing.T) {
	type change func(h *history, db *databaseState)
	eva, max := 0, 1 // indexes of their reader logs
	proved := map[string]bool{}
	see := func(reader int, observations ...observation) change {
		return func(h *history, _ *databaseState) {
			h.Readers[reader].Observations = append(h.Readers[reader].Observations, observations...)
		}
	}
	// become makes the given version of message six or five the last change in the room: stored, and shown to Eva.
	become := func(l shownMessage) change {
		return func(h *history, db *databaseState) {
			i := slices.IndexFunc(db.Messages, func(m storedMessage) bool { return m.Seq == l.Seq })
			db.LastSeq[testRoom], db.Messages[i] = l.Version, db.Messages[i].afterChange(l)
			h.Readers[0].Observations = append(h.Readers[0].Observations, seen(9400, sawChanged, l.Version, l))
		}
	}
	six := shownMessage{Seq: 11, Version: 17, Body: "6", Edited: true,
		Reactions: "👍:3"} // the final state, except for the version
	both := func(all ...change) change {
		return func(h *history, db *databaseState) {
			for _, f := range all {
				f(h, db)
			}
		}
	}
	other := func(observations ...observation) change { // a page that Ana opened early
		return func(h *history, _ *databaseState) {
			h.Readers = append(h.Readers, readerLog{User: ana, Session: "1", Room: testRoom,
				Observations: append([]observation{seen(25, sawPage, 2, messageWith(2, "one"))}, observations...)})
		}
	}
	do := func(ops ...op) change { return func(h *history, _ *databaseState) { h.Ops = append(h.Ops, ops...) } }
	for _, f := range []struct {
		fault string
		do    change
		finds []string
	}{
		{"an acknowledged message is gone", func(h *history, db *databaseState) {
			db.Messages = slices.Delete(db.Messages, 3, 4)
		}, []string{"acknowledgedOnce", "nothingInvented", "seqsUsedOnce"}},
		{"a repeated message is stored twice", func(h *history, db *databaseState) {
			db.LastSeq[testRoom]++
			db.Messages = append(db.Messages, messageRow(bob, "two", 17))
			h.Readers[0].Observations = append(h.Readers[0].Observations,
				seen(9400, sawNew, 17, messageWith(17, "two")))
		}, []string{"acknowledgedOnce"}},
		{"a response names another seq", func(h *history, db *databaseState) { h.opWithBody("six").Seq = 12 },
			[]string{"acknowledgedOnce", "inOrder", "readsSeeWrites"}},
		{"a message without a response is stored twice", func(h *history, db *databaseState) {
			db.LastSeq[testRoom]++
			db.Messages = append(db.Messages, messageRow(bob, "four", 17))
			h.Readers[0].Observations = append(h.Readers[0].Observations,
				seen(9400, sawNew, 17, messageWith(17, "four")))
		}, []string{"unknownAtMostOnce"}},
		{"a refused message is stored", func(h *history, db *databaseState) { h.opWithBody("four").Outcome = refused },
			[]string{"refusedNever", "filesPrivate"}},
		{"a message that nobody sent", func(h *history, db *databaseState) {
			db.Messages[2] = messageRow(bob, "invented", 6)
		}, []string{"nothingInvented", "shownIdentically", "pagesComplete"}},
		{"a message with the text of another", see(eva, seen(9010, sawChanged, 0, messageWith(11, "five"))),
			[]string{"nothingInvented", "shownIdentically", "pagesComplete"}},
		{"a seq is used twice", func(h *history, db *databaseState) { db.Members[1].JoinedSeq = 9 },
			[]string{"seqsUsedOnce"}},
		{"a seq belongs to nothing", func(h *history, db *databaseState) { db.LastSeq[testRoom]++ },
			[]string{"seqsUsedOnce"}},
		{"a seq is beyond the last", func(h *history, db *databaseState) { db.Members[1].JoinedSeq = 17 },
			[]string{"seqsUsedOnce"}},
		{"a departure without a join", func(h *history, db *databaseState) {
			likes := h.opWithBody("👍") // acknowledged with its seq, so that this seq cannot be a join
			likes.Outcome, likes.Message = succeeded, likes.Message.withVersion(13,
				func(l *shownMessage) { l.Seq, l.Body, l.Reactions = 11, "six", "🎉:2 👍:3" })
			db.LastSeq[testRoom]++
			db.Departures = append(db.Departures, departure{testRoom, mover, 17, atMillis(9400)})
		}, []string{"seqsUsedOnce"}},
		{"an acknowledged message comes before an earlier one", func(h *history, db *databaseState) {
			first, last := h.opWithBody("five"), h.opWithBody("six")
			first.By, db.Messages[3].Author = bob, bob
			first.Start, first.End = last.Start.Add(time.Second), last.End.Add(time.Second)
		}, []string{"inOrder", "filesPrivate"}},
		{"the messages of a writer are in the wrong order", func(h *history, db *databaseState) {
			first, last := h.opWithBody("five"), h.opWithBody("six")
			first.Start, first.End = last.Start.Add(time.Second), last.End.Add(time.Second)
		}, []string{"inOrder", "filesPrivate"}},
		{"a change comes before an earlier one", func(h *history, _ *databaseState) {
			for i, o := range h.Ops {
				if o.Kind == doDelete {
					h.Ops[i].Start, h.Ops[i].End = atMillis(9100), atMillis(9110)
				}
			}
		}, []string{"inOrder"}},
		{"an edit is undone", become(six.withVersion(17, func(l *shownMessage) { l.Body, l.Edited = "six", false })),
			[]string{"lastChangeStands"}},
		{"a deleted message has its text again", become(messageWith(9, "five").withVersion(17, func(*shownMessage) {})),
			[]string{"lastChangeStands"}},
		{"a deletion leaves a reaction",
			become(messageWith(9, "").withVersion(17, func(l *shownMessage) {
				l.Deleted, l.Reactions = true,
					"🎉:2"
			})), []string{"lastChangeStands", "nothingInvented"}},
		{"a refused edit is stored", become(six.withVersion(17, withBody("not mine"))), []string{"nothingInvented",
			"lastChangeStands"}},
		{"a reaction that nobody made", become(six.withVersion(17, withReactions("👍:3 🎉:1"))),
			[]string{"nothingInvented"}},
		{"a reaction is not toggled", both(become(six), do(changeOp(9400, doReact, bob, "🎉", 15, six, succeeded))),
			[]string{"reactionsToggle"}},
		{"an acknowledged reaction is gone", both(become(six.withVersion(18, func(*shownMessage) {})),
			do(changeOp(9400, doReact, bob, "🎉", 15, six.withVersion(17, withReactions("👍:3 🎉:2")),
				succeeded))), []string{"reactionsToggle"}},
		{"a pin that nobody made", become(six.withVersion(17, asPinned)), []string{"nothingInvented"}},
		{"a deletion leaves a pin", both(do(changeOp(9290, doPin, ana, "", 9, messageWith(9, "five").withVersion(13,
			asPinned), succeeded)), become(messageWith(9, "").withVersion(17, func(l *shownMessage) {
			l.Deleted, l.Pinned = true, true
		}))), []string{"lastChangeStands"}},
		{"an acknowledged pin is gone", both(become(six.withVersion(18, func(*shownMessage) {})),
			do(changeOp(9400, doPin, bob, "", 15, six.withVersion(17, asPinned), succeeded))), []string{"pinsStand"}},
		{"a response does not show the pin", both(become(six), do(changeOp(9400, doPin, bob, "", 15, six, succeeded),
			changeOp(9410, doUnpin, bob, "", 17, six, succeeded))), []string{"pinsStand"}},
		{"two pages show one change differently",
			other(seen(9210, sawChanged, 0, messageWith(11, "six").withVersion(12,
				withReactions("")))), []string{"shownIdentically"}},
		{"two acknowledged changes have one seq",
			do(changeOp(9281, doEdit, ana, "6", 14, six.withVersion(15, func(*shownMessage) {}),
				succeeded)), []string{"seqsUsedOnce"}},
		{"an acknowledged change has the seq of a join", both(become(six.withVersion(18, func(*shownMessage) {})),
			func(h *history, db *databaseState) {
				db.Members[2].JoinedSeq = 17
			}, do(changeOp(9400, doEdit, ana, "6", 15, six, succeeded))), []string{"seqsUsedOnce"}},
		{"two messages show changes with one seq",
			other(seen(9210, sawChanged, 0, messageWith(2, "one").withVersion(12,
				func(*shownMessage) {}))), []string{"seqsUsedOnce"}},
		{"a read on another node is old",
			do(newOp(9020, doRead, ana, op{Node: "b", Messages: []shownMessage{messageWith(2, "one"),
				messageWith(4, "two"), messageWith(6, "four"), messageWith(9, "five")}})), []string{"readsSeeWrites"}},
		{"a read has a gap", func(h *history, db *databaseState) {
			for i := range h.Ops {
				if h.Ops[i].Complete {
					h.Ops[i].Messages = slices.Delete(h.Ops[i].Messages, 0, 1)
				}
			}
		}, []string{"readsSeeWrites"}},
		{"a later read shows what was replaced",
			do(newOp(9400, doRead, bob, op{Session: "new", Messages: []shownMessage{messageWith(9, "").withVersion(16,
				asDeleted), messageWith(11, "six")}})), []string{"readsSeeWrites"}},
		{"a later read shows what was deleted",
			do(newOp(9400, doRead, ana, op{Messages: []shownMessage{messageWith(9, "five"),
				six.withVersion(15, func(*shownMessage) {})}})), []string{"readsSeeWrites"}},
		{"a stream skips a change", func(h *history, db *databaseState) {
			h.Readers[eva].Observations = slices.Delete(h.Readers[eva].Observations, 15, 16)
		}, []string{"pagesComplete"}},
		{"a stream skips the last change",
			func(h *history,
				db *databaseState) {
				h.Readers[eva].Observations = h.Readers[eva].Observations[:16]
			}, []string{"pagesComplete"}},
		{"a message goes back", both(other(seen(9100, sawNew, 11, messageWith(11, "six")), seen(9210, sawChanged, 0,
			six.withVersion(15, func(*shownMessage) {})),
			seen(9220, sawChanged, 0, messageWith(11, "six").withVersion(12,
				withReactions("🎉:2"))))), []string{"pagesComplete"}},
		{"a stream skips a message", func(h *history, db *databaseState) {
			h.Readers[eva].Observations = slices.Delete(h.Readers[eva].Observations, 11, 12)
		}, []string{"pagesComplete"}},
		{"a page is older than its cursor",
			func(h *history, db *databaseState) { h.Readers[2].Observations[0].Cursor = 6 }, []string{"pagesComplete"}},
		{"a stream ends early",
			func(h *history,
				db *databaseState) {
				h.Readers[eva].Observations = h.Readers[eva].Observations[:12]
			}, []string{"pagesComplete"}},
		{"a cursor goes back", see(eva, seen(9400, sawCursor, 9)), []string{"pagesComplete"}},
		{"an acknowledged departure is not stored",
			func(h *history,
				db *databaseState) {
				db.Departures[0].At = atMillis(9000)
			}, []string{"nothingAfterRemoval"}},
		{"a message reaches a removed member", see(max, seen(175, sawNew, 9, messageWith(9, "five"))),
			[]string{"nothingAfterRemoval"}},
		{"a page is shown to a removed member", see(max, seen(180, sawPage, 9, messageWith(9, "five"))),
			[]string{"nothingAfterRemoval"}},
		{"a stream outlives a departure", func(h *history, db *databaseState) {
			h.Readers[max].Observations = slices.Insert(h.Readers[max].Observations, 3,
				seen(141, sawNew, 6, messageWith(6, "four")))
		}, []string{"nothingAfterRemoval"}},
		{"a change reaches a removed member", see(max, seen(9205, sawChanged, 0, messageWith(11, "six").withVersion(12,
			withReactions("🎉:2")))), []string{"nothingAfterRemoval"}},
		{"a removed member reacts", both(become(six.withVersion(17, withReactions("👍:3 🎉:4"))),
			do(changeOp(9400, doReact, mover, "🎉", 15, six.withVersion(17, withReactions("👍:3 🎉:4")),
				succeeded))), []string{"nothingAfterRemoval"}},
		{"a removed member reads", do(newOp(180, doRead, mover, op{Messages: []shownMessage{messageWith(9, "five")}})),
			[]string{"nothingAfterRemoval"}},
		{"a stream outlives a log-out", see(2, seen(9005, sawNew, 9, messageWith(9, "five")),
			seen(9006, sawNew, 11, messageWith(11, "six"))), []string{"nothingAfterLogOut"}},
		{"a change reaches an ended session",
			see(2, seen(9205, sawChanged, 0, messageWith(11, "six").withVersion(12,
				withReactions("🎉:2")))), []string{"nothingAfterLogOut"}},
		{"a stream outlives disabling", do(newOp(230, doDisable, ana, op{EndedSessions: []string{"3"}})),
			[]string{"nothingAfterLogOut"}},
		{"a logged-out session reads",
			do(newOp(9020, doRead, bob,
				op{Messages: []shownMessage{messageWith(11, "six")}})), []string{"nothingAfterLogOut"}},
		{"a message has other files than it was sent with",
			func(h *history, db *databaseState) { db.Messages[2].Files = "53" }, []string{"nothingInvented",
				"shownIdentically", "pagesComplete"}},
		{"a deletion leaves a file",
			become(messageWith(9, "").withVersion(17, func(l *shownMessage) {
				l.Deleted, l.Files = true,
					"52"
			})), []string{"lastChangeStands"}},
		{"a logged-out session fetches a file", do(newOp(230, doFetch, bob, fileOp(51, 3, "aa"))),
			[]string{"nothingAfterLogOut"}},
		{"a refresh token is refused too early", do(newOp(9400, doRefresh, ana, op{Key: "t1", Outcome: refused})),
			[]string{"sessionsStayValid"}},
		{"a refresh token has two successors", do(newOp(9400, doRefresh, ana, op{Key: "t1", Body: "t3"})),
			[]string{"sessionsStayValid"}},
		{"a session is not valid any more",
			do(newOp(9400, doRead, ana,
				op{Outcome: refused, Reason: "401 Unauthorized"})), []string{"sessionsStayValid"}},
		{"a stream says that a session ended", see(eva, observation{At: atMillis(9400), Kind: sawEnd,
			Reason: "logout"}), []string{"sessionsStayValid"}},
		{"an API client gets a message twice", func(h *history, _ *databaseState) {
			h.Readers = append(h.Readers, readerLog{User: ana, Program: true, Room: testRoom,
				Observations: []observation{
					seen(25, sawPage, 2, messageWith(2, "one")), seen(50, sawNew, 4, messageWith(4, "two")), seen(51,
						sawNew, 4, messageWith(4, "two"))}})
		}, []string{"deliveredOnce"}},
		{"a file is served with other bytes",
			do(newOp(9360, doFetch, bob, op{ID: 51, Size: 3, Hash: "ab", Session: "new"})), []string{"filesAsSent"}},
		{"a file is gone in the end", do(newOp(9360, doFetch, ana, op{ID: 51, Outcome: refused})),
			[]string{"filesAsSent"}},
		{"a node does not have a file", do(newOp(9360, doFetch, ana, op{ID: 51, Outcome: unknown, Node: "b"})),
			[]string{"filesAsSent"}},
		{"an acknowledged file cannot be sent",
			do(newOp(9360, doPost, ana, op{Key: "k", Body: "b", Files: "53", Outcome: refused,
				Reason: "422 Unprocessable Entity"})), []string{"filesAsSent"}},
		{"half a file is stored", func(_ *history, db *databaseState) { db.Blobs[1].Hash = "b" },
			[]string{"filesAsSent"}},
		{"a blob has no object", func(_ *history, db *databaseState) { db.Objects = db.Objects[1:] },
			[]string{"objectsMatch"}},
		{"an object has no blob", func(_ *history, db *databaseState) { db.Objects = append(db.Objects, "third") },
			[]string{"objectsMatch"}},
		{"a blob has no file", func(_ *history, db *databaseState) { db.Files = db.Files[:1] },
			[]string{"objectsMatch"}},
		{"a removed member fetches a file", do(newOp(182, doFetch, mover, fileOp(52, 3, "aa"))),
			[]string{"filesPrivate"}},
		{"an outsider fetches a file", do(newOp(182, doFetch, kit, fileOp(52, 3, "aa"))), []string{"filesPrivate"}},
		{"an unsent file is served to somebody else",
			do(newOp(9360, doFetch, bob, op{Session: "new", ID: 53, Size: 4, Hash: "bb"})), []string{"filesPrivate"}},
		{"a deleted file is served", do(newOp(9360, doFetch, ana, fileOp(52, 3, "aa"))), []string{"filesPrivate"}},
		{"a read marker goes back", see(3, stateSeen(9320, conversationState{soloRoom, 1, 0, 0}),
			stateSeen(9330, conversationState{soloRoom, 1, 1, 0})), []string{"readMarkersNeverGoBack"}},
		{"an acknowledged read marker is not counted", func(h *history, _ *databaseState) {
			h.Ops = append([]op{newOp(9330, doCountUnread, kit, op{States: []conversationState{{soloRoom, 1, 0, 0}}})},
				h.Ops...)
		}, []string{"readMarkersNeverGoBack"}},
		{"a read marker is not stored", func(_ *history, db *databaseState) { db.Members[3].ReadSeq = 0 },
			[]string{"readMarkersNeverGoBack", "unreadCountsCorrect"}},
		{"a read marker is beyond the last seq", func(_ *history, db *databaseState) { db.Members[1].ReadSeq = 17 },
			[]string{"readMarkersNeverGoBack"}},
		{"unread messages are counted wrong",
			do(newOp(9330, doCountUnread, kit,
				op{States: []conversationState{{soloRoom, 1, 1, 1}}})), []string{"unreadCountsCorrect"}},
		{"a stream has a wrong unread count", see(3, stateSeen(9320, conversationState{soloRoom, 1, 1, 1})),
			[]string{"unreadCountsCorrect"}},
	} {
		t.Run(f.fault, func(t *testing.T) {
			h, db := cleanHistory()
			f.do(&h, &db)
			for _, k := range checks {
				found, wanted := k.find(h, db), slices.Contains(f.finds, k.functionName())
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

// functionName returns the name of the function of a check.
func (k check) functionName() string {
	name := runtime.FuncForPC(reflect.ValueOf(k.find).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}
