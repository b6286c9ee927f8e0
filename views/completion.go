package views

import "charla/chat"

// Completion is one choice while somebody writes a mention or a shortcode.
type Completion struct {
	Text   string // replaces what was written
	Icon   string // an emoji; empty for a person
	Label  string // what the list shows
	Handle string // empty for an emoji
}

// AudienceCompletion returns the choice of @channel or @here.
func AudienceCompletion(l Locale, a chat.Audience) Completion {
	label := l.T("Everyone in this room")
	if a == chat.AudienceHere {
		label = l.T("Everyone who is online")
	}
	return Completion{Text: "@" + string(a) + " ", Label: label, Handle: string(a)}
}

// completionURL is the URL that returns completions and, without JavaScript, the page with people to mention.
const completionURL = "/complete"
