package views

import (
	"bytes"
	"context"
	"net/url"
	"strings"

	"charla/chat"
)

// Email is what an e-mail says, and once more in HTML.
type Email struct {
	Locale
	Subject       string
	Paragraphs    []string
	Link          Link
	Conversations []EmailConversation
	Footer        string
	Unsubscribe   Link // ends such letters

	createdAt chat.Timestamp
}

// Link is a place and what it is called.
type Link struct{ Label, URL string }

// EmailConversation is a conversation in a letter.
type EmailConversation struct {
	Link
	Count string
	Lines []chat.MessagePreview
}

// NewEmail says a parcel in the language of l, with links below base.
func NewEmail(l Locale, p chat.NotificationContent, base *url.URL) Email {
	link := func(label, path string) Link { return Link{label, base.JoinPath(path).String()} }
	letter := Email{Locale: l, createdAt: p.CreatedAt}
	say := func(subject string, paragraphs ...string) { letter.Subject, letter.Paragraphs = subject, paragraphs }
	switch p.Kind {
	case chat.NotifyConfirmSignup:
		say(l.T("Confirm your address"), l.T("Somebody, probably you, registered at %s with this address.", base.Host),
			l.T("Open this link to come in. It is good for a day and works once."))
		letter.Link = link(l.T("Confirm the address"), "/confirm/"+p.Token)
		letter.Footer = l.T("If it was not you, do nothing: without the link there is no account.")
	case chat.NotifyAddressInUse:
		say(l.T("Somebody used your address"), l.T("Somebody, perhaps you, tried to use your address for an account at %s. You have one there already, and it stays as it is.", base.Host),
			l.T("If it was you, log in. If you have forgotten your password, choose a new one."))
		letter.Link = link(l.T("Choose a new password"), "/forgot")
	case chat.NotifyPasswordReset:
		say(l.T("Choose a new password"), l.T("Somebody, probably you, asked for a new password at %s.", base.Host),
			l.T("Open this link to choose one. It is good for 30 minutes and works once."))
		letter.Link = link(l.T("Choose a new password"), "/reset/"+p.Token)
		letter.Footer = l.T("If it was not you, do nothing: your password stays as it is.")
	case chat.NotifyPasswordChanged:
		say(l.T("Your password was changed"), l.T("The password of your account at %s was changed. You were logged out everywhere else.", base.Host),
			l.T("If it was not you, choose a new one now."))
		letter.Link = link(l.T("Choose a new password"), "/forgot")
	case chat.NotifyConfirmEmail:
		say(l.T("Confirm your new address"), l.T("Somebody, probably you, wants to use this address at %s from now on.", base.Host),
			l.T("Open this link to confirm it. It is good for a day and works once."))
		letter.Link = link(l.T("Confirm the address"), "/email/"+p.Token)
		letter.Footer = l.T("If it was not you, do nothing.")
	case chat.NotifyEmailChanged:
		say(l.T("Your address was changed"), l.T("Your account at %s has another e-mail address now.", base.Host),
			l.T("If it was not you, tell the people who run it."))
	case chat.NotifyUnreadDigest:
		letter.addUnread(p, base, link)
	}
	return letter
}

// addUnread gathers conversations.
func (letter *Email) addUnread(p chat.NotificationContent, base *url.URL, link func(label, path string) Link) {
	total := 0
	for _, w := range p.Unread {
		total += w.Unread
		letter.Conversations = append(letter.Conversations, EmailConversation{Link: Link{letter.UserName(w.Name), conversationURL(base, w.Ref())}, Count: letter.T("%s unread", cappedCount(w.Unread)), Lines: w.Previews})
	}
	letter.Subject = letter.T("%s unread at %s", cappedCount(total), base.Host)
	letter.Paragraphs = []string{letter.T("While you were away:")}
	letter.Footer = letter.T("You get this because messages stayed unread. When and whether, you choose in the settings.")
	letter.Link = link(letter.T("Settings"), "/settings")
	letter.Unsubscribe = link(letter.T("No more e-mails about this"), "/unsubscribe/"+p.Token)
}

// HTML is the letter for programs that show HTML.
func (letter Email) HTML() (string, error) {
	var b bytes.Buffer
	err := emailPage(letter).Render(context.Background(), &b)
	return b.String(), err
}

// Text is the letter in plain text.
func (letter Email) Text() string {
	var b strings.Builder
	paragraph := func(lines ...string) {
		if text := strings.TrimSpace(strings.Join(lines, "\n")); text != "" {
			b.WriteString(text + "\n\n")
		}
	}
	for _, p := range letter.Paragraphs {
		paragraph(p)
	}
	for _, w := range letter.Conversations {
		lines := []string{stripControls(w.Label) + " – " + w.Count}
		for _, line := range w.Lines {
			lines = append(lines, "  "+letter.messageTime(line.PostedAt)+" "+stripControls(letter.UserName(line.Author))+": "+letter.previewText(line))
		}
		paragraph(append(lines, "  "+w.URL)...)
	}
	paragraph(letter.Link.Label, letter.Link.URL)
	paragraph(letter.Footer)
	paragraph(letter.Unsubscribe.Label, letter.Unsubscribe.URL)
	return b.String()
}

// messageTime writes the time of a message, with the day unless that is the letter's.
func (letter Email) messageTime(at chat.Timestamp) string {
	if letter.Date(at) == letter.Date(letter.createdAt) {
		return letter.TimeOfDay(at)
	}
	return letter.dateTime(at)
}

// previewText is the beginning of a message, or what it has instead of words.
func (l Locale) previewText(line chat.MessagePreview) string {
	if line.Body == "" {
		return l.T("(files: %d)", line.FileCount)
	}
	return excerpt(line.Body)
}
