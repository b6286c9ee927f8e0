package chaos

import (
	"cmp"
	"fmt"
	"time"
)

// at is a moment of the small histories below, in milliseconds.
func at(ms int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(ms)) }

// In room 7 Ana (1) and Bob (2) write and Eva (3) reads. Max (4) is let in, taken out, let in again and taken out again. Kit (5)
// is alone in room 8.
const (
	room, alone               = 7, 8
	ana, bob, eva, mover, kit = 1, 2, 3, 4, 5
)

// attached are the files that some texts are sent with.
var attached = map[string]string{"four": "51", "five": "52"}

// request is an op that takes ten milliseconds.
func request(ms int, k kind, who int64, o op) op {
	o.Start, o.End, o.Kind, o.Who, o.Room, o.Node = at(ms), at(ms+10), k, who, room, cmp.Or(o.Node, "a")
	if o.Session == "" {
		o.Session = fmt.Sprint(who)
	}
	if o.Outcome == "" {
		o.Outcome = ok
	}
	return o
}

func posting(ms int, who int64, body string, seq int64, is outcome) op {
	return request(ms, doPost, who, op{Key: "key " + body, Body: body, Files: attached[body], Seq: seq, ID: 100 + seq, Outcome: is})
}

func row(who int64, body string, seq int64) stored {
	return stored{Room: room, Seq: seq, ChangedSeq: seq, ID: 100 + seq, Author: who, Key: "key " + body, Body: body, Files: attached[body]}
}

func says(seq int64, body string) line { return line{Seq: seq, Body: body, Files: attached[body]} }

// file is one that goes up or comes.
func file(id, size int64, sum string) op { return op{ID: id, Size: size, Sum: sum} }

// apart is what is done in the other room.
func apart(o op) op {
	o.Room = alone
	return o
}

func told(ms int, s standing) sight { return sight{At: at(ms), Kind: sawState, State: s} }

// now is a line as of a change.
func (l line) now(version int64, change func(*line)) line {
	l.Version = version
	change(&l)
	return l
}

func edited(body string) func(*line)  { return func(l *line) { l.Body, l.Edited = body, true } }
func reactedTo(by string) func(*line) { return func(l *line) { l.Reactions = by } }

func gone(l *line) { l.Body, l.Reactions, l.Files, l.Edited, l.Deleted = "", "", "", false, true }

// changing is a request about the message that was posted with the number of l, which after it is shown as l.
func changing(ms int, k kind, who int64, body string, after int64, l line, is outcome) op {
	o := op{ID: 100 + l.Seq, Seq: l.Seq, Body: body, Outcome: is}
	if is == ok {
		o.Line, o.After = l, after
	}
	return request(ms, k, who, o)
}

// as is the row as its last change left it.
func (m stored) as(l line) stored {
	m.ChangedSeq, m.Body, m.Edited, m.Deleted, m.Reactions, m.Files = l.number(), l.Body, l.Edited, l.Deleted, l.Reactions, l.Files
	return m
}

func shown(ms int, k sightKind, cursor int64, lines ...line) sight {
	s := sight{At: at(ms), Kind: k, Cursor: cursor, Lines: lines}
	if k == sawNew || k == sawChanged {
		s.Line, s.Lines = lines[0], nil
	}
	return s
}

