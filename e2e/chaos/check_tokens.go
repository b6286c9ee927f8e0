package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// refreshGrace is the time in which a client may repeat a refresh with the same token and gets the same new token
// again. It ends early when the client uses the new token.
const refreshGrace = time.Minute

// sessionsStayValid requires two things. First, Charla does not refuse a client that repeats a refresh with the same
// token within refreshGrace, and all responses contain the same new token. Second, no request gets status 401 and no
// stream gets a logout event, unless the session may have ended.
func sessionsStayValid(h history, _ databaseState) (found []violation) {
	first := map[string]op{} // by token
	successor := map[string]op{}
	for _, o := range h.opsOf(doRefresh) {
		if begun, known := first[o.Key]; !known || o.Start.Before(begun.Start) {
			first[o.Key] = o
		}
	}
	for _, o := range h.opsOf(doRefresh) {
		begun, known := first[o.Key], successor[o.Key]
		switch {
		case o.Outcome == refused && o.End.Sub(begun.Start) < refreshGrace:
			found = append(found, newViolation([]fmt.Stringer{begun, o}, "%d loses a token by repeating a refresh",
				o.By))
		case o.Outcome == succeeded && known.Body != "" && known.Body != o.Body:
			found = append(found, newViolation([]fmt.Stringer{known, o}, "a token of %d has two successors", o.By))
		case o.Outcome == succeeded:
			successor[o.Key] = o
		}
	}
	for _, o := range h.Ops {
		if o.Kind != doRefresh && strings.HasPrefix(o.Reason, "401") && !h.sessionMayHaveEnded(o.Session, o.End) {
			found = append(found, newViolation([]fmt.Stringer{o}, "a session of %d is not valid any more", o.By))
		}
	}
	for _, r := range h.Readers {
		for i, s := range r.Observations {
			if s.Kind == sawEnd && s.Reason == "logout" && !h.sessionMayHaveEnded(r.Session, s.At) {
				found = append(found, r.violationAt(i, "the stream says that the session ended"))
			}
		}
	}
	return found
}

// sessionMayHaveEnded reports whether a request that ends the session was sent before the given time.
func (h history) sessionMayHaveEnded(session string, before time.Time) bool {
	return slices.ContainsFunc(h.Ops, func(o op) bool {
		return slices.Contains(o.EndedSessions, session) && o.Start.Before(before)
	})
}

// deliveredOnce requires that the stream of an API client never delivers a new message whose seq (number in the room)
// is not higher than the client's cursor.
func deliveredOnce(h history, _ databaseState) (found []violation) {
	for _, r := range h.Readers {
		p := page{}
		for i, s := range r.Observations {
			if r.Program && s.Kind == sawNew && s.Message.Seq <= p.cursor {
				found = append(found, r.violationAt(i, "message %d is delivered again after %d", s.Message.Seq,
					p.cursor))
			}
			p.apply(s)
		}
	}
	return found
}
