package views

import (
	"strconv"
	"strings"
	"unicode"

	"charla/chat"

	"golang.org/x/text/unicode/bidi"
)

// PageTitle is the text of a page's title: unread messages, who it is about, and the product.
func PageTitle(l Locale, unread int, name string) string {
	title := "Charla"
	if name != "" {
		title = name + " · " + title
	}
	if unread > 0 {
		title = "(" + cappedCount(unread) + ") " + title
	}
	return title
}

// withSidebar returns the page of somebody with these conversations.
func (p Page) withSidebar(s Sidebar) Page {
	p.HasUnread = s.Unread() > 0
	return p
}

// cappedCount writes a number of unread messages, which is counted up to chat.UnreadCap.
func cappedCount(n int) string {
	if n >= chat.UnreadCap {
		return strconv.Itoa(chat.UnreadCap-1) + "+"
	}
	return strconv.Itoa(n)
}

// ConversationName is what a person is called. Who deleted their account has no name of their own.
func (l Locale) UserName(name string) string {
	if name == "" {
		return l.T("Deleted account")
	}
	return name
}

// isolateName keeps a name that is written from right to left from turning those beside it, where no element can.
func isolateName(name string) string {
	turns := func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.R || p.Class() == bidi.AL }
	if strings.ContainsFunc(name, turns) {
		return "\u2068" + name + "\u2069"
	}
	return name
}

// formatInt writes an id, or any other whole number that no person reads.
func formatInt(id int64) string { return strconv.FormatInt(id, 10) }

// maxExcerptLength is how many characters of a message are told outside of the page.
const maxExcerptLength = 140

// previewText is the beginning of a message in one line of plain text, without what turns the writing around.
func excerpt(body string) string {
	runes := []rune(stripControls(strings.Join(strings.Fields(body), " ")))
	if len(runes) > maxExcerptLength {
		return strings.TrimSpace(string(runes[:maxExcerptLength])) + "…"
	}
	return string(runes)
}

// stripControls drops what is no character of a text: controls and marks of direction. Joiners stay, which hold emoji together.
func stripControls(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}
