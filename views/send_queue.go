package views

import (
	"fmt"
	"strconv"
	"strings"

	"charla/chat"
)

// PageHeader is the request header in which htmx sends the slot and the name of the page, such as "7-NAME".
const PageHeader = "Charla-Page"

// These are parts of hx-trigger. whileStored limits an event to a browser that has stored messages or drafts to send.
// In the text that it searches, a backslash and a quotation mark precede the id of an entry.
const (
	whileStored  = `[/\\.(message|draft)-/.test(JSON.stringify(localStorage, this.dataset.slots.split(' ')))]`
	readTriggers = `load, storage from:window, send from:window delay:1ms, typed from:window, ` +
		`htmx:finally:request from:#` + idSendQueue + ` delay:1ms`
	sendTriggers = `submit, send from:window delay:1ms, load` + whileStored + ` delay:200ms, ` +
		`typed from:window throttle:1500ms, online from:window, htmx:sse:after:connection` + whileStored +
		` from:body, every 10s` + whileStored + `, every 60s[document.hidden]`
)

// sendErrorSwap is the htmx setting that shows the error of a queued message below the conversation.
const sendErrorSwap = "target:#" + idSendError + " swap:innerHTML"

// inConversation returns a CSS selector that matches what selector matches, but only on a page on which the
// conversation p is open.
func inConversation(p chat.ConversationRef, selector string) string {
	return "[data-place=" + conversationID(p) + "] " + selector
}

// composerWithKey returns a CSS selector for the place in the composer of a conversation that receives drafts. It
// matches only if the next message of the composer has this key.
func composerWithKey(p chat.ConversationRef, key string) string {
	return inConversation(p, ":has("+byID(idMessageKey)+"[value="+cssString(key)+"]) "+byID(idDraftResponse))
}

// cssString returns an ASCII text as a string of a CSS selector. Everything but letters and digits is escaped, because
// htmx splits selectors at commas.
func cssString(text string) string {
	var out strings.Builder
	for _, c := range []byte(text) {
		if '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, `\%x `, c)
		}
	}
	return `"` + out.String() + `"`
}

// slotPrefix returns how the localStorage keys of a user's slots begin. Because of it, two users of one browser do not
// see each other's texts.
func slotPrefix(user int64) string { return "charla-" + formatInt(user) + "-slot-" }

// slotStore returns the localStorage key of a page. A page without a slot has a key that no other page reads.
func slotStore(user int64, slot chat.PageSlot) string {
	if slot.Slot < 0 {
		return slotPrefix(user) + slot.Page
	}
	return slotPrefix(user) + strconv.Itoa(slot.Slot)
}

// SlotNumber returns the number of the slot with a localStorage key, or -1 for the key of a page without a slot. It
// returns false for a key of another user and for any other text.
func SlotNumber(user int64, store string) (int, bool) {
	name, ok := strings.CutPrefix(store, slotPrefix(user))
	number, err := strconv.Atoi(name)
	if err != nil || number < 0 || number >= chat.PageSlots {
		number = -1
	}
	return number, ok
}

// slotStores returns the localStorage keys of all slots of a user.
func slotStores(user int64) []string {
	stores := make([]string, chat.PageSlots)
	for i := range stores {
		stores[i] = slotStore(user, chat.PageSlot{Slot: i})
	}
	return stores
}

// store returns the localStorage key of the page.
func (p Page) store() string { return slotStore(p.Me.ID, p.Slot) }

// stores returns the localStorage keys that the page reads, its own one first, separated by blanks.
func (p Page) stores() string { return p.store() + " " + strings.Join(slotStores(p.Me.ID), " ") }

// pageHeader returns the headers that htmx adds to every request of the page, as JSON.
func (p Page) pageHeader() string {
	return `{"` + PageHeader + `":"` + strconv.Itoa(p.Slot.Slot) + "-" + p.Slot.Page + `"}`
}

// QueueAnswer tells a page what to do after it has sent the stored entries of all pages of its browser.
type QueueAnswer struct {
	Dropped   []string       // ids of entries to remove from the page's own slot
	Marked    []QueueMark    // entries of other slots to mark as finished
	Cleared   []QueueCleared // finished entries of closed pages
	Saved     []QueueDraft   // drafts of this page that the server has stored
	Known     []QueueDraft   // drafts as the server has them now, for the composers of this page
	Offered   []QueueDraft   // texts to offer to the user as other drafts
	Recovered []QueueDraft   // drafts that other pages left and that the server has stored
	Posted    []QueuePosted
	Error     *chat.Error // why the last refused message was refused
	ErrorName string      // the name of its conversation
	ErrorAt   chat.ConversationRef
}

// QueueCleared lists the ids of entries to remove from the slot of a closed page. Store is the slot's localStorage key.
type QueueCleared struct {
	Store string
	IDs   []string
}

// QueueMark marks an entry of another page as finished. ID is the id of the entry. Mark is the text of a draft, because
// its page may change it meanwhile, and "1" for a message.
type QueueMark struct{ ID, Mark string }

// QueueDraft is an unsent text. ID is the id of its entry in the browser, and Key the idempotency key of its message.
type QueueDraft struct {
	ID, Body, Key string
	Conversation  chat.ConversationRef
}

// QueuePosted is a posted message, with the conversation of the composer and suggestions for mistyped shortcodes.
type QueuePosted struct {
	Message  chat.Message
	Composer Composer
}

// IsEmpty reports whether the page has nothing to do.
func (a QueueAnswer) IsEmpty() bool {
	return len(a.Dropped)+len(a.Marked)+len(a.Cleared)+len(a.Saved)+len(a.Known)+len(a.Offered)+len(a.Recovered) == 0
}
