package chaos

import (
	"cmp"
	"fmt"
	"time"
)

// atMillis returns a moment of the small histories below, in milliseconds.
func atMillis(ms int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(ms)) }

// In room 7 Ana (1) and Bob (2) write and Eva (3) reads. Max (4) joins, is removed, joins again and is removed again.
// Kit (5) is alone in room 8.
const (
	testRoom, soloRoom        = 7, 8
	ana, bob, eva, mover, kit = 1, 2, 3, 4, 5
)

// filesOfText maps some texts to the ids of the files that they are sent with.
var filesOfText = map[string]string{"four": "51", "five": "52"}

// newOp makes an op that takes ten milliseconds.
func newOp(ms int, k opKind, who int64, o op) op {
	o.Start, o.End, o.Kind, o.By, o.Room, o.Node = atMillis(ms), atMillis(ms+10), k, who, testRoom, cmp.Or(o.Node, "a")
	if o.Session == "" {
		o.Session = fmt.Sprint(who)
	}
	if o.Outcome == "" {
		o.Outcome = succeeded
	}
	return o
}

// postOp makes a request that posts a message.
func postOp(ms int, who int64, body string, seq int64, is outcome) op {
	return newOp(ms, doPost, who, op{Key: "key " + body, Body: body, Files: filesOfText[body], Seq: seq, ID: 100 + seq,
		Outcome: is})
}

// messageRow makes a stored message that was never changed.
func messageRow(who int64, body string, seq int64) storedMessage {
	return storedMessage{Room: testRoom, Seq: seq, ChangedSeq: seq, ID: 100 + seq, Author: who, Key: "key " + body,
		Body: body, Files: filesOfText[body]}
}

// messageWith makes a message as it is shown before its first change.
func messageWith(seq int64, body string) shownMessage {
	return shownMessage{Seq: seq, Body: body, Files: filesOfText[body]}
}

// fileOp makes the fields of an upload or download.
func fileOp(id, size int64, sum string) op { return op{ID: id, Size: size, Hash: sum} }

// inSoloRoom moves an op to the other room.
func inSoloRoom(o op) op {
	o.Room = soloRoom
	return o
}

// stateSeen makes an observation of the state of a conversation.
func stateSeen(ms int, s conversationState) observation {
	return observation{At: atMillis(ms), Kind: sawState, State: s}
}

// withVersion returns the message as a change left it.
func (l shownMessage) withVersion(version int64, change func(*shownMessage)) shownMessage {
	l.Version = version
	change(&l)
	return l
}

func withBody(body string) func(*shownMessage) {
	return func(l *shownMessage) { l.Body, l.Edited = body, true }
}
func withReactions(by string) func(*shownMessage) { return func(l *shownMessage) { l.Reactions = by } }

func asPinned(l *shownMessage) { l.Pinned = true }

func asDeleted(l *shownMessage) {
	l.Body, l.Reactions, l.Files, l.Edited, l.Deleted = "", "", "", false, true
}

// changeOp makes a request that changes the message with the seq of m, which is shown as m after it.
func changeOp(ms int, k opKind, who int64, body string, previous int64, m shownMessage, is outcome) op {
	o := op{ID: 100 + m.Seq, Seq: m.Seq, Body: body, Outcome: is}
	if is == succeeded {
		o.Message, o.PreviousVersion = m, previous
	}
	return newOp(ms, k, who, o)
}

// afterChange returns the row as its last change left it.
func (m storedMessage) afterChange(l shownMessage) storedMessage {
	m.ChangedSeq, m.Body, m.Edited, m.Deleted = l.lastSeq(), l.Body, l.Edited, l.Deleted
	m.Reactions, m.Files, m.Pinned = l.Reactions, l.Files, l.Pinned
	return m
}

// seen makes an observation of messages.
func seen(ms int, k observationKind, cursor int64, messages ...shownMessage) observation {
	s := observation{At: atMillis(ms), Kind: k, Cursor: cursor, Messages: messages}
	if k == sawNew || k == sawChanged {
		s.Message, s.Messages = messages[0], nil
	}
	return s
}

