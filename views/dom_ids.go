package views

import (
	"fmt"

	"charla/chat"
)

// These are the DOM ids of the elements that streams and form responses update. All DOM ids are defined in this file.
const (
	idMain                = "main"                  // main content; htmx restores it when the user goes back
	idConversation        = "conversation"          // open conversation, or its placeholder
	idConversationName    = "conversation-name"     // heading of the open conversation
	idPageNotice          = "page-notice"           // error message above the conversation
	idNotificationLevel   = "notification-level"    // notification level and mute of the open conversation
	idTimeline            = "timeline"              // messages and the event stream
	idScroller            = "scroller"              // scrolling area of the messages
	idOlderMessages       = "older-messages"        // list of older messages
	idMessages            = "messages"              // list of the newest messages
	idWindowMessages      = "window-messages"       // list of the messages at a place
	idReadMarker          = "read-marker"           // marks the conversation as read when it is visible
	idUnreadMarks         = "unread-marks"          // how often the user has marked messages as unread
	idTyping              = "typing"                // typing indicator
	idComposer            = "composer"              // form for a new message
	idComposerFields      = "composer-fields"       // text and hidden fields of the composer
	idComposerText        = "composer-text"         // textarea of the composer
	idMessageKey          = "message-key"           // idempotency key of the next message
	idComposerError       = "composer-error"        // error below the composer
	idAudienceQuestion    = "audience-question"     // asks whether to notify many people
	idCompletions         = "completions"           // people or emoji that the composer offers
	idMentionHints        = "mention-hints"         // what the author learns about the mentions in a message
	idSendQueue           = "send-queue"            // messages that the browser has not sent yet
	idSendResponse        = "send-response"         // response of the server to a queued message
	idSendError           = "send-error"            // error of a queued message
	idAttachments         = "attachments"           // attachments of the next message
	idRejectedFiles       = "rejected-files"        // rejected files
	idFileLimits          = "file-limits"           // limits for attachments
	idDraftResponse       = "draft-response"        // response to a saved draft
	idEditResponse        = "edit-response"         // response to an edited message
	idConnectionStatus    = "connection-status"     // offline and reconnection notice
	idMessageMenu         = "message-menu"          // popover with the actions for a message
	idMessageActions      = "message-actions"       // content of the menu, also on the page of a message
	idMessageActionsError = "message-actions-error" // error in the message menu
	idLightbox            = "lightbox"              // dialog that shows one picture
	idLightboxPicture     = "lightbox-picture"      // picture in the lightbox
	idLightboxText        = "lightbox-text"         // name and description of the picture in the lightbox
	idLightboxActions     = "lightbox-actions"      // buttons of the lightbox that depend on the picture
	idLightboxPrevious    = "lightbox-previous"     // button for the previous picture
	idLightboxNext        = "lightbox-next"         // button for the next picture
	idEmojiPicker         = "emoji-picker"          // popover with the emoji picker
	idEmojiSuggestions    = "emoji-suggestions"     // suggestions for a mistyped shortcode
	idFavicon             = "favicon"               // icon in the browser tab
	idNotificationSound   = "notification-sound"    // audio element for new messages
	idConversationsTitle  = "conversations-title"   // heading of the conversation list
	idOnlineTitle         = "online-title"          // heading of the list of online users
	idConversationList    = "conversation-list"     // conversations in the sidebar
	idOnlineList          = "online-list"           // online users in the sidebar
	idOnlineCount         = "online-count"          // number of online users
	idInboxBadge          = "inbox-badge"           // number of new items in the inbox
	idSearchResults       = "search-results"        // people that a search found
	idAvatarFile          = "avatar-file"           // file input for the picture of the user
	idFormError           = "form-error"            // error of a whole form
	idRoomList            = "room-list"             // rooms that the user can join
	idMemberList          = "member-list"           // members of a room
	idInviteResults       = "invite-results"        // people whom the user can invite
	idNewSecret           = "new-secret"            // new token or webhook URL
	idChecklistTitle      = "checklist-title"       // heading of the steps for a new owner
	idPeopleList          = "people-list"           // people on the page for admins
)

// levelButtonID returns the DOM id of a button that chooses a notification level or a mute. Because of it the button
// keeps the focus when the control is updated.
func levelButtonID(name string, o option) string { return "notify-" + name + "-" + o.Value }

// messageID returns the DOM id of a message. seq is the number of the message in its room.
func messageID(seq int64) string { return "m-" + formatInt(seq) }

// attachmentID returns the DOM id of a file that is attached to the next message.
func attachmentID(file int64) string { return "attachment-" + formatInt(file) }

// reactionID returns the DOM id of the button of a message's nth reaction. Because of this id, the button keeps the
// focus when the message is replaced.
func reactionID(seq int64, n int) string { return fmt.Sprintf("reaction-%d-%d", seq, n) }

// menuButtonID returns the DOM id of the button that opens a message's menu. A deleted message has no such button. Its
// link to the message's page has this id instead, so that the focus stays there when the message is replaced.
func menuButtonID(seq int64) string { return "menu-button-" + formatInt(seq) }

// conversationID returns the DOM id of a conversation's row in the sidebar.
func conversationID(p chat.ConversationRef) string {
	if p.Room != 0 {
		return "room-" + formatInt(p.Room)
	}
	return "with-" + formatInt(p.With)
}

// emojiGridID returns the DOM id of the list of emoji in an emoji picker.
func emojiGridID(p PickTarget) string { return p.ID + "-emoji" }

// onlineID returns the DOM id of a user in the list of online users. It is short because the list may contain a hundred
// users.
func onlineID(person int64) string { return "u" + formatInt(person) }

// rowPresenceID returns the DOM id of the element in the list of conversations that shows whether a user is online.
func rowPresenceID(person int64) string { return "presence-" + formatInt(person) }

// headerPresenceID returns the DOM id of the element in a conversation's header that shows whether the other user is
// online.
func headerPresenceID(person int64) string { return "peer-presence-" + formatInt(person) }

// webhookRoomID returns the DOM id of the field in which a bot's owner chooses the room of a new webhook.
func webhookRoomID(bot int64) string { return "webhook-room-" + formatInt(bot) }

// fieldErrorID returns the DOM id of the element that shows the error of a form field.
func fieldErrorID(field string) string { return field + "-error" }

// byID returns the CSS selector for the element with a DOM id.
func byID(id string) string { return "#" + id }
