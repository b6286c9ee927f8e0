package chaos

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// check is one promise: find tells where a history breaks it.
type check struct {
	name string
	find func(history, databaseState) []violation
}

var checks = []check{
	{"what was acknowledged is stored once, as it was answered", acknowledgedOnce},
	{"what has no answer is stored once or not at all", unknownAtMostOnce},
	{"what was refused is not stored", refusedNever},
	{"what is stored or shown was sent", nothingInvented},
	{"every message is as its last change left it", lastChangeStands},
	{"a reaction is added and taken back by turns", reactionsToggle},
	{"a change looks the same wherever it shows", shownIdentically},
	{"every number of a room is taken by one change", seqsUsedOnce},
	{"who was answered before another began comes first", inOrder},
	{"what was acknowledged is read on every node", readsSeeWrites},
	{"a page shows everything up to its cursor, and in the end everything", pagesComplete},
	{"nothing after a removal reaches the removed, or is done by them", nothingAfterRemoval},
	{"nothing reaches a session that is over", nothingAfterLogOut},
	{"nobody is shut out without cause", sessionsStayValid},
	{"a program is told each message once", deliveredOnce},
	{"a file is given as it was sent, on every node", filesAsSent},
	{"every file has its object, and nothing else is kept", objectsMatch},
	{"no file is given to who may not read it", filesPrivate},
	{"a read mark never moves back", readMarkersNeverGoBack},
	{"what is unread is counted right", unreadCountsCorrect},
}

// violation is a broken promise, with what shows it.
type violation struct {
	Text    string
	Excerpt []string
}

func newViolation(shows []fmt.Stringer, format string, args ...any) violation {
	v := violation{Text: fmt.Sprintf(format, args...)}
	for _, s := range shows {
		v.Excerpt = append(v.Excerpt, s.String())
	}
	return v
}

// maxReported bounds what is printed of each check.
const maxReported = 3

// runChecks runs every check and returns what they found, ready to print.
func runChecks(h history, c databaseState) (report []string) {
	for _, k := range checks {
		found := k.find(h, c)
		for _, v := range found[:min(len(found), maxReported)] {
			report = append(report, fmt.Sprintf("BROKEN: %s (%d times)\n  %s\n    %s", k.name, len(found), v.Text, strings.Join(v.Excerpt, "\n    ")))
		}
	}
	return report
}

// opsOf are the ops of one kind.
func (h history) opsOf(is opKind) (ops []op) {
	for _, o := range h.Ops {
		if o.Kind == is {
			ops = append(ops, o)
		}
	}
	return ops
}

// intent is a message that somebody wants to send, however many requests it takes.
type intent struct {
	By        int64
	Key, Body string
}

// intents gathers the requests of each message, in the order in which they were made.
func (h history) intents() map[intent][]op {
	all := map[intent][]op{}
	for _, o := range h.opsOf(doPost) {
		i := intent{o.By, o.Key, o.Body}
		all[i] = append(all[i], o)
	}
	return all
}

func anyWithOutcome(ops []op, is outcome) bool {
	return slices.ContainsFunc(ops, func(o op) bool { return o.Outcome == is })
}

// scanRows are the messages of an intent. One that was changed since is known by the id that its sender was answered.
func (h history) storedByIntent(c databaseState) map[intent][]storedMessage {
	sent := map[int64]intent{}
	for _, o := range h.opsOf(doPost) {
		if o.Outcome == succeeded {
			sent[o.ID] = intent{o.By, o.Key, o.Body}
		}
	}
	all := map[intent][]storedMessage{}
	for _, m := range c.Messages {
		i := intent{m.Author, m.Key, m.Body}
		if first := sent[m.ID]; (m.Edited || m.Deleted) && first.By == m.Author && first.Key == m.Key {
			i = first
		}
		all[i] = append(all[i], m)
	}
	return all
}

// evidence is everything about one message.
func evidence(ops []op, rows []storedMessage) (shows []fmt.Stringer) {
	for _, o := range ops {
		shows = append(shows, o)
	}
	for _, m := range rows {
		shows = append(shows, m)
	}
	return shows
}