// cleanHistory returns a history in which every promise is kept, with the difficult cases: a message without a response
// that is stored and one that is not, one sent twice, a refused one, a stream that is cut and repeats a message, joins
// whose rows are gone, the same file uploaded twice and one of the two deleted, and a token that is used again because
// the response was lost.
func cleanHistory() (history, databaseState) {
	one, two, four, five := messageWith(2, "one"), messageWith(4, "two"), messageWith(6, "four"), messageWith(9, "five")
	six := messageWith(11, "six")
	liked := six.withVersion(12, withReactions("🎉:2"))
	reworded := liked.withVersion(14, withBody("6")).withVersion(14, withReactions("🎉:2 👍:3"))
	unliked, deleted := reworded.withVersion(15, withReactions("👍:3")), five.withVersion(16, asDeleted)
	h := history{
		Ops: []op{
			newOp(0, doJoin, ana, op{Target: mover}), // takes 3
			postOp(0, ana, "one", 2, succeeded),
			postOp(20, bob, "two", 0, unknown),
			postOp(40, bob, "two", 4, succeeded),
			postOp(45, bob, "two", 4, succeeded), // sent again, long after
			postOp(60, mover, "lost", 0, unknown),
			newOp(70, doLeave, ana, op{Target: mover}), // takes 5
			postOp(80, mover, "no longer", 0, refused),
			newOp(85, doUpload, bob, fileOp(51, 3, "aa")),
			postOp(90, bob, "four", 0, unknown),
			newOp(120, doRead, ana, op{Messages: []shownMessage{two, four}}),
			newOp(130, doJoin, ana, op{Target: mover}),      // takes 7
			newOp(150, doLeave, ana, op{Target: mover}),     // takes 8
			newOp(155, doUpload, ana, op{Outcome: unknown}), // half a file
			newOp(160, doUpload, ana, fileOp(52, 3, "aa")),
			postOp(170, ana, "five", 9, succeeded),
			newOp(182, doFetch, mover, op{ID: 52, Outcome: refused}),
			newOp(182, doFetch, bob, fileOp(52, 3, "aa")),
			newOp(185, doRead, bob, op{Messages: []shownMessage{one, two, four, five}, Complete: true}),
			newOp(200, doLogOut, bob, op{EndedSessions: []string{"2"}}),
			newOp(220, doRead, bob, op{Outcome: refused}),
			newOp(240, doJoin, ana, op{Target: eva}), // takes 10
			postOp(9000, ana, "six", 11, succeeded),
			changeOp(9200, doReact, bob, "🎉", 0, liked, succeeded),    // takes 12
			changeOp(9220, doReact, eva, "👍", 0, liked, unknown),      // takes 13
			changeOp(9240, doEdit, ana, "6", 0, reworded, unknown),    // takes 14
			changeOp(9260, doEdit, ana, "6", 14, reworded, succeeded), // sent again: nothing to change
			changeOp(9280, doReact, bob, "🎉", 14, unliked, succeeded), // takes 15
			changeOp(9290, doEdit, bob, "not mine", 0, unliked, refused),
			changeOp(9300, doDelete, ana, "", 0, deleted, succeeded), // of message five, takes 16
			changeOp(9320, doReact, bob, "🎉", 0, deleted, refused),
			newOp(9340, doRead, ana, op{Messages: []shownMessage{deleted, unliked}}),
			newOp(9350, doUpload, ana, fileOp(53, 4, "bb")),
			newOp(9350, doFetch, eva, fileOp(51, 3, "aa")),
			newOp(9360, doFetch, ana, fileOp(53, 4, "bb")),
			newOp(9360, doFetch, eva, op{ID: 53, Outcome: refused}),
			newOp(9370, doFetch, ana, op{ID: 52, Outcome: refused}),
			inSoloRoom(newOp(9310, doMarkRead, kit, op{Seq: 1})),
			newOp(9320, doCountUnread, kit, op{States: []conversationState{{soloRoom, 1, 1, 0}}}),
			newOp(9330, doRefresh, ana, op{Key: "t1", Outcome: unknown}),
			newOp(9340, doRefresh, ana, op{Key: "t1", Body: "t2"}),
			newOp(9345, doRefresh, ana, op{Key: "t1", Body: "t2"}),
			newOp(80_000, doRefresh, ana, op{Key: "t1", Outcome: refused, Reason: "401 Unauthorized"}),
		},
		Readers: []readerLog{
			{Reader: "eva", User: eva, Session: "3", Room: testRoom, Stayed: true, Observations: []observation{
				seen(5, sawPage, 1), seen(6, sawOpened, 0), seen(10, sawNew, 2, one), seen(12, sawEnd, 0),
				seen(30, sawOpened, 0), seen(45, sawNew, 4, two), seen(46, sawNew, 4, two), seen(47, sawChanged, 0,
					messageWith(3, "elsewhere")),
				seen(130, sawNew, 6, four), seen(140, sawPage, 7, one, two, four), seen(141, sawOpened, 0),
				seen(175, sawNew, 9, five), seen(9005, sawNew, 11, six),
				seen(9205, sawChanged, 12, liked), seen(9245, sawChanged, 14, reworded), seen(9285, sawChanged, 15,
					unliked), seen(9305, sawChanged, 16, deleted),
			}},
			{Reader: "max", User: mover, Room: testRoom, Observations: []observation{
				seen(15, sawPage, 3, one), seen(16, sawOpened, 0), seen(46, sawNew, 4, two), seen(72, sawEnd, 0),
				seen(142, sawPage, 7, one, two, four), seen(144, sawOpened, 0), seen(152, sawEnd, 0),
			}},
			{Reader: "bob", User: bob, Session: "2", Room: testRoom, Observations: []observation{seen(50, sawPage, 4,
				one, two), seen(52, sawOpened, 0), seen(130, sawNew, 6, four)}},
			{Reader: "kit", User: kit, Program: true, Stayed: true, Observations: []observation{
				{At: atMillis(9301), RequestedAt: atMillis(9300), Kind: sawOpened}, stateSeen(9302,
					conversationState{soloRoom, 1, 0, 0}), stateSeen(9312, conversationState{soloRoom, 1, 1, 0}),
			}},
		},
		Faults: []faultRecord{{"kill", atMillis(60), atMillis(90)}},
	}
	db := databaseState{
		LastSeq: map[int64]int64{testRoom: 16, soloRoom: 1},
		Messages: []storedMessage{messageRow(ana, "one", 2), messageRow(bob, "two", 4), messageRow(bob, "four", 6),
			messageRow(ana, "five", 9).afterChange(deleted), messageRow(ana, "six", 11).afterChange(unliked)},
		Members: []membership{{testRoom, ana, 1, 1}, {testRoom, eva, 10, 10}, {testRoom, bob, 0, 0},
			{soloRoom, kit, 1, 1}},
		Departures: []departure{{testRoom, mover, 5, atMillis(75)}, {testRoom, mover, 8, atMillis(155)}},
		Files:      []storedFile{{51, 1, 106}, {53, 2, 0}},
		Blobs:      []storedBlob{{1, 3, "first", "aa"}, {2, 4, "second", "bb"}},
		Objects:    []string{"first", "second"},
	}
	h.Readers[0].Observations[7] = seen(47, sawChanged, 0, two) // a change of a message that is on the page
	return h, db
}
