package views

import (
	"strconv"
	"strings"

	"charla/chat"
)

// maxReactionNames is the largest number of names in the tooltip of a reaction. The page of the message lists all
// names.
const maxReactionNames = 20

// nameList returns a text with at most limit names of users. If there are more users, the text also says how many.
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

// reactionLabel returns the description of a reaction for screen readers.
func reactionLabel(l Locale, r chat.ReactionGroup) string {
	return r.Emoji + " " + l.T("%d", len(r.Users)) + ": " + nameList(l, r.Users, maxReactionNames)
}

// reactorIDs returns the ids of the users who reacted, as the value of an attribute. A rule in the style sheet /me.css
// finds the reader's own reactions by it.
func reactorIDs(people []chat.UserSummary) string {
	var all []string
	for _, p := range people {
		all = append(all, formatInt(p.ID))
	}
	return strings.Join(all, " ")
}

// ariaBool returns a boolean as the value of an ARIA attribute.
func ariaBool(on bool) string { return strconv.FormatBool(on) }
