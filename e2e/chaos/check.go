package chaos

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// check is one promise: find tells where a history breaks it.
type check struct {
	name string
	find func(history, content) []violation
}

var checks = []check{
	{"what was acknowledged is stored once, as it was answered", acknowledgedOnce},
	{"what has no answer is stored once or not at all", unknownAtMostOnce},
	{"what was refused is not stored", refusedNever},
	{"what is stored or shown was sent", nothingInvented},
	{"every message is as its last change left it", lastChangeStands},
	{"a reaction is added and taken back by turns", reactionsTakeTurns},
	{"a change looks the same wherever it shows", oneLook},
	{"every number of a room is taken by one change", numbersOnce},
	{"who was answered before another began comes first", inOrder},
	{"what was acknowledged is read on every node", readsSeeWrites},
	{"a page shows everything up to its cursor, and in the end everything", pagesComplete},
	{"nothing after a removal reaches the removed, or is done by them", nothingAfterRemoval},
	{"nothing reaches a session that is over", nothingAfterLogOut},
	{"nobody is shut out without cause", nobodyShutOut},
	{"a program is told each message once", toldOnce},
	{"a file is given as it was sent, on every node", filesAsSent},
	{"every file has its object, and nothing else is kept", objectsMatch},
	{"no file is given to who may not read it", filesSecret},
	{"a read mark never moves back", marksStay},
	{"what is unread is counted right", unreadCounted},
}

// violation is a broken promise, with what shows it.
type violation struct {
	Text    string
	Excerpt []string
}

func broken(shows []fmt.Stringer, format string, args ...any) violation {
	v := violation{Text: fmt.Sprintf(format, args...)}
	for _, s := range shows {
		v.Excerpt = append(v.Excerpt, s.String())
	}
	return v
}

// maxShown bounds what is printed of each check.
const maxShown = 3

// judge runs every check and returns what they found, ready to print.
func judge(h history, c content) (report []string) {
	for _, k := range checks {
		found := k.find(h, c)
		for _, v := range found[:min(len(found), maxShown)] {
			report = append(report, fmt.Sprintf("BROKEN: %s (%d times)\n  %s\n    %s", k.name, len(found), v.Text, strings.Join(v.Excerpt, "\n    ")))
		}
	}
	return report
}

// all are the ops of one kind.
func (h history) all(is kind) (ops []op) {
	for _, o := range h.Ops {
		if o.Kind == is {
			ops = append(ops, o)
		}
	}
	return ops
}

// intent is a message that somebody wants to send, however many requests it takes.
type intent struct {
	Who       int64
	Key, Body string
}

// intents gathers the requests of each message, in the order in which they were made.
func (h history) intents() map[intent][]op {
	all := map[intent][]op{}
	for _, o := range h.all(doPost) {
		i := intent{o.Who, o.Key, o.Body}
		all[i] = append(all[i], o)
	}
	return all
}

func some(ops []op, is outcome) bool {
	return slices.ContainsFunc(ops, func(o op) bool { return o.Outcome == is })
}

// rows are the messages of an intent. One that was changed since is known by the id that its sender was answered.
func (h history) rows(c content) map[intent][]stored {
	sent := map[int64]intent{}
	for _, o := range h.all(doPost) {
		if o.Outcome == ok {
			sent[o.ID] = intent{o.Who, o.Key, o.Body}
		}
	}
	all := map[intent][]stored{}
	for _, m := range c.Messages {
		i := intent{m.Author, m.Key, m.Body}
		if first := sent[m.ID]; (m.Edited || m.Deleted) && first.Who == m.Author && first.Key == m.Key {
			i = first
		}
		all[i] = append(all[i], m)
	}
	return all
}

// evidence is everything about one message.
func evidence(ops []op, rows []stored) (shows []fmt.Stringer) {
	for _, o := range ops {
		shows = append(shows, o)
	}
	for _, m := range rows {
		shows = append(shows, m)
	}
	return shows
}

