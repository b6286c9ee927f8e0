package views

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"unicode"

	"charla/chat"
)

// Letter is what an e-mail says, and once more in HTML.
type Letter struct {
	Locale
	Subject    string
	Paragraphs []string
	Link       Link
	Waiting    []WaitingLetter
	Foot       string
	Leave      Link // ends such letters

	written chat.Micros
}

// Link is a place and what it is called.
type Link struct{ Label, URL string }

// WaitingLetter is a conversation in a letter.
type WaitingLetter struct {
	Link
	Count string
	Lines []chat.Line
}

// NewLetter says a parcel in the language of l, with links below base.
func NewLetter(l Locale, p chat.Parcel, base *url.URL) Letter {
	link := func(label, path string) Link { return Link{label, base.JoinPath(path).String()} }
	letter := Letter{Locale: l, written: p.CreatedAt}
	say := func(subject string, paragraphs ...string) { letter.Subject, letter.Paragraphs = subject, paragraphs }
	switch p.Kind {
	case chat.NoticeConfirm:
		say(l.T("Confirm your address"), l.T("Somebody, probably you, registered at %s with this address.", base.Host),
			l.T("Open this link to come in. It is good for a day and works once."))
		letter.Link = link(l.T("Confirm the address"), "/confirm/"+p.Token)
		letter.Foot = l.T("If it was not you, do nothing: without the link there is no account.")
	case chat.NoticeKnown:
		say(l.T("Somebody used your address"), l.T("Somebody, perhaps you, tried to use your address for an account at %s. You have one there already, and it stays as it is.", base.Host),
			l.T("If it was you, log in. If you have forgotten your password, choose a new one."))
		letter.Link = link(l.T("Choose a new password"), "/forgot")
	case chat.NoticeReset:
		say(l.T("Choose a new password"), l.T("Somebody, probably you, asked for a new password at %s.", base.Host),
			l.T("Open this link to choose one. It is good for 30 minutes and works once."))
		letter.Link = link(l.T("Choose a new password"), "/reset/"+p.Token)
		letter.Foot = l.T("If it was not you, do nothing: your password stays as it is.")
	case chat.NoticePassword:
		say(l.T("Your password was changed"), l.T("The password of your account at %s was changed. You were logged out everywhere else.", base.Host),
			l.T("If it was not you, choose a new one now."))
		letter.Link = link(l.T("Choose a new password"), "/forgot")
	case chat.NoticeMove:
		say(l.T("Confirm your new address"), l.T("Somebody, probably you, wants to use this address at %s from now on.", base.Host),
			l.T("Open this link to confirm it. It is good for a day and works once."))
		letter.Link = link(l.T("Confirm the address"), "/email/"+p.Token)
		letter.Foot = l.T("If it was not you, do nothing.")
	case chat.NoticeMoved:
		say(l.T("Your address was changed"), l.T("Your account at %s has another e-mail address now.", base.Host),
			l.T("If it was not you, tell the people who run it."))
	case chat.NoticeUnread:
		letter.unread(p, base, link)
	}
	return letter
}

// unread gathers conversations.
func (letter *Letter) unread(p chat.Parcel, base *url.URL, link func(label, path string) Link) {
	total := 0
	for _, w := range p.Waiting {
		total += w.Unread
		letter.Waiting = append(letter.Waiting, WaitingLetter{Link: Link{letter.Name(w.Name), placeURL(base, w.Place())}, Count: letter.T("%s unread", capped(w.Unread)), Lines: w.Lines})
	}
	letter.Subject = letter.T("%s unread at %s", capped(total), base.Host)
	letter.Paragraphs = []string{letter.T("While you were away:")}
	letter.Foot = letter.T("You get this because messages stayed unread. When and whether, you choose in the settings.")
	letter.Link = link(letter.T("Settings"), "/settings")
	letter.Leave = link(letter.T("No more e-mails about this"), "/unsubscribe/"+p.Token)
}

// placeURL is the address of a conversation from outside.
func placeURL(base *url.URL, p chat.Place) string {
	return base.Scheme + "://" + base.Host + MessagesURL(p)
}

// HTML is the letter for programs that show HTML.
func (letter Letter) HTML() (string, error) {
	var b bytes.Buffer
	err := letterPage(letter).Render(context.Background(), &b)
	return b.String(), err
}

// Text is the letter in plain text.
func (letter Letter) Text() string {
	var b strings.Builder
	paragraph := func(lines ...string) {
		if text := strings.TrimSpace(strings.Join(lines, "\n")); text != "" {
			b.WriteString(text + "\n\n")
		}
	}
	for _, p := range letter.Paragraphs {
		paragraph(p)
	}
	for _, w := range letter.Waiting {
		lines := []string{plain(w.Label) + " – " + w.Count}
		for _, line := range w.Lines {
			lines = append(lines, "  "+letter.when(line.PostedAt)+" "+plain(letter.Name(line.Author))+": "+letter.excerpt(line))
		}
		paragraph(append(lines, "  "+w.URL)...)
	}
	paragraph(letter.Link.Label, letter.Link.URL)
	paragraph(letter.Foot)
	paragraph(letter.Leave.Label, letter.Leave.URL)
	return b.String()
}

// when writes the time of a message, with the day unless that is the letter's.
func (letter Letter) when(at chat.Micros) string {
	if letter.Day(at) == letter.Day(letter.written) {
		return letter.Clock(at)
	}
	return letter.moment(at)
}

// excerpt is the beginning of a message, or what it has instead of words.
func (l Locale) excerpt(line chat.Line) string {
	if line.Body == "" {
		return l.T("(files: %d)", line.Files)
	}
	return excerpt(line.Body)
}

// maxExcerpt is how many characters of a message are told outside of the page.
const maxExcerpt = 140

// excerpt is the beginning of a message in one line of plain text, without what turns the writing around.
func excerpt(body string) string {
	runes := []rune(plain(strings.Join(strings.Fields(body), " ")))
	if len(runes) > maxExcerpt {
		return strings.TrimSpace(string(runes[:maxExcerpt])) + "…"
	}
	return string(runes)
}

// plain drops what is no character of a text: controls and marks of direction. Joiners stay, which hold emoji together.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

// Push is what a push says, and where a tap leads.
type Push struct{ Title, Text, URL string }

// NewPush says a parcel: where something came, and what, if the person wants that told.
func NewPush(l Locale, p chat.Parcel, base *url.URL) Push {
	if p.Kind == chat.NoticeTest {
		return Push{"Charla", l.T("Push messages reach you."), base.JoinPath("/settings").String()}
	}
	w := p.Waiting[0]
	push := Push{plain(l.Name(w.Name)), l.T("%s unread", capped(w.Unread)), placeURL(base, w.Place())}
	if last := len(w.Lines) - 1; p.Text && last >= 0 {
		push.Text = l.excerpt(w.Lines[last])
		if w.Kind == chat.Channel {
			push.Text = plain(l.Name(w.Lines[last].Author)) + ": " + push.Text
		}
	}
	return push
}
