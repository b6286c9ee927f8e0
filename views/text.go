package views

import (
	"strconv"
	"strings"
	"unicode"

	"charla/chat"

	"golang.org/x/text/unicode/bidi"
)

// PageTitle returns the title of a page: the number of unread messages, the name of what the page shows, and the name
// of the community.
func PageTitle(l Locale, unread int, name string) string {
	title := l.CommunityName()
	if name != "" {
		title = name + " · " + title
	}
	if unread > 0 {
		title = "(" + cappedCount(unread) + ") " + title
	}
	return title
}

// withSidebar returns a copy of the page in which HasUnread says whether s has unread messages.
func (p Page) withSidebar(s Sidebar) Page {
	p.HasUnread = s.Notifying() > 0
	return p
}

// cappedCount returns a number of unread messages as text. Above chat.UnreadCap the exact number is not known, so the
// text ends with a plus sign.
func cappedCount(n int) string {
	if n >= chat.UnreadCap {
		return strconv.Itoa(chat.UnreadCap-1) + "+"
	}
	return strconv.Itoa(n)
}

// UserName returns the name to show for a user. For a deleted account, whose name is empty, it returns a text such as
// "Deleted account".
func (l Locale) UserName(name string) string {
	if name == "" {
		return l.T("Deleted account")
	}
	return name
}

// isolateName puts invisible isolation characters around a right-to-left name, so that the name does not reorder the
// text around it. Use it in attributes, where a bdi element is not possible.
func isolateName(name string) string {
	turns := func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.R || p.Class() == bidi.AL }
	if strings.ContainsFunc(name, turns) {
		return "\u2068" + name + "\u2069"
	}
	return name
}

// formatInt formats an integer without separators, for attributes and URLs.
func formatInt(id int64) string { return strconv.FormatInt(id, 10) }

// maxExcerptLength is the largest number of characters of a message that a notification shows.
const maxExcerptLength = 140

// excerpt returns the beginning of a message in one line, at most maxExcerptLength characters. It removes characters
// that change the direction of text.
func excerpt(body string) string { return beginning(body, maxExcerptLength) }

// beginning is like excerpt, but returns at most the given number of characters.
func beginning(body string, length int) string {
	runes := []rune(stripControls(strings.Join(strings.Fields(body), " ")))
	if len(runes) > length {
		return strings.TrimSpace(string(runes[:length])) + "…"
	}
	return string(runes)
}

// stripControls removes control characters and characters that change the direction of text. It keeps joiners, which
// some emoji contain.
func stripControls(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}
