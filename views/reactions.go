package views

import (
	"strconv"
	"strings"

	"charla/chat"
)

// maxReactionNames is the maximum number of names in the tooltip of a reaction. The page of the message lists all.
const maxReactionNames = 20

// nameList joins the first names and counts the rest.
func nameList(l Locale, people []chat.UserSummary, limit int) string {
	var all []string
	for _, p := range people[:min(len(people), limit)] {
		all = append(all, isolateName(l.UserName(p.Name)))
	}
	list := strings.Join(all, ", ")
	if more := len(people) - len(all); more > 0 {
		list += " " + l.T("and %d more", more)
	}
	return list
}

// reactionLabel describes a reaction for screen readers.
func reactionLabel(l Locale, r chat.ReactionGroup) string {
	return r.Emoji + " " + l.T("%d", len(r.Users)) + ": " + nameList(l, r.Users, maxReactionNames)
}

// reactorIDs returns the ids of the users who reacted. A rule in /me.css finds the own reactions by them.
func reactorIDs(people []chat.UserSummary) string {
	var all []string
	for _, p := range people {
		all = append(all, formatInt(p.ID))
	}
	return strings.Join(all, " ")
}

// ariaBool returns the value of an ARIA attribute.
func ariaBool(on bool) string { return strconv.FormatBool(on) }
