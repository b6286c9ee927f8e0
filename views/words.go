package views

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"charla/chat"

	"golang.org/x/text/unicode/bidi"
)

// Title is the text of a page's title: unread messages, who it is about, and the product.
func Title(l Locale, unread int, name string) string {
	title := "Charla"
	if name != "" {
		title = name + " · " + title
	}
	if unread > 0 {
		title = "(" + capped(unread) + ") " + title
	}
	return title
}

// IconName is the file that shows whether something is unread.
func IconName(unread bool) string {
	if unread {
		return "icon-unread.svg"
	}
	return "icon.svg"
}

// with returns the page of somebody with these conversations.
func (p Page) with(s Sidebar) Page {
	p.Unread = s.Unread() > 0
	return p
}

// capped writes a number of unread messages, which is counted up to chat.UnreadCap.
func capped(n int) string {
	if n >= chat.UnreadCap {
		return strconv.Itoa(chat.UnreadCap-1) + "+"
	}
	return strconv.Itoa(n)
}

// Name is what a person is called. Who deleted their account has no name of their own.
func (l Locale) Name(name string) string {
	if name == "" {
		return l.T("Deleted person")
	}
	return name
}

// nameOf is what a conversation is called: a channel by its name, a direct one by the other person.
func nameOf(l Locale, c chat.Conversation) string {
	if c.Kind == chat.Direct && c.Peer == c.Me {
		return l.T("Your notes")
	}
	return l.Name(c.Name)
}

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	letters := first(words[0])
	if len(words) > 1 {
		if joins(letters) {
			letters += "\u200c" // two letters, not the beginning of a word
		}
		letters += first(words[len(words)-1])
	}
	return letters
}

// joins tells whether the letters of a script are written joined, from right to left.
func joins(letters string) bool {
	return strings.ContainsFunc(letters, func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.AL })
}

// apart keeps a name that is written from right to left from turning those beside it, where no element can.
func apart(name string) string {
	turns := func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.R || p.Class() == bidi.AL }
	if strings.ContainsFunc(name, turns) {
		return "\u2068" + name + "\u2069"
	}
	return name
}

// first returns the first letter or digit of a word in upper case, or whatever the word begins with.
func first(word string) string {
	at := strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	r, _ := utf8.DecodeRuneInString(word[max(at, 0):])
	return string(unicode.ToUpper(r))
}

// hues is how many colours avatars have; theme.css names them hue-0 to hue-11.
const hues = 12

// hue is the class of a person's colour: theirs for ever.
func hue(person int64) string { return "hue-" + number(person%hues) }

// error says what is wrong with a field, or nothing.
func (f Form) error(l Locale, field string) string {
	if e := f.Errors[field]; e != nil {
		return l.Error(e)
	}
	return ""
}

// number writes an id, or any other whole number that no person reads.
func number(id int64) string { return strconv.FormatInt(id, 10) }