// clean is a history in which every promise is kept, among them the difficult ones: a message without an answer that is
// stored and one that is not, one sent twice, a refused one, a stream that is cut and repeats a line, joinings whose rows
// are gone, the same file sent twice and one of them deleted, a token that is used again because the answer was lost.
func clean() (history, content) {
	one, two, four, five := says(2, "one"), says(4, "two"), says(6, "four"), says(9, "five")
	six := says(11, "six")
	liked := six.now(12, reactedTo("🎉:2"))
	reworded := liked.now(14, edited("6")).now(14, reactedTo("🎉:2 👍:3"))
	unliked, deleted := reworded.now(15, reactedTo("👍:3")), five.now(16, gone)
	h := history{
		Ops: []op{
			request(0, doAdmit, ana, op{Whom: mover}), // takes 3
			posting(0, ana, "one", 2, ok),
			posting(20, bob, "two", 0, unknown),
			posting(40, bob, "two", 4, ok),
			posting(45, bob, "two", 4, ok), // again, long after
			posting(60, mover, "lost", 0, unknown),
			request(70, doDepart, ana, op{Whom: mover}), // takes 5
			posting(80, mover, "no longer", 0, refused),
			request(85, doUpload, bob, file(51, 3, "aa")),
			posting(90, bob, "four", 0, unknown),
			request(120, doRead, ana, op{Lines: []line{two, four}}),
			request(130, doAdmit, ana, op{Whom: mover}),       // takes 7
			request(150, doDepart, ana, op{Whom: mover}),      // takes 8
			request(155, doUpload, ana, op{Outcome: unknown}), // half of one
			request(160, doUpload, ana, file(52, 3, "aa")),
			posting(170, ana, "five", 9, ok),
			request(182, doFetch, mover, op{ID: 52, Outcome: refused}),
			request(182, doFetch, bob, file(52, 3, "aa")),
			request(185, doRead, bob, op{Lines: []line{one, two, four, five}, Whole: true}),
			request(200, doLogOut, bob, op{Ends: []string{"2"}}),
			request(220, doRead, bob, op{Outcome: refused}),
			request(240, doAdmit, ana, op{Whom: eva}), // takes 10
			posting(9000, ana, "six", 11, ok),
			changing(9200, doReact, bob, "🎉", 0, liked, ok),        // takes 12
			changing(9220, doReact, eva, "👍", 0, liked, unknown),   // takes 13
			changing(9240, doEdit, ana, "6", 0, reworded, unknown), // takes 14
			changing(9260, doEdit, ana, "6", 14, reworded, ok),     // again: nothing to change
			changing(9280, doReact, bob, "🎉", 14, unliked, ok),     // takes 15
			changing(9290, doEdit, bob, "not mine", 0, unliked, refused),
			changing(9300, doDelete, ana, "", 0, deleted, ok), // of five, takes 16
			changing(9320, doReact, bob, "🎉", 0, deleted, refused),
			request(9340, doRead, ana, op{Lines: []line{deleted, unliked}}),
			request(9350, doUpload, ana, file(53, 4, "bb")),
			request(9350, doFetch, eva, file(51, 3, "aa")),
			request(9360, doFetch, ana, file(53, 4, "bb")),
			request(9360, doFetch, eva, op{ID: 53, Outcome: refused}),
			request(9370, doFetch, ana, op{ID: 52, Outcome: refused}),
			apart(request(9310, doMark, kit, op{Seq: 1})),
			request(9320, doCount, kit, op{Standing: []standing{{alone, 1, 1, 0}}}),
			request(9330, doRenew, ana, op{Key: "t1", Outcome: unknown}),
			request(9340, doRenew, ana, op{Key: "t1", Body: "t2"}),
			request(9345, doRenew, ana, op{Key: "t1", Body: "t2"}),
			request(80_000, doRenew, ana, op{Key: "t1", Outcome: refused, Why: "401 Unauthorized"}),
		},
		Readings: []reading{
			{Reader: "eva", Who: eva, Session: "3", Room: room, Stayed: true, Sights: []sight{
				shown(5, sawPage, 1), shown(6, sawOpened, 0), shown(10, sawNew, 2, one), shown(12, sawEnd, 0),
				shown(30, sawOpened, 0), shown(45, sawNew, 4, two), shown(46, sawNew, 4, two), shown(47, sawChanged, 0, says(3, "elsewhere")),
				shown(130, sawNew, 6, four), shown(140, sawPage, 7, one, two, four), shown(141, sawOpened, 0),
				shown(175, sawNew, 9, five), shown(9005, sawNew, 11, six),
				shown(9205, sawChanged, 12, liked), shown(9245, sawChanged, 14, reworded), shown(9285, sawChanged, 15, unliked), shown(9305, sawChanged, 16, deleted),
			}},
			{Reader: "max", Who: mover, Room: room, Sights: []sight{
				shown(15, sawPage, 3, one), shown(16, sawOpened, 0), shown(46, sawNew, 4, two), shown(72, sawEnd, 0),
				shown(142, sawPage, 7, one, two, four), shown(144, sawOpened, 0), shown(152, sawEnd, 0),
			}},
			{Reader: "bob", Who: bob, Session: "2", Room: room, Sights: []sight{shown(50, sawPage, 4, one, two), shown(52, sawOpened, 0), shown(130, sawNew, 6, four)}},
			{Reader: "kit", Who: kit, Program: true, Stayed: true, Sights: []sight{
				{At: at(9301), Asked: at(9300), Kind: sawOpened}, told(9302, standing{alone, 1, 0, 0}), told(9312, standing{alone, 1, 1, 0}),
			}},
		},
		Faults: []fault{{"kill", at(60), at(90)}},
	}
	c := content{
		LastSeq:    map[int64]int64{room: 16, alone: 1},
		Messages:   []stored{row(ana, "one", 2), row(bob, "two", 4), row(bob, "four", 6), row(ana, "five", 9).as(deleted), row(ana, "six", 11).as(unliked)},
		Members:    []membership{{room, ana, 1, 1}, {room, eva, 10, 10}, {room, bob, 0, 0}, {alone, kit, 1, 1}},
		Departures: []departure{{room, mover, 5, at(75)}, {room, mover, 8, at(155)}},
		Files:      []storedFile{{51, 1, 106}, {53, 2, 0}},
		Contents:   []storedContent{{1, 3, "first", "aa"}, {2, 4, "second", "bb"}},
		Objects:    []string{"first", "second"},
	}
	h.Readings[0].Sights[7] = shown(47, sawChanged, 0, two) // a change of a line that is there
	return h, c
}