func acknowledgedOnce(h history, c databaseState) (found []violation) {
	rows := h.storedByIntent(c)
	for i, ops := range h.intents() {
		for _, o := range ops {
			switch r := rows[i]; {
			case o.Outcome != succeeded:
			case len(r) != 1:
				found = append(found, newViolation(evidence(ops, r), "%s was acknowledged and is stored %d times", i.Body, len(r)))
			case r[0].Room != o.Room || r[0].Seq != o.Seq || r[0].ID != o.ID:
				found = append(found, newViolation(evidence(ops, r), "%s is stored otherwise than answered", i.Body))
			}
		}
	}
	return found
}

func unknownAtMostOnce(h history, c databaseState) (found []violation) {
	rows := h.storedByIntent(c)
	for i, ops := range h.intents() {
		if r := rows[i]; anyWithOutcome(ops, unknown) && !anyWithOutcome(ops, succeeded) && len(r) > 1 {
			found = append(found, newViolation(evidence(ops, r), "%s is stored %d times", i.Body, len(r)))
		}
	}
	return found
}

func refusedNever(h history, c databaseState) (found []violation) {
	rows := h.storedByIntent(c)
	for i, ops := range h.intents() {
		if r := rows[i]; len(r) > 0 && !anyWithOutcome(ops, unknown) && !anyWithOutcome(ops, succeeded) {
			found = append(found, newViolation(evidence(ops, r), "%s was refused and is stored", i.Body))
		}
	}
	return found
}

// nothingInvented wants an intent for each row, and for each line that anybody saw the row, and somebody who gave it this
// text and these reactions.
func nothingInvented(h history, c databaseState) (found []violation) {
	intents, wordings, reacted := h.intents(), h.textVersions(), h.reactions()
	for i, r := range h.storedByIntent(c) {
		switch ops := intents[i]; {
		case len(ops) == 0:
			found = append(found, newViolation(evidence(nil, r), "nobody sent %s", i.Body))
		case !r[0].Deleted && r[0].Files != ops[0].Files:
			found = append(found, newViolation(evidence(ops, r), "%s was sent with files %s and has %s", i.Body, ops[0].Files, r[0].Files))
		}
	}
	meant := func(m storedMessage, l shownMessage) bool {
		for r := range strings.FieldsSeq(l.Reactions) {
			if len(reacted[reaction{m.ID, r}]) == 0 {
				return false
			}
		}
		unchanged := !m.Edited && !m.Deleted && l.Body == m.Body
		return unchanged || indexOfText(wordings[m.ID], l.Body) >= 0
	}
	see := func(room int64, where fmt.Stringer, lines ...shownMessage) {
		for _, l := range lines {
			if m := c.messagesBetween(room, l.Seq, l.Seq); len(m) != 1 || !meant(m[0], l) {
				found = append(found, newViolation(append(evidence(nil, m), where), "in room %d nobody wrote line %v", room, l))
			}
		}
	}
	h.eachShownMessage(see)
	for _, m := range c.Messages {
		see(m.Room, m, m.shown())
	}
	return found
}

// seen gives everything that pages, streams and answers show of lines.
func (h history) eachShownMessage(see func(room int64, where fmt.Stringer, lines ...shownMessage)) {
	for _, r := range h.Readers {
		for _, s := range r.Observations {
			if see(r.Room, s, s.Messages...); s.Kind == sawNew || s.Kind == sawChanged {
				see(r.Room, s, s.Message)
			}
		}
	}
	for _, o := range h.Ops {
		if see(o.Room, o, o.Messages...); o.Message.Seq > 0 {
			see(o.Room, o, o.Message)
		}
	}
}

// between is the part of a sorted list from where low is no longer negative to where high is not.
func between[T any](list []T, low, high func(T) int) []T {
	from := sort.Search(len(list), func(i int) bool { return low(list[i]) >= 0 })
	to := sort.Search(len(list), func(i int) bool { return high(list[i]) >= 0 })
	return list[from:max(from, to)]
}
