package views

import (
	"charla/chat"
	"charla/emoji"
)

// composerErrorSwap is the htmx setting that shows an error response below the composer.
const composerErrorSwap = "target:#" + idComposerError + " swap:innerHTML"

// isForNotes reports whether the conversation is the user's own, which only they can see.
func (c Composer) isForNotes() bool { return c.UserID != 0 && c.Conversation.With == c.UserID }

// label returns the name of the composer for screen readers.
func (c Composer) label(l Locale) string {
	if c.isForNotes() {
		return l.T("Write a note")
	}
	if c.Conversation.Room != 0 {
		return l.T("Message %s", c.ConversationName)
	}
	return l.T("Write a message to %s", c.ConversationName)
}

// placeholder returns the text that the composer shows while it is empty.
func (c Composer) placeholder(l Locale) string {
	if c.isForNotes() {
		return l.T("Write a note…")
	}
	if c.Conversation.Room != 0 {
		return l.T("Message %s…", c.ConversationName)
	}
	return l.T("Write to %s…", c.ConversationName)
}

// Composer is the content of the form for a new message. Body is the saved draft. If Error is set, Body is the text of
// the message that was rejected.
type Composer struct {
	UserID           int64 // author; 0 if not signed in
	Conversation     chat.ConversationRef
	ConversationName string // name of the room or of the other user
	Key              string // idempotency key of the next message
	KeyPrefix        string // prefix of the keys that the page makes for later messages
	Body             string
	SavedDraft       string // draft as the server stores it
	Error            *chat.Error

	UploadID      string         // id of the page's uploads, under which the stream reports their progress
	Attachments   []chat.File    // uploaded for the next message
	RejectedFiles []RejectedFile // rejected by the last upload
	FileLimits    chat.FileLimits

	Hints    MentionHints        // about the mentions in the message that was just sent
	Mistyped []MistypedShortcode // unknown shortcodes in the message that was just sent
}

// MistypedShortcode is a shortcode in a message that names no emoji, with the emoji that the author may have meant.
type MistypedShortcode struct {
	Name        string // without colons
	Suggestions []emoji.Suggestion
}
