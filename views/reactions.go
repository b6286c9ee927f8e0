package views

import (
	"strconv"
	"strings"

	"charla/chat"
)

// maxReactionNames is how many of those who reacted are named on a line; the page of the message names all.
const maxReactionNames = 20

// nameList tells who reacted, up to a number.
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

// reactionLabel says a reaction in words.
func reactionLabel(l Locale, r chat.ReactionGroup) string {
	return r.Emoji + " " + l.T("%d", len(r.Users)) + ": " + nameList(l, r.Users, maxReactionNames)
}

// reactorIDs tells who reacted to the rule of each reader in /me.css.
func reactorIDs(people []chat.UserSummary) string {
	var all []string
	for _, p := range people {
		all = append(all, formatInt(p.ID))
	}
	return strings.Join(all, " ")
}

// ariaBool is the state of a button.
func ariaBool(on bool) string { return strconv.FormatBool(on) }
