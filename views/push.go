package views

import (
	"net/url"

	"charla/chat"
)

// Push is the content of a push notification and the URL that it opens.
type Push struct{ Title, Text, URL string }

// NewPush returns the push notification with the content of p, in the language of l. It contains the text of the
// message only if the user has chosen that. base is the public URL of the server.
func NewPush(l Locale, p chat.NotificationContent, base *url.URL) Push {
	if p.Kind == chat.NotifyTestPush {
		return Push{l.CommunityName(), l.T("Push notifications are working."), base.JoinPath("/settings").String()}
	}
	w := p.Unread[0]
	push := Push{
		Title: stripControls(l.UserName(w.Name)),
		Text:  l.T("%s unread", cappedCount(w.Unread)),
		URL:   conversationURL(base, w.Ref()),
	}
	if last := len(w.Previews) - 1; p.IncludeText && last >= 0 {
		push.Text = l.previewText(w.Previews[last])
		if w.Kind == chat.Channel {
			push.Text = stripControls(l.UserName(w.Previews[last].Author)) + ": " + push.Text
		}
	}
	return push
}
