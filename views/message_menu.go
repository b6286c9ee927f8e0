package views

import (
	"fmt"

	"charla/chat"

	"github.com/a-h/templ"
)

// messageMenuAttrs returns the htmx attributes that a list of messages passes on to its menu buttons.
func messageMenuAttrs() templ.Attributes {
	return templ.Attributes{
		"hx-target:inherited": byID(idMessageActions), "hx-select:inherited": byID(idMessageActions),
		"hx-indicator:inherited":  byID(idMessageMenu),
		"hx-swap:inherited":       "outerHTML",
		"hx-status:4xx:inherited": openErrorSwap, "hx-status:5xx:inherited": openErrorSwap,
	}
}

// menuSync cancels the request for a menu when the user opens another one.
const menuSync = "#" + idMessageMenu + ":replace"

// menuSelector returns a selector for the menu that matches only while it shows the actions of the message m.
func menuSelector(m chat.Message) string {
	return fmt.Sprintf("%s:has([action='%s'])", byID(idMessageMenu), reactionsURL(m.ID))
}
