package views

import (
	"fmt"

	"charla/chat"
)

// The elements that the stream and the answers of forms write into. Every DOM id of the program stands in this file.
const (
	idMain                = "main"                  // what the back button restores
	idConversation        = "conversation"          // the open conversation, or the empty place for one
	idConversationName    = "conversation-name"     // what it is called
	idPageNotice          = "page-notice"           // why a conversation could not be opened
	idTimeline            = "timeline"              // the stream and the window on the conversation that it goes on
	idScroller            = "scroller"              // what scrolls
	idOlderMessages       = "older-messages"        // pages before the live window
	idMessages            = "messages"              // the live window
	idReadMarker          = "read-marker"           // marks the conversation read when it is on screen
	idTyping              = "typing"                // who is writing
	idComposer            = "composer"              // the box for writing
	idComposerFields      = "composer-fields"       // its text and key
	idComposerText        = "composer-text"         // the text
	idMessageKey          = "message-key"           // the name of the next message
	idComposerError       = "composer-error"        // what was wrong with it
	idSendQueue           = "send-queue"            // what was sent and has not arrived
	idSendResponse        = "send-response"         // what the server said of it
	idSendError           = "send-error"            // why it was refused
	idAttachments         = "attachments"           // the files that go with it
	idRejectedFiles       = "rejected-files"        // those that were not taken, and why
	idFileLimits          = "file-limits"           // how many and how large they may be
	idDraftResponse       = "draft-response"        // what the server said of a draft
	idConnectionStatus    = "connection-status"     // whether there is one
	idMessageMenu         = "message-menu"          // what can be done with a message
	idMessageActions      = "message-actions"       // that, as its page has it
	idMessageActionsError = "message-actions-error" // why it was not done
	idEmojiPicker         = "emoji-picker"          // the emoji to choose from
	idEmojiSuggestions    = "emoji-suggestions"     // what a mistyped shortcode may have meant
	idFavicon             = "favicon"               // of the page, for the browser
	idNotificationSound   = "notification-sound"    // what tells of messages
	idConversationsTitle  = "conversations-title"   // what names the list of conversations
	idOnlineTitle         = "online-title"          // what names the list of those who are here
	idConversationList    = "conversation-list"     // the list of conversations
	idOnlineList          = "online-list"           // the list of those who are here now
	idOnlineCount         = "online-count"          // how many they are
	idSearchResults       = "search-results"        // what a search brought
	idAvatarFile          = "avatar-file"           // the picture of oneself
	idFormError           = "form-error"            // what is wrong with a whole form
	idRoomList            = "room-list"             // the rooms that one may join
	idMemberList          = "member-list"           // who is in a room
	idInviteResults       = "invite-results"        // whom one may invite into it
	idNewSecret           = "new-secret"            // what is told this once
	idPeopleList          = "people-list"           // everybody, for an admin
)

// messageID is the id of a message's line: its place in the room.
func messageID(seq int64) string { return "m-" + formatInt(seq) }

// attachmentID is the id of a file that waits.
func attachmentID(file int64) string { return "attachment-" + formatInt(file) }

// reactionID is the id of the nth reaction under a line: whoever pressed it keeps the focus when the line is replaced.
func reactionID(seq int64, n int) string { return fmt.Sprintf("reaction-%d-%d", seq, n) }

// menuButtonID is the id of what opens the menu for a line, and on a deleted line of what opens its page: so the focus
// stays when the line is replaced.
func menuButtonID(seq int64) string { return "menu-button-" + formatInt(seq) }

// conversationID is the id of a conversation in the list.
func conversationID(p chat.ConversationRef) string {
	if p.Room != 0 {
		return "room-" + formatInt(p.Room)
	}
	return "with-" + formatInt(p.With)
}

// emojiGridID is the id of the emoji in a picker that a search or a group brought.
func emojiGridID(p PickTarget) string { return p.ID + "-emoji" }

// onlineID is the id of a person among those who are here now: short, because there may be a hundred.
func onlineID(person int64) string { return "u" + formatInt(person) }

// rowPresenceID is the id of a person's state in the list of conversations.
func rowPresenceID(person int64) string { return "presence-" + formatInt(person) }

// headerPresenceID is the id of a person's state in the header of the conversation with them.
func headerPresenceID(person int64) string { return "peer-presence-" + formatInt(person) }

// webhookRoomID is the id of the list of rooms that a bot can write into.
func webhookRoomID(bot int64) string { return "webhook-room-" + formatInt(bot) }

// fieldErrorID is the id of what is wrong with a field of a form.
func fieldErrorID(field string) string { return field + "-error" }

// byID is the selector of an id.
func byID(id string) string { return "#" + id }
