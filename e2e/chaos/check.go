package chaos

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// check tests one promise of Charla. Name states the promise; find returns the places where the history breaks it.
type check struct {
	name string
	find func(history, databaseState) []violation
}

var checks = []check{
	{"an acknowledged message is stored once, as the response said", acknowledgedOnce},
	{"a message without a response is stored at most once", unknownAtMostOnce},
	{"a refused message is not stored", refusedNever},
	{"everything that is stored or shown was sent", nothingInvented},
	{"every message is as its last change left it", lastChangeStands},
	{"each request for a reaction toggles it", reactionsToggle},
	{"a message is pinned as the last request left it", pinsStand},
	{"a change looks the same wherever it is shown", shownIdentically},
	{"every seq of a room belongs to exactly one change", seqsUsedOnce},
	{"a change that was acknowledged before another began has the lower seq", inOrder},
	{"acknowledged messages are read on every node", readsSeeWrites},
	{"a page shows everything up to its cursor, and in the end everything", pagesComplete},
	{"a removed member receives nothing and changes nothing afterwards", nothingAfterRemoval},
	{"an ended session receives nothing", nothingAfterLogOut},
	{"no session ends without a cause", sessionsStayValid},
	{"an API client receives each message once", deliveredOnce},
	{"a file is served as it was uploaded, on every node", filesAsSent},
	{"every file has its object, and no other object remains", objectsMatch},
	{"only people who may read a file can fetch it", filesPrivate},
	{"a read marker never moves back", readMarkersNeverGoBack},
	{"unread messages are counted correctly", unreadCountsCorrect},
}

// violation describes how a history breaks a promise, with the records that show it.
type violation struct {
	Text    string
	Excerpt []string
}

// newViolation returns a violation with the formatted text. Its excerpt is the text of the given records.
func newViolation(records []fmt.Stringer, format string, args ...any) violation {
	v := violation{Text: fmt.Sprintf(format, args...)}
	for _, r := range records {
		v.Excerpt = append(v.Excerpt, r.String())
	}
	return v
}

// maxReported is the number of violations that are printed for each check; the rest are only counted.
const maxReported = 3

// runChecks runs every check and returns the violations as text to print.
func runChecks(h history, db databaseState) (report []string) {
	for _, k := range checks {
		found := k.find(h, db)
		for _, v := range found[:min(len(found), maxReported)] {
			report = append(report, fmt.Sprintf("BROKEN: %s (%d times)\n  %s\n    %s",
				k.name, len(found), v.Text, strings.Join(v.Excerpt, "\n    ")))
		}
	}
	return report
}

// opsOf returns the requests of one kind, in the order in which they were made.
func (h history) opsOf(is opKind) (ops []op) {
	for _, o := range h.Ops {
		if o.Kind == is {
			ops = append(ops, o)
		}
	}
	return ops
}

// intent identifies a message that a user wants to post. If the user repeats the request, the intent stays the same.
type intent struct {
	By        int64
	Key, Body string
}

// intents groups the requests to post by the message that they post. The requests of a message are in the order in
// which they were made.
func (h history) intents() map[intent][]op {
	all := map[intent][]op{}
	for _, o := range h.opsOf(doPost) {
		i := intent{o.By, o.Key, o.Body}
		all[i] = append(all[i], o)
	}
	return all
}

// anyWithOutcome reports whether at least one of the requests has the given outcome.
func anyWithOutcome(ops []op, is outcome) bool {
	return slices.ContainsFunc(ops, func(o op) bool { return o.Outcome == is })
}

// storedByIntent groups the stored messages by the intent to post them. If the text of a message was changed later, it
// finds the intent by the message id in the response to the request to post.
func (h history) storedByIntent(db databaseState) map[intent][]storedMessage {
	sent := map[int64]intent{}
	for _, o := range h.opsOf(doPost) {
		if o.Outcome == succeeded {
			sent[o.ID] = intent{o.By, o.Key, o.Body}
		}
	}
	all := map[intent][]storedMessage{}
	for _, m := range db.Messages {
		i := intent{m.Author, m.Key, m.Body}
		if first := sent[m.ID]; (m.Edited || m.Deleted) && first.By == m.Author && first.Key == m.Key {
			i = first
		}
		all[i] = append(all[i], m)
	}
	return all
}

// evidence returns the records about one message as an excerpt for a violation: first the requests, then the stored
// rows.
func evidence(ops []op, rows []storedMessage) (records []fmt.Stringer) {
	for _, o := range ops {
		records = append(records, o)
	}
	for _, m := range rows {
		records = append(records, m)
	}
	return records
}