func acknowledgedOnce(h history, c content) (found []violation) {
	rows := h.rows(c)
	for i, ops := range h.intents() {
		for _, o := range ops {
			switch r := rows[i]; {
			case o.Outcome != ok:
			case len(r) != 1:
				found = append(found, broken(evidence(ops, r), "%s was acknowledged and is stored %d times", i.Body, len(r)))
			case r[0].Room != o.Room || r[0].Seq != o.Seq || r[0].ID != o.ID:
				found = append(found, broken(evidence(ops, r), "%s is stored otherwise than answered", i.Body))
			}
		}
	}
	return found
}

func unknownAtMostOnce(h history, c content) (found []violation) {
	rows := h.rows(c)
	for i, ops := range h.intents() {
		if r := rows[i]; some(ops, unknown) && !some(ops, ok) && len(r) > 1 {
			found = append(found, broken(evidence(ops, r), "%s is stored %d times", i.Body, len(r)))
		}
	}
	return found
}

func refusedNever(h history, c content) (found []violation) {
	rows := h.rows(c)
	for i, ops := range h.intents() {
		if r := rows[i]; len(r) > 0 && !some(ops, unknown) && !some(ops, ok) {
			found = append(found, broken(evidence(ops, r), "%s was refused and is stored", i.Body))
		}
	}
	return found
}

// nothingInvented wants an intent for each row, and for each line that anybody saw the row, and somebody who gave it this
// text and these reactions.
func nothingInvented(h history, c content) (found []violation) {
	intents, wordings, reacted := h.intents(), h.wordings(), h.reactions()
	for i, r := range h.rows(c) {
		switch ops := intents[i]; {
		case len(ops) == 0:
			found = append(found, broken(evidence(nil, r), "nobody sent %s", i.Body))
		case !r[0].Deleted && r[0].Files != ops[0].Files:
			found = append(found, broken(evidence(ops, r), "%s was sent with files %s and has %s", i.Body, ops[0].Files, r[0].Files))
		}
	}
	meant := func(m stored, l line) bool {
		for r := range strings.FieldsSeq(l.Reactions) {
			if len(reacted[reaction{m.ID, r}]) == 0 {
				return false
			}
		}
		unchanged := !m.Edited && !m.Deleted && l.Body == m.Body
		return unchanged || wordingOf(wordings[m.ID], l.Body) >= 0
	}
	see := func(room int64, where fmt.Stringer, lines ...line) {
		for _, l := range lines {
			if m := c.in(room, l.Seq, l.Seq); len(m) != 1 || !meant(m[0], l) {
				found = append(found, broken(append(evidence(nil, m), where), "in room %d nobody wrote line %v", room, l))
			}
		}
	}
	h.shown(see)
	for _, m := range c.Messages {
		see(m.Room, m, m.line())
	}
	return found
}

// shown gives everything that pages, streams and answers show of lines.
func (h history) shown(see func(room int64, where fmt.Stringer, lines ...line)) {
	for _, r := range h.Readings {
		for _, s := range r.Sights {
			if see(r.Room, s, s.Lines...); s.Kind == sawNew || s.Kind == sawChanged {
				see(r.Room, s, s.Line)
			}
		}
	}
	for _, o := range h.Ops {
		if see(o.Room, o, o.Lines...); o.Line.Seq > 0 {
			see(o.Room, o, o.Line)
		}
	}
}

// between is the part of a sorted list from where low is no longer negative to where high is not.
func between[T any](list []T, low, high func(T) int) []T {
	from := sort.Search(len(list), func(i int) bool { return low(list[i]) >= 0 })
	to := sort.Search(len(list), func(i int) bool { return high(list[i]) >= 0 })
	return list[from:max(from, to)]
}

// calm is the first moment, not before t, that had so much time without a fault behind it since t.
func (h history) calm(t time.Time, so time.Duration) time.Time {
	for _, f := range h.Faults { // in the order in which they began
		if f.Start.Before(t.Add(so)) && f.End.After(t) {
			t = f.End
		}
	}
	return t.Add(so)
}
