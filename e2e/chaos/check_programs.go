package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// again is how long a refresh token that was used brings the same successor, unless that was used.
const again = time.Minute

// nobodyShutOut: who renews with a token until there is an answer gets one, and always the same, if that takes less than a
// minute and no earlier request can still arrive; and who was not signed out is known.
func nobodyShutOut(h history, _ content) (found []violation) {
	first := map[string]op{} // by token
	successor := map[string]op{}
	for _, o := range h.all(doRenew) {
		if begun, known := first[o.Key]; !known || o.Start.Before(begun.Start) {
			first[o.Key] = o
		}
	}
	for _, o := range h.all(doRenew) {
		begun, known := first[o.Key], successor[o.Key]
		switch {
		case o.Outcome == refused && o.End.Sub(begun.Start) < again:
			found = append(found, broken([]fmt.Stringer{begun, o}, "%d loses a token by asking again", o.Who))
		case o.Outcome == ok && known.Body != "" && known.Body != o.Body:
			found = append(found, broken([]fmt.Stringer{known, o}, "a token of %d has two successors", o.Who))
		case o.Outcome == ok:
			successor[o.Key] = o
		}
	}
	for _, o := range h.Ops {
		if o.Kind != doRenew && strings.HasPrefix(o.Why, "401") && !h.mayBeOver(o.Session, o.End) {
			found = append(found, broken([]fmt.Stringer{o}, "%d is not known any more", o.Who))
		}
	}
	for _, r := range h.Readings {
		for i, s := range r.Sights {
			if s.Kind == sawEnd && s.Why == "logout" && !h.mayBeOver(r.Session, s.At) {
				found = append(found, r.broken(i, "the session is said to be over"))
			}
		}
	}
	return found
}

// mayBeOver tells whether anything began to end a session before a time.
func (h history) mayBeOver(session string, before time.Time) bool {
	return slices.ContainsFunc(h.Ops, func(o op) bool {
		return slices.Contains(o.Ends, session) && o.Start.Before(before)
	})
}

// toldOnce: no message comes again that a program has had by its cursor.
func toldOnce(h history, _ content) (found []violation) {
	for _, r := range h.Readings {
		p := page{}
		for i, s := range r.Sights {
			if r.Program && s.Kind == sawNew && s.Line.Seq <= p.cursor {
				found = append(found, r.broken(i, "line %d comes again after %d", s.Line.Seq, p.cursor))
			}
			p.show(s)
		}
	}
	return found
}
