package views

import (
	"strings"

	"github.com/a-h/templ"
)

// moveFocus is the Alpine expression that moves the focus when an arrow key is pressed. The attribute for the key holds
// the CSS selector of the next element. If there is none, the focus stays.
const moveFocus = "($root.querySelector($el.dataset[$event.key]) || $event.target).focus()"

// arrowKeys maps arrow keys (up, down, left, right) to the CSS selector of the element to which the key moves the
// focus.
type arrowKeys map[string]string

// attrs returns the attributes of an element inside which the keys move the focus.
func (keys arrowKeys) attrs() templ.Attributes {
	attrs := templ.Attributes{}
	for key, selector := range keys {
		attrs["data--arrow-"+key] = selector
		attrs["x-on:keydown."+key+".prevent"] = moveFocus
	}
	return attrs
}

// sidebarKeys move from the search field of the sidebar to the first person or conversation, and from row to row.
var sidebarKeys = arrowKeys{
	"down": ".search-form:focus-within ~ .sidebar__lists li a, .sidebar li:has(a:focus) + li a",
	"up":   ".sidebar li:has(+ li a:focus) a, .sidebar:has(li:first-child a:focus) [name=q]",
}

// emojiColumns is how many emoji stand in a row of a picker.
const emojiColumns = 8

// emojiSearchKeys move from the search field of an emoji picker to the first emoji.
var emojiSearchKeys = arrowKeys{"down": ".emoji-picker__search:focus-within + * .emoji-option"}

// emojiKeys move from emoji to emoji, from row to row, and back to the search field.
var emojiKeys = arrowKeys{
	"right": ".emoji-option:focus + .emoji-option",
	"left":  ".emoji-option:has(+ .emoji-option:focus)",
	"down": ".emoji-option:focus" + strings.Repeat(" + *", emojiColumns-1) + " + .emoji-option, " +
		".emoji-grid:has(:nth-last-child(-n+8):focus) ~ .emoji-grid .emoji-option",
	"up": ".emoji-option:has(" + strings.Repeat("+ * ", emojiColumns-1) + "+ .emoji-option:focus), " +
		".emoji-picker__search:has(+ * .emoji-option:nth-child(-n+8):focus) [name=q]",
}
