package views

import (
	"bytes"
	"context"
	"net/url"
	"strings"

	"charla/chat"
)

// Email is the content of an e-mail in plain text and HTML.
type Email struct {
	Locale
	Subject       string
	Paragraphs    []string
	Link          Link
	Conversations []EmailConversation
	Footer        string
	Unsubscribe   Link // set in e-mails that one can unsubscribe from

	createdAt chat.Timestamp
}

// Link is a URL with its label.
type Link struct{ Label, URL string }

// EmailConversation is a conversation with unread messages in an e-mail.
type EmailConversation struct {
	Link
	Count string
	Lines []chat.MessagePreview
}

// NewEmail writes the e-mail for a notification in the language of l. Links begin with base.
func NewEmail(l Locale, p chat.NotificationContent, base *url.URL) Email {
	link := func(label, path string) Link { return Link{label, base.JoinPath(path).String()} }
	letter := Email{Locale: l, createdAt: p.CreatedAt}
	say := func(subject string, paragraphs ...string) { letter.Subject, letter.Paragraphs = subject, paragraphs }
	switch p.Kind {
	case chat.NotifyConfirmSignup:
		say(l.T("Confirm your e-mail"), l.T("Someone, probably you, created an account at %s with this e-mail.", base.Host),
			l.T("Use this link to finish creating your account. It expires in 24 hours and works once."))
		letter.Link = link(l.T("Confirm e-mail"), "/confirm/"+p.Token)
		letter.Footer = l.T("If this wasn't you, ignore this e-mail. No account will be created.")
	case chat.NotifyAddressInUse:
		say(l.T("Someone tried to use your e-mail"), l.T("Someone, perhaps you, tried to create an account with your e-mail at %s. You already have an account, and nothing has changed.", base.Host),
			l.T("If this was you, sign in. If you forgot your password, reset it."))
		letter.Link = link(l.T("Choose a new password"), "/forgot")
	case chat.NotifyPasswordReset:
		say(l.T("Choose a new password"), l.T("Someone, probably you, asked to reset your password at %s.", base.Host),
			l.T("Use this link to choose a new one. It expires in 30 minutes and works once."))
		letter.Link = link(l.T("Choose a new password"), "/reset/"+p.Token)
		letter.Footer = l.T("If this wasn't you, ignore this e-mail. Your password stays the same.")
	case chat.NotifyPasswordChanged:
		say(l.T("Your password was changed"), l.T("The password of your account at %s was changed. You were signed out everywhere else.", base.Host),
			l.T("If this wasn't you, reset your password now."))
		letter.Link = link(l.T("Choose a new password"), "/forgot")
	case chat.NotifyConfirmEmail:
		say(l.T("Confirm your new e-mail"), l.T("Someone, probably you, wants to use this e-mail at %s.", base.Host),
			l.T("Use this link to confirm it. It expires in 24 hours and works once."))
		letter.Link = link(l.T("Confirm e-mail"), "/email/"+p.Token)
		letter.Footer = l.T("If this wasn't you, ignore this e-mail.")
	case chat.NotifyEmailChanged:
		say(l.T("Your e-mail was changed"), l.T("The e-mail of your account at %s was changed.", base.Host),
			l.T("If this wasn't you, contact the administrators."))
	case chat.NotifyUnreadDigest:
		letter.addUnread(p, base, link)
	}
	return letter
}

// addUnread adds the conversations with unread messages.
func (letter *Email) addUnread(p chat.NotificationContent, base *url.URL, link func(label, path string) Link) {
	total := 0
	for _, w := range p.Unread {
		total += w.Unread
		letter.Conversations = append(letter.Conversations, EmailConversation{Link: Link{letter.UserName(w.Name), conversationURL(base, w.Ref())}, Count: letter.T("%s unread", cappedCount(w.Unread)), Lines: w.Previews})
	}
	letter.Subject = letter.T("%s unread at %s", cappedCount(total), base.Host)
	letter.Paragraphs = []string{letter.T("While you were away:")}
	letter.Footer = letter.T("You get this e-mail because you have unread messages. You can change this in the settings.")
	letter.Link = link(letter.T("Settings"), "/settings")
	letter.Unsubscribe = link(letter.T("Unsubscribe"), "/unsubscribe/"+p.Token)
}

// HTML returns the e-mail as HTML.
func (letter Email) HTML() (string, error) {
	var b bytes.Buffer
	err := emailPage(letter).Render(context.Background(), &b)
	return b.String(), err
}

// Text returns the e-mail as plain text.
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

// messageTime returns the time of a message. It adds the date unless the e-mail was created on the same day.
func (letter Email) messageTime(at chat.Timestamp) string {
	if letter.Date(at) == letter.Date(letter.createdAt) {
		return letter.TimeOfDay(at)
	}
	return letter.dateTime(at)
}

// previewText returns the beginning of a message, or the number of its files if it has no text.
func (l Locale) previewText(line chat.MessagePreview) string {
	if line.Body == "" {
		return l.T("%d files", line.FileCount)
	}
	return excerpt(line.Body)
}
