package views

import (
	"net/url"

	"charla/chat"
)

// PushNotifications is what a push says, and where a tap leads.
type Push struct{ Title, Text, URL string }

// NewPush says a parcel: where something came, and what, if the person wants that told.
func NewPush(l Locale, p chat.NotificationContent, base *url.URL) Push {
	if p.Kind == chat.NotifyTestPush {
		return Push{"Charla", l.T("Push notifications are working."), base.JoinPath("/settings").String()}
	}
	w := p.Unread[0]
	push := Push{stripControls(l.UserName(w.Name)), l.T("%s unread", cappedCount(w.Unread)), conversationURL(base, w.Ref())}
	if last := len(w.Previews) - 1; p.IncludeText && last >= 0 {
		push.Text = l.previewText(w.Previews[last])
		if w.Kind == chat.Channel {
			push.Text = stripControls(l.UserName(w.Previews[last].Author)) + ": " + push.Text
		}
	}
	return push
}
