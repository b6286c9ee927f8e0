package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// refreshGrace is how long a refresh token that was used brings the same successor, unless that was used.
const refreshGrace = time.Minute

// sessionsStayValid: who renews with a token until there is an answer gets one, and always the same, if that takes less than a
// minute and no earlier request can still arrive; and who was not signed out is known.
func sessionsStayValid(h history, _ databaseState) (found []violation) {
	first := map[string]op{} // by token
	successor := map[string]op{}
	for _, o := range h.opsOf(doRenew) {
		if begun, known := first[o.Key]; !known || o.Start.Before(begun.Start) {
			first[o.Key] = o
		}
	}
	for _, o := range h.opsOf(doRenew) {
		begun, known := first[o.Key], successor[o.Key]
		switch {
		case o.Outcome == refused && o.End.Sub(begun.Start) < refreshGrace:
			found = append(found, newViolation([]fmt.Stringer{begun, o}, "%d loses a token by asking again", o.By))
		case o.Outcome == succeeded && known.Body != "" && known.Body != o.Body:
			found = append(found, newViolation([]fmt.Stringer{known, o}, "a token of %d has two successors", o.By))
		case o.Outcome == succeeded:
			successor[o.Key] = o
		}
	}
	for _, o := range h.Ops {
		if o.Kind != doRenew && strings.HasPrefix(o.Reason, "401") && !h.sessionMayHaveEnded(o.Session, o.End) {
			found = append(found, newViolation([]fmt.Stringer{o}, "%d is not known any more", o.By))
		}
	}
	for _, r := range h.Readers {
		for i, s := range r.Observations {
			if s.Kind == sawEnd && s.Reason == "logout" && !h.sessionMayHaveEnded(r.Session, s.At) {
				found = append(found, r.violationAt(i, "the session is said to be over"))
			}
		}
	}
	return found
}

// sessionMayHaveEnded tells whether anything began to end a session before a time.
func (h history) sessionMayHaveEnded(session string, before time.Time) bool {
	return slices.ContainsFunc(h.Ops, func(o op) bool {
		return slices.Contains(o.EndedSessions, session) && o.Start.Before(before)
	})
}

// deliveredOnce: no message comes again that a program has had by its cursor.
func deliveredOnce(h history, _ databaseState) (found []violation) {
	for _, r := range h.Readers {
		p := page{}
		for i, s := range r.Observations {
			if r.Program && s.Kind == sawNew && s.Message.Seq <= p.cursor {
				found = append(found, r.violationAt(i, "line %d comes again after %d", s.Message.Seq, p.cursor))
			}
			p.apply(s)
		}
	}
	return found
}
