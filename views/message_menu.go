package views

import (
	"fmt"

	"charla/chat"

	"github.com/a-h/templ"
)

// MessageState says what a message is for a user, and what they may do with it.
type MessageState struct {
	Saved bool // the user has saved it
	Pin   bool // the user may pin and unpin it
}

// messageMenuAttrs returns the htmx attributes of a list of messages that the menu buttons in the list inherit.
func messageMenuAttrs() templ.Attributes {
	return templ.Attributes{
		"hx-target:inherited": byID(idMessageActions), "hx-select:inherited": byID(idMessageActions),
		"hx-indicator:inherited":  byID(idMessageMenu),
		"hx-swap:inherited":       "outerHTML",
		"hx-status:4xx:inherited": openErrorSwap, "hx-status:5xx:inherited": openErrorSwap,
	}
}

// menuSync is the value of hx-sync for menu buttons. When the user opens another menu, it cancels the request that
// loads the first one.
const menuSync = "#" + idMessageMenu + ":replace"

// focusAfterMenu returns a CSS selector for the element that has the focus after the menu of a message was replaced:
// the element that has it already or, without one, the menu button of the message or the composer.
func focusAfterMenu(m chat.Message) string {
	return fmt.Sprintf(":focus, :root:not(:has(:focus)) :is(%s, %s)", byID(menuButtonID(m.Seq)), byID(idComposerText))
}

// menuSelector returns a CSS selector for the message menu. It matches only while the menu shows the actions of the
// message m.
func menuSelector(m chat.Message) string {
	return fmt.Sprintf("%s:has([action='%s'])", byID(idMessageMenu), reactionsURL(m.ID))
}
