package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// textVersion is one of the texts that an author gave a message over time, with all requests that set this text. A
// deletion is a version with an empty text.
type textVersion struct {
	Body string
	ops  []op
}

// textVersions returns the texts that authors gave each message, by message id. The texts of a message are in the order
// in which its author requested them. This order is certain, because an author waits for each response before sending
// the next request.
func (h history) textVersions() map[int64][]textVersion {
	all := map[int64][]textVersion{}
	for _, ops := range h.intents() {
		if i := slices.IndexFunc(ops, func(o op) bool { return o.Outcome == succeeded }); i >= 0 {
			all[ops[i].ID] = []textVersion{{ops[i].Body, ops}}
		}
	}
	for _, o := range h.Ops {
		if o.Outcome == refused || o.Kind != doEdit && o.Kind != doDelete {
			continue
		}
		i := indexOfText(all[o.ID], o.Body)
		if i < 0 {
			i, all[o.ID] = len(all[o.ID]), append(all[o.ID], textVersion{Body: o.Body})
		}
		all[o.ID][i].ops = append(all[o.ID][i].ops, o)
	}
	return all
}

// indexOfText returns the index of the version with the text body, or -1 if there is none.
func indexOfText(all []textVersion, body string) int {
	return slices.IndexFunc(all, func(v textVersion) bool { return v.Body == body })
}

// replacedBy returns the request that replaced a text for good and was acknowledged before the given time, or nil if no
// request did. A deletion always replaces a text for good. An edit does so only if no earlier request for the replaced
// text could still take effect; posting the first text cannot, because it never overwrites an edit.
func replacedBy(all []textVersion, body string, before time.Time) []op {
	i := indexOfText(all, body)
	if i < 0 {
		return nil
	}
	for _, later := range all[i+1:] {
		for _, o := range later.ops {
			final := i == 0 || o.Kind == doDelete || !mayTakeEffectAfter(all[i].ops, o.Start)
			if o.Outcome == succeeded && o.End.Before(before) && final {
				return []op{o}
			}
		}
	}
	return nil
}

// mayTakeEffectAfter reports whether one of the requests had no response and may therefore still take effect after the
// given time.
func mayTakeEffectAfter(ops []op, after time.Time) bool {
	return slices.ContainsFunc(ops, func(o op) bool {
		return o.Outcome == unknown && o.Start.Add(maxLateEffect).After(after)
	})
}

// endOfTime is a time later than every time in a history.
var endOfTime = time.Unix(1<<40, 0)

// lastChangeStands requires that the last change of each message is stored: the text is none that was replaced, a
// deleted message stays deleted, and it has no text, reactions, files or pin.
func lastChangeStands(h history, db databaseState) (found []violation) {
	versions := h.textVersions()
	for _, m := range db.Messages {
		all := versions[m.ID]
		if newer := replacedBy(all, m.Body, endOfTime); newer != nil {
			found = append(found, newViolation(evidence(newer, []storedMessage{m}),
				"message %d of room %d was changed later", m.Seq, m.Room))
		}
		edited := indexOfText(all, m.Body) > 0
		if m.Deleted != (m.Body == "") || m.Deleted && (m.Pinned || m.Reactions+m.Files != "") ||
			!m.Deleted && m.Edited != edited {
			found = append(found, newViolation(evidence(nil, []storedMessage{m}),
				"message %d of room %d is changed in part only", m.Seq, m.Room))
		}
	}
	return found
}

// reaction identifies a user's reaction to a message. The field emojiAndUser is written as "🎉:12", where 12 is the
// user's id.
type reaction struct {
	message      int64
	emojiAndUser string
}

// reactions groups the requests that add or remove a reaction by that reaction. The requests are in the order in which
// they were made.
func (h history) reactions() map[reaction][]op {
	all := map[reaction][]op{}
	for _, o := range h.opsOf(doReact) {
		if r := (reaction{o.ID, o.reaction()}); o.Outcome != refused {
			all[r] = append(all[r], o)
		}
	}
	return all
}