// acknowledgedOnce requires that a message is stored exactly once if a response acknowledged it, and with the room, seq
// (number of a change in the room) and id of that response.
func acknowledgedOnce(h history, db databaseState) (found []violation) {
	rows := h.storedByIntent(db)
	for i, ops := range h.intents() {
		for _, o := range ops {
			switch r := rows[i]; {
			case o.Outcome != succeeded:
			case len(r) != 1:
				found = append(found, newViolation(evidence(ops, r), "%s was acknowledged and is stored %d times",
					i.Body, len(r)))
			case r[0].Room != o.Room || r[0].Seq != o.Seq || r[0].ID != o.ID:
				found = append(found, newViolation(evidence(ops, r), "%s is not stored as the response said", i.Body))
			}
		}
	}
	return found
}

// unknownAtMostOnce requires that a message is stored at most once if its user does not know whether it was accepted,
// because no response said so.
func unknownAtMostOnce(h history, db databaseState) (found []violation) {
	rows := h.storedByIntent(db)
	for i, ops := range h.intents() {
		if r := rows[i]; anyWithOutcome(ops, unknown) && !anyWithOutcome(ops, succeeded) && len(r) > 1 {
			found = append(found, newViolation(evidence(ops, r), "%s is stored %d times", i.Body, len(r)))
		}
	}
	return found
}

// refusedNever requires that a message is not stored if all requests to post it were refused.
func refusedNever(h history, db databaseState) (found []violation) {
	rows := h.storedByIntent(db)
	for i, ops := range h.intents() {
		if r := rows[i]; len(r) > 0 && !anyWithOutcome(ops, unknown) && !anyWithOutcome(ops, succeeded) {
			found = append(found, newViolation(evidence(ops, r), "%s was refused and is stored", i.Body))
		}
	}
	return found
}

// nothingInvented requires three things: somebody posted each stored message; each shown message is stored; somebody
// requested the text, the reactions and the pin with which a message is shown.
func nothingInvented(h history, db databaseState) (found []violation) {
	intents, versions, reacted, pins := h.intents(), h.textVersions(), h.reactions(), h.pinRequests()
	for i, r := range h.storedByIntent(db) {
		switch ops := intents[i]; {
		case len(ops) == 0:
			found = append(found, newViolation(evidence(nil, r), "nobody sent %s", i.Body))
		case !r[0].Deleted && r[0].Files != ops[0].Files:
			found = append(found, newViolation(evidence(ops, r), "%s was sent with files %s and has %s",
				i.Body, ops[0].Files, r[0].Files))
		}
	}
	requested := func(m storedMessage, s shownMessage) bool {
		for r := range strings.FieldsSeq(s.Reactions) {
			if len(reacted[reaction{m.ID, r}]) == 0 {
				return false
			}
		}
		if s.Pinned && len(pins[m.ID]) == 0 {
			return false
		}
		unchanged := !m.Edited && !m.Deleted && s.Body == m.Body
		return unchanged || indexOfText(versions[m.ID], s.Body) >= 0
	}
	visit := func(room int64, where fmt.Stringer, messages ...shownMessage) {
		for _, s := range messages {
			if m := db.messagesBetween(room, s.Seq, s.Seq); len(m) != 1 || !requested(m[0], s) {
				found = append(found, newViolation(append(evidence(nil, m), where),
					"in room %d nobody wrote message %v", room, s))
			}
		}
	}
	h.eachShownMessage(visit)
	for _, m := range db.Messages {
		visit(m.Room, m, m.shown())
	}
	return found
}

// eachShownMessage calls visit with the messages that a page, a stream or a response showed. The parameter where is the
// record that showed them.
func (h history) eachShownMessage(visit func(room int64, where fmt.Stringer, messages ...shownMessage)) {
	for _, r := range h.Readers {
		for _, s := range r.Observations {
			if visit(r.Room, s, s.Messages...); s.Kind == sawNew || s.Kind == sawChanged {
				visit(r.Room, s, s.Message)
			}
		}
	}
	for _, o := range h.Ops {
		if visit(o.Room, o, o.Messages...); o.Message.Seq > 0 {
			visit(o.Room, o, o.Message)
		}
	}
}

// between returns a part of a sorted list: from the first element for which low returns 0 or more up to the last
// element for which high returns a negative number.
func between[T any](list []T, low, high func(T) int) []T {
	from := sort.Search(len(list), func(i int) bool { return low(list[i]) >= 0 })
	to := sort.Search(len(list), func(i int) bool { return high(list[i]) >= 0 })
	return list[from:max(from, to)]
}
