package views

import (
	"fmt"

	"charla/chat"
)

// The elements that the stream and the answers of forms write into. Every DOM id of the program stands in this file.
const (
	idMain       = "main"       // what the back button restores
	idConv       = "conv"       // the open conversation, or the empty place for one
	idConvName   = "conv-name"  // what it is called
	idNotice     = "notice"     // why a conversation could not be opened
	idThread     = "thread"     // the stream and the window on the conversation that it goes on
	idScroll     = "scroll"     // what scrolls
	idOlder      = "older"      // pages before the live window
	idMessages   = "messages"   // the live window
	idSeen       = "seen"       // marks the conversation read when it is on screen
	idTyping     = "typing"     // who is writing
	idComposer   = "composer"   // the box for writing
	idFields     = "fields"     // its text and key
	idText       = "text"       // the text
	idKey        = "key"        // the name of the next message
	idErr        = "err"        // what was wrong with it
	idOutbox     = "outbox"     // what was sent and has not arrived
	idReceipt    = "receipt"    // what the server said of it
	idWhy        = "why"        // why it was refused
	idFiles      = "files"      // the files that go with it
	idRefused    = "refused"    // those that were not taken, and why
	idLimits     = "limits"     // how many and how large they may be
	idAnswer     = "answer"     // what the server said of a draft
	idConnection = "connection" // whether there is one
	idMenu       = "menu"       // what can be done with a message
	idDeeds      = "deeds"      // that, as its page has it
	idDeedErr    = "deed-err"   // why it was not done
	idPicker     = "picker"     // the emoji to choose from
	idGuesses    = "guesses"    // what a mistyped shortcode may have meant
	idIcon       = "icon"       // of the page, for the browser
	idSound      = "sound"      // what tells of messages
	idMineTitle  = "mine-title" // what names the list of conversations
	idHereTitle  = "here-title" // what names the list of those who are here
	idMine       = "mine"       // the list of conversations
	idHere       = "here"       // the list of those who are here now
	idHereCount  = "here-count" // how many they are
	idFound      = "found"      // what a search brought
	idPicture    = "picture"    // the picture of oneself
	idFormErr    = "form-err"   // what is wrong with a whole form
	idRooms      = "rooms"      // the rooms that one may join
	idMembers    = "members"    // who is in a room
	idOutsiders  = "outsiders"  // whom one may invite into it
	idFresh      = "fresh"      // what is told this once
	idAccounts   = "accounts"   // everybody, for an admin
)

// messageID is the id of a message's line: its place in the room.
func messageID(seq int64) string { return "m-" + number(seq) }

// chipID is the id of a file that waits.
func chipID(file int64) string { return "chip-" + number(file) }

// reactionID is the id of the nth reaction under a line: whoever pressed it keeps the focus when the line is replaced.
func reactionID(seq int64, n int) string { return fmt.Sprintf("r-%d-%d", seq, n) }

// menuButtonID is the id of what opens the menu for a line, and on a deleted line of what opens its page: so the focus
// stays when the line is replaced.
func menuButtonID(seq int64) string { return "d-" + number(seq) }

// rowID is the id of a conversation in the list.
func rowID(p chat.Place) string {
	if p.Room != 0 {
		return "room-" + number(p.Room)
	}
	return "with-" + number(p.With)
}

// emojiID is the id of the emoji in a picker that a search or a group brought.
func emojiID(p Pick) string { return p.ID + "-emoji" }

// hereID is the id of a person among those who are here now: short, because there may be a hundred.
func hereID(person int64) string { return "h" + number(person) }

// dotID is the id of a person's state in the list of conversations.
func dotID(person int64) string { return "dot-" + number(person) }

// stateID is the id of a person's state in the header of the conversation with them.
func stateID(person int64) string { return "state-" + number(person) }

// roomFieldID is the id of the list of rooms that a bot can write into.
func roomFieldID(bot int64) string { return "room-of-" + number(bot) }

// fieldErrID is the id of what is wrong with a field of a form.
func fieldErrID(field string) string { return field + "-err" }

// at is the selector of an id.
func at(id string) string { return "#" + id }
