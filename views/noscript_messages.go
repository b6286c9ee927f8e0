package views

import (
	"context"
	"io"

	"charla/chat"

	"github.com/a-h/templ"
)

// NoscriptMessagesStart renders the beginning of the message list for browsers without JavaScript: the head and the
// newest messages. The response never ends, and browsers show each message as it arrives. NoscriptMessagesStart
// therefore leaves the body and the list open, which a templ component cannot do.
func NoscriptMessagesStart(p Page, t Timeline) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		open := `<!DOCTYPE html><html lang="` + p.lang() + `" data-theme="` + templ.EscapeString(p.Me.Theme) + `">`
		if _, err := io.WriteString(w, open); err != nil {
			return err
		}
		if err := noscriptHead(p, t).Render(ctx, w); err != nil {
			return err
		}
		list := `<body class="noscript-messages"><main class="noscript-messages__list"><h1 class="sr-only">` +
			templ.EscapeString(p.T("Messages")) + `</h1><ol class="messages">`
		if _, err := io.WriteString(w, list); err != nil {
			return err
		}
		return noscriptTimeline(p.Locale, t).Render(ctx, w)
	})
}

// NoscriptMessage renders one more message for the list that NoscriptMessagesStart began.
func NoscriptMessage(l Locale, m chat.Message) templ.Component { return Message(l, m) }
