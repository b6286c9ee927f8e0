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
	base      *url.URL // public URL of the server
}

// Link is a URL and the text of its link.
type Link struct{ Label, URL string }

// EmailConversation is what an e-mail shows about a conversation with unread messages.
type EmailConversation struct {
	Link
	Count string
	Lines []chat.MessagePreview
}

// NewEmail returns the e-mail for a notification, in the language of l. Its links begin with base, the public URL of
// the server.
func NewEmail(l Locale, p chat.NotificationContent, base *url.URL) Email {
	link := func(label, path string) Link { return Link{label, base.JoinPath(path).String()} }
	email := Email{Locale: l, createdAt: p.CreatedAt, base: base}
	write := func(subject string, paragraphs ...string) { email.Subject, email.Paragraphs = subject, paragraphs }
	switch p.Kind {
	case chat.NotifyConfirmSignup:
		write(l.T("Confirm your e-mail"),
			l.T("Someone, probably you, created an account at %s with this e-mail.", l.CommunityName()),
			l.T("Use this link to finish creating your account. It expires in 24 hours and works once."))
		email.Link = link(l.T("Confirm e-mail"), "/confirm/"+p.Token)
		email.Footer = l.T("If this wasn't you, ignore this e-mail. No account will be created.")
	case chat.NotifyAddressInUse:
		write(l.T("Someone tried to use your e-mail address"),
			l.T("Someone, perhaps you, tried to create an account with your e-mail at %s. "+
				"You already have an account, and nothing has changed.", l.CommunityName()),
			l.T("If this was you, sign in. If you forgot your password, reset it."))
		email.Link = link(l.T("Choose a new password"), "/forgot")
	case chat.NotifyPasswordReset:
		write(l.T("Choose a new password"),
			l.T("Someone, probably you, asked to reset your password at %s.", l.CommunityName()),
			l.T("Use this link to choose a new one. It expires in 30 minutes and works once."))
		email.Link = link(l.T("Choose a new password"), "/reset/"+p.Token)
		email.Footer = l.T("If this wasn't you, ignore this e-mail. Your password stays the same.")
	case chat.NotifyPasswordChanged:
		write(l.T("Your password was changed"),
			l.T(
				"The password of your account at %s was changed. You were signed out everywhere else.",
				l.CommunityName(),
			),
			l.T("If this wasn't you, reset your password now."))
		email.Link = link(l.T("Choose a new password"), "/forgot")
	case chat.NotifyConfirmEmail:
		write(l.T("Confirm your new e-mail"),
			l.T("Someone, probably you, wants to use this e-mail at %s.", l.CommunityName()),
			l.T("Use this link to confirm it. It expires in 24 hours and works once."))
		email.Link = link(l.T("Confirm e-mail"), "/email/"+p.Token)
		email.Footer = l.T("If this wasn't you, ignore this e-mail.")
	case chat.NotifyEmailChanged:
		write(l.T("Your e-mail address was changed"),
			l.T("The e-mail address of your account at %s was changed.", l.CommunityName()),
			l.T("If this wasn't you, contact the administrators."))
	case chat.NotifyApproved:
		write(l.T("Your application was approved"), l.T("You can sign in at %s now.", l.CommunityName()))
		email.Paragraphs = append(email.Paragraphs, lines(p.Message)...)
		email.Link = link(l.T("Sign in"), "/login")
	case chat.NotifyRejected:
		write(l.T("Your application was rejected"), l.T("An admin of %s rejected your application.", l.CommunityName()))
		email.Paragraphs = append(email.Paragraphs, lines(p.Message)...)
	case chat.NotifyUnreadDigest:
		email.addUnread(p, base, link)
	}
	return email
}

// addUnread completes an e-mail about unread messages. It sets the subject, the conversations with their newest
// messages, and the links to the settings and to unsubscribe. The function link returns a Link, given its label and its
// path.
func (email *Email) addUnread(p chat.NotificationContent, base *url.URL, link func(label, path string) Link) {
	total := 0
	for _, w := range p.Unread {
		total += w.Unread
		email.Conversations = append(email.Conversations, EmailConversation{
			Link:  Link{email.UserName(w.Name), unreadURL(base, w)},
			Count: email.T("%s unread", cappedCount(w.Unread)),
			Lines: w.Previews,
		})
	}
	email.Subject = email.T("%s unread at %s", cappedCount(total), email.CommunityName())
	email.Paragraphs = []string{email.T("While you were away:")}
	email.Footer = email.T("You get this e-mail because you have unread messages. " +
		"You can change this in the settings.")
	email.Link = link(email.T("Settings"), "/settings")
	email.Unsubscribe = link(email.T("Unsubscribe"), "/unsubscribe/"+p.Token)
}

// unreadURL returns the absolute URL of the first unread message of a conversation that an e-mail quotes.
func unreadURL(base *url.URL, c chat.UnreadConversation) string {
	if len(c.Previews) == 0 {
		return conversationURL(base, c.Ref())
	}
	return messageURL(base, c.Previews[0])
}

// HTML returns the e-mail as HTML.
func (email Email) HTML() (string, error) {
	var b bytes.Buffer
	err := emailPage(email).Render(context.Background(), &b)
	return b.String(), err
}

// Text returns the e-mail as plain text.
func (email Email) Text() string {
	var b strings.Builder
	paragraph := func(lines ...string) {
		if text := strings.TrimSpace(strings.Join(lines, "\n")); text != "" {
			b.WriteString(text + "\n\n")
		}
	}
	for _, p := range email.Paragraphs {
		paragraph(p)
	}
	for _, w := range email.Conversations {
		lines := []string{stripControls(w.Label) + " – " + w.Count}
		for _, line := range w.Lines {
			author := stripControls(email.UserName(line.Author))
			lines = append(lines, "  "+email.messageTime(line.PostedAt)+" "+author+": "+email.previewText(line))
		}
		paragraph(append(lines, "  "+w.URL)...)
	}
	paragraph(email.Link.Label, email.Link.URL)
	paragraph(email.Footer)
	paragraph(email.Unsubscribe.Label, email.Unsubscribe.URL)
	return b.String()
}

// messageTime returns the time of a message as text. It includes the date if the message was posted on another day than
// the e-mail.
func (email Email) messageTime(at chat.Timestamp) string {
	if email.Date(at) == email.Date(email.createdAt) {
		return email.TimeOfDay(at)
	}
	return email.dateTime(at)
}

// previewText returns the beginning of a message. For a message without text it returns the number of its files.
func (l Locale) previewText(line chat.MessagePreview) string {
	if line.Body == "" {
		return l.T("%d files", line.FileCount)
	}
	return excerpt(line.Body)
}
