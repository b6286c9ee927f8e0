package views

import (
	"strconv"
	"strings"
	"unicode"

	"charla/chat"

	"golang.org/x/text/unicode/bidi"
)

// PageTitle returns the title of a page: the number of unread messages, the name and the product.
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

// withSidebar returns the page with HasUnread set from the conversations.
func (p Page) withSidebar(s Sidebar) Page {
	p.HasUnread = s.Unread() > 0
	return p
}

// cappedCount formats a number of unread messages, which is counted up to chat.UnreadCap.
func cappedCount(n int) string {
	if n >= chat.UnreadCap {
		return strconv.Itoa(chat.UnreadCap-1) + "+"
	}
	return strconv.Itoa(n)
}

// UserName returns the name to show for a user. A deleted account has an empty name.
func (l Locale) UserName(name string) string {
	if name == "" {
		return l.T("Deleted account")
	}
	return name
}

// isolateName encloses a right-to-left name in isolation characters, for attributes where a bdi element is not
// possible.
func isolateName(name string) string {
	turns := func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.R || p.Class() == bidi.AL }
	if strings.ContainsFunc(name, turns) {
		return "\u2068" + name + "\u2069"
	}
	return name
}

// formatInt formats an id or another integer for machines.
func formatInt(id int64) string { return strconv.FormatInt(id, 10) }

// maxExcerptLength is the maximum number of characters of a message in a notification.
const maxExcerptLength = 140

// excerpt returns the beginning of a message as one line of plain text without direction marks.
func excerpt(body string) string {
	runes := []rune(stripControls(strings.Join(strings.Fields(body), " ")))
	if len(runes) > maxExcerptLength {
		return strings.TrimSpace(string(runes[:maxExcerptLength])) + "…"
	}
	return string(runes)
}

// stripControls removes control characters and direction marks. It keeps joiners, which hold emoji together.
func stripControls(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}
