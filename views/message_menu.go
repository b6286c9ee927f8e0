package views

import (
	"fmt"

	"charla/chat"

	"github.com/a-h/templ"
)

// messageMenuAttrs are what the buttons of all lines have in common, once on their list.
func messageMenuAttrs() templ.Attributes {
	return templ.Attributes{
		"hx-target:inherited": byID(idMessageActions), "hx-select:inherited": byID(idMessageActions), "hx-indicator:inherited": byID(idMessageMenu),
		"hx-swap:inherited": "outerHTML", "hx-status:4xx:inherited": openErrorSwap, "hx-status:5xx:inherited": openErrorSwap,
		"x-on:htmx:before:request": xClearMenu,
	}
}

// menuSync drops the answer for a line where another one was asked for since.
const menuSync = "#" + idMessageMenu + ":replace"

// menuSelector selects the menu while it is about a message.
func menuSelector(m chat.Message) string {
	return fmt.Sprintf("%s:has([action='%s'])", byID(idMessageMenu), reactionsURL(m.ID))
}

// xRestoreFocus puts the focus back to where the menu was opened, unless one went on to something else.
const xRestoreFocus = `$el.closest('body').querySelector(':focus') || $el.closest('body').querySelector($el.dataset.from).focus({ preventScroll: true })`
