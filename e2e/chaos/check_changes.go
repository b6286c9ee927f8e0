package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// wording is a text that somebody gave a message, however many requests it took; none for a deletion.
type wording struct {
	Body string
	ops  []op
}

// wordings are the texts of each message, by its id, in the order in which its author, who waits for answers, gave them.
func (h history) wordings() map[int64][]wording {
	all := map[int64][]wording{}
	for _, ops := range h.intents() {
		if i := slices.IndexFunc(ops, func(o op) bool { return o.Outcome == ok }); i >= 0 {
			all[ops[i].ID] = []wording{{ops[i].Body, ops}}
		}
	}
	for _, o := range h.Ops {
		if o.Outcome == refused || o.Kind != doEdit && o.Kind != doDelete {
			continue
		}
		i := wordingOf(all[o.ID], o.Body)
		if i < 0 {
			i, all[o.ID] = len(all[o.ID]), append(all[o.ID], wording{Body: o.Body})
		}
		all[o.ID][i].ops = append(all[o.ID][i].ops, o)
	}
	return all
}

func wordingOf(all []wording, body string) int {
	return slices.IndexFunc(all, func(w wording) bool { return w.Body == body })
}

// replaced returns what was acknowledged, before a time, to have taken the place of a text for good: a deletion, or a later
// text that was asked for when no request for the first could still take effect.
func replaced(all []wording, body string, before time.Time) []op {
	i := wordingOf(all, body)
	if i < 0 {
		return nil
	}
	for _, later := range all[i+1:] {
		for _, o := range later.ops {
			if o.Outcome == ok && o.End.Before(before) && (i == 0 || o.Kind == doDelete || !linger(all[i].ops, o.Start)) {
				return []op{o}
			}
		}
	}
	return nil
}

// linger tells whether one of these may take effect after a time, though nobody was answered.
func linger(ops []op, after time.Time) bool {
	return slices.ContainsFunc(ops, func(o op) bool { return o.Outcome == unknown && o.Start.Add(lingering).After(after) })
}

// ever is later than everything.
var ever = time.Unix(1<<40, 0)

// lastChangeStands: no text is stored that was replaced, a deletion is final, and leaves nothing.
func lastChangeStands(h history, c content) (found []violation) {
	wordings := h.wordings()
	for _, m := range c.Messages {
		all := wordings[m.ID]
		if newer := replaced(all, m.Body, ever); newer != nil {
			found = append(found, broken(evidence(newer, []stored{m}), "line %d of room %d was changed again", m.Seq, m.Room))
		}
		edited := wordingOf(all, m.Body) > 0
		if m.Deleted != (m.Body == "") || m.Deleted && m.Reactions+m.Files != "" || !m.Deleted && m.Edited != edited {
			found = append(found, broken(evidence(nil, []stored{m}), "line %d of room %d is half changed", m.Seq, m.Room))
		}
	}
	return found
}

// reaction is one of a person to a message: "🎉:12".
type reaction struct {
	message int64
	what    string
}

// reactions are the requests that add one or take it back, in the order in which they were made.
func (h history) reactions() map[reaction][]op {
	all := map[reaction][]op{}
	for _, o := range h.all(doReact) {
		if r := (reaction{o.ID, o.reaction()}); o.Outcome != refused {
			all[r] = append(all[r], o)
		}
	}
	return all
}

func (o op) reaction() string { return fmt.Sprintf("%s:%d", o.Body, o.Who) }

func reacts(reactions, one string) bool { return slices.Contains(strings.Fields(reactions), one) }

// reactionsTakeTurns: each acknowledged request finds what the last one left and turns it round, and so does the database
// in the end. After a request without an answer nothing is known until the next answer, nor while it may still take effect.
func reactionsTakeTurns(h history, c content) (found []violation) {
	rows := map[int64]stored{}
	for _, m := range c.Messages {
		rows[m.ID] = m
	}
	for r, ops := range h.reactions() {
		there, answered := false, time.Time{}
		for i, o := range ops {
			if o.Outcome != ok {
				continue
			}
			now := reacts(o.Line.Reactions, r.what)
			if now == there && !linger(ops[:i], o.Start) {
				found = append(found, broken(evidence(ops, nil), "%s does not turn round", r.what))
			}
			there, answered = now, o.Start
		}
		if m := rows[r.message]; m.ID > 0 && !m.Deleted && !linger(ops, answered) && reacts(m.Reactions, r.what) != there {
			found = append(found, broken(evidence(ops, []stored{m}), "%s is not stored as answered", r.what))
		}
	}
	return found
}

// oneLook: what a change left looks the same on every page, in every stream and in the database.
func oneLook(h history, c content) (found []violation) {
	type sighting struct {
		line
		where fmt.Stringer
	}
	first := map[[3]int64]sighting{}
	see := func(room int64, where fmt.Stringer, lines ...line) {
		for _, l := range lines {
			change := [3]int64{room, l.Seq, l.Version}
			if f, known := first[change]; !known {
				first[change] = sighting{l, where}
			} else if f.line != l {
				found = append(found, broken([]fmt.Stringer{f.where, where}, "in room %d one shows %v, the other %v", room, f.line, l))
			}
		}
	}
	for _, m := range c.Messages {
		see(m.Room, m, m.line())
	}
	h.shown(see)
	return found
}
