package views

import "charla/chat"

// MentionHints is what the author of a message learns about the mentions in it.
type MentionHints struct {
	Room        int64              // of the message; 0 for a direct conversation
	Outside     []chat.UserSummary // people who are mentioned and are not in the room
	MayInvite   bool               // whether the author may invite them
	NotNotified bool               // @channel or @here notified nobody, because the author may not use it
}
