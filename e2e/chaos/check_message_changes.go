package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// textVersion is a text that somebody gave a message, however many requests it took; none for a deletion.
type textVersion struct {
	Body string
	ops  []op
}

// textVersions are the texts of each message, by its id, in the order in which its author, who waits for answers, gave them.
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

func indexOfText(all []textVersion, body string) int {
	return slices.IndexFunc(all, func(w textVersion) bool { return w.Body == body })
}

// replacedBy returns what was acknowledged, before a time, to have taken the place of a text for good: a deletion, or a later
// text that was asked for when no request for the first could still take effect.
func replacedBy(all []textVersion, body string, before time.Time) []op {
	i := indexOfText(all, body)
	if i < 0 {
		return nil
	}
	for _, later := range all[i+1:] {
		for _, o := range later.ops {
			if o.Outcome == succeeded && o.End.Before(before) && (i == 0 || o.Kind == doDelete || !mayTakeEffectAfter(all[i].ops, o.Start)) {
				return []op{o}
			}
		}
	}
	return nil
}

// mayTakeEffectAfter tells whether one of these may take effect after a time, though nobody was answered.
func mayTakeEffectAfter(ops []op, after time.Time) bool {
	return slices.ContainsFunc(ops, func(o op) bool { return o.Outcome == unknown && o.Start.Add(maxLateEffect).After(after) })
}

// endOfTime is later than everything.
var endOfTime = time.Unix(1<<40, 0)

// lastChangeStands: no text is stored that was replaced, a deletion is final, and leaves nothing.
func lastChangeStands(h history, c databaseState) (found []violation) {
	wordings := h.textVersions()
	for _, m := range c.Messages {
		all := wordings[m.ID]
		if newer := replacedBy(all, m.Body, endOfTime); newer != nil {
			found = append(found, newViolation(evidence(newer, []storedMessage{m}), "line %d of room %d was changed again", m.Seq, m.Room))
		}
		edited := indexOfText(all, m.Body) > 0
		if m.Deleted != (m.Body == "") || m.Deleted && m.Reactions+m.Files != "" || !m.Deleted && m.Edited != edited {
			found = append(found, newViolation(evidence(nil, []storedMessage{m}), "line %d of room %d is half changed", m.Seq, m.Room))
		}
	}
	return found
}

// reaction is one of a person to a message: "🎉:12".
type reaction struct {
	message      int64
	emojiAndUser string
}

// readReactions are the requests that add one or take it back, in the order in which they were made.
func (h history) reactions() map[reaction][]op {
	all := map[reaction][]op{}
	for _, o := range h.opsOf(doReact) {
		if r := (reaction{o.ID, o.reaction()}); o.Outcome != refused {
			all[r] = append(all[r], o)
		}
	}
	return all
}

func (o op) reaction() string { return fmt.Sprintf("%s:%d", o.Body, o.By) }

func hasReaction(reactions, one string) bool { return slices.Contains(strings.Fields(reactions), one) }

// reactionsToggle: each acknowledged request finds what the last one left and turns it round, and so does the database
// in the end. After a request without an answer nothing is known until the next answer, nor while it may still take effect.
func reactionsToggle(h history, c databaseState) (found []violation) {
	rows := map[int64]storedMessage{}
	for _, m := range c.Messages {
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
				found = append(found, newViolation(evidence(ops, nil), "%s does not turn round", r.emojiAndUser))
			}
			there, answered = now, o.Start
		}
		if m := rows[r.message]; m.ID > 0 && !m.Deleted && !mayTakeEffectAfter(ops, answered) && hasReaction(m.Reactions, r.emojiAndUser) != there {
			found = append(found, newViolation(evidence(ops, []storedMessage{m}), "%s is not stored as answered", r.emojiAndUser))
		}
	}
	return found
}

// shownIdentically: what a change left looks the same on every page, in every stream and in the database.
func shownIdentically(h history, c databaseState) (found []violation) {
	type sighting struct {
		shownMessage
		where fmt.Stringer
	}
	first := map[[3]int64]sighting{}
	see := func(room int64, where fmt.Stringer, lines ...shownMessage) {
		for _, l := range lines {
			change := [3]int64{room, l.Seq, l.Version}
			if f, known := first[change]; !known {
				first[change] = sighting{l, where}
			} else if f.shownMessage != l {
				found = append(found, newViolation([]fmt.Stringer{f.where, where}, "in room %d one shows %v, the other %v", room, f.shownMessage, l))
			}
		}
	}
	for _, m := range c.Messages {
		see(m.Room, m, m.shown())
	}
	h.eachShownMessage(see)
	return found
}
