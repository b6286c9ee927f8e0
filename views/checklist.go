package views

import "charla/chat"

// checklistLink returns the link of a step: what to do, and the page on which it is done.
func (l Locale) checklistLink(step chat.ChecklistStep) Link {
	switch step {
	case chat.StepName:
		return Link{l.T("Name your community"), "/admin"}
	case chat.StepRegistration:
		return Link{l.T("Decide who can create an account"), "/admin#registration"}
	case chat.StepInvite:
		return Link{l.T("Invite people"), "/invites"}
	}
	return Link{l.T("Create a first room"), "/rooms"}
}
