package views

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

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
		return l.T("Deleted person")
	}
	return name
}

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	letters := firstLetter(words[0])
	if len(words) > 1 {
		if isJoinedScript(letters) {
			letters += "\u200c" // two letters, not the beginning of a word
		}
		letters += firstLetter(words[len(words)-1])
	}
	return letters
}

// isJoinedScript tells whether the letters of a script are written joined, from right to left.
func isJoinedScript(letters string) bool {
	return strings.ContainsFunc(letters, func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.AL })
}

// isolateName keeps a name that is written from right to left from turning those beside it, where no element can.
func isolateName(name string) string {
	turns := func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.R || p.Class() == bidi.AL }
	if strings.ContainsFunc(name, turns) {
		return "\u2068" + name + "\u2069"
	}
	return name
}

// firstLetter returns the first letter or digit of a word in upper case, or whatever the word begins with.
func firstLetter(word string) string {
	at := strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	r, _ := utf8.DecodeRuneInString(word[max(at, 0):])
	return string(unicode.ToUpper(r))
}

// hueCount is how many colours avatars have; theme.css names them hue-0 to hue-11.
const hueCount = 12

// hueClass is the class of a person's colour: theirs for ever.
func hueClass(person int64) string { return "hue-" + formatInt(person%hueCount) }

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