// reaction returns the emoji and the user of the reaction that the request adds or removes, such as "🎉:12".
func (o op) reaction() string { return fmt.Sprintf("%s:%d", o.Body, o.By) }

// hasReaction reports whether a list such as "🎉:12 👍:3" contains a single reaction such as "👍:3".
func hasReaction(reactions, one string) bool { return slices.Contains(strings.Fields(reactions), one) }

// reactionsToggle requires that each acknowledged request adds a missing reaction or removes an existing one, and that
// the database has the result of the last request. A request without a response may take effect later. From then on,
// the check does not know whether the reaction exists, until the next response says so or as long as the request may
// still take effect.
func reactionsToggle(h history, db databaseState) (found []violation) {
	rows := map[int64]storedMessage{}
	for _, m := range db.Messages {
		rows[m.ID] = m
	}
	for r, ops := range h.reactions() {
		there, answered := false, time.Time{}
		for i, o := range ops {
			if o.Outcome != succeeded {
				continue
			}
			now := hasReaction(o.Message.Reactions, r.emojiAndUser)
			if now == there && !mayTakeEffectAfter(ops[:i], o.Start) {
				found = append(found, newViolation(evidence(ops, nil), "%s is not toggled", r.emojiAndUser))
			}
			there, answered = now, o.Start
		}
		m := rows[r.message]
		if m.ID == 0 || m.Deleted || mayTakeEffectAfter(ops, answered) {
			continue
		}
		if hasReaction(m.Reactions, r.emojiAndUser) != there {
			found = append(found, newViolation(evidence(ops, []storedMessage{m}),
				"%s is not stored as the response said", r.emojiAndUser))
		}
	}
	return found
}

// pinRequests groups the requests that pin or unpin a message by its id.
func (h history) pinRequests() map[int64][]op {
	all := map[int64][]op{}
	for _, o := range h.Ops {
		if (o.Kind == doPin || o.Kind == doUnpin) && o.Outcome != refused {
			all[o.ID] = append(all[o.ID], o)
		}
	}
	return all
}

// pinsStand requires that a message is pinned or not as the response to the last acknowledged request says. The last
// one is the one with the highest version of the message. If a request had no response, the check does not know.
func pinsStand(h history, db databaseState) (found []violation) {
	requests := h.pinRequests()
	for _, m := range db.Messages {
		last, known := op{}, true
		for _, o := range requests[m.ID] {
			if o.Outcome == unknown {
				known = false
			} else if o.Message.Version >= last.Message.Version {
				last = o
			}
			if o.Outcome == succeeded && o.Message.Pinned != (o.Kind == doPin) {
				found = append(found, newViolation([]fmt.Stringer{o}, "the response does not show the pin"))
			}
		}
		if last.ID != 0 && known && !m.Deleted && m.Pinned != (last.Kind == doPin) {
			found = append(found, newViolation([]fmt.Stringer{last, m}, "message %d of room %d has another pin",
				m.Seq, m.Room))
		}
	}
	return found
}

// shownIdentically requires that a version of a message looks the same on every page, in every stream and in the
// database.
func shownIdentically(h history, db databaseState) (found []violation) {
	type sighting struct {
		message shownMessage
		where   fmt.Stringer
	}
	first := map[[3]int64]sighting{} // by room, seq and version
	visit := func(room int64, where fmt.Stringer, messages ...shownMessage) {
		for _, m := range messages {
			version := [3]int64{room, m.Seq, m.Version}
			if f, known := first[version]; !known {
				first[version] = sighting{m, where}
			} else if f.message != m {
				found = append(found, newViolation([]fmt.Stringer{f.where, where},
					"in room %d one shows %v, the other %v", room, f.message, m))
			}
		}
	}
	for _, m := range db.Messages {
		visit(m.Room, m, m.shown())
	}
	h.eachShownMessage(visit)
	return found
}
