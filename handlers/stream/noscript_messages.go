package stream

import (
	"charla/chat"
	"charla/live"
	"charla/views"
)

// NoscriptPage is the live.Encoder for browsers without JavaScript. It encodes new messages as HTML at the end of a
// page that never finishes loading. Such a page can only grow, so other changes appear when the user reloads it.
type NoscriptPage struct{ views.Locale }

// Change encodes a new message as HTML at the end of the page. It returns nothing for any other change.
func (e NoscriptPage) Change(change chat.RoomChange, _ int64) []byte {
	if posted, ok := change.(chat.MessagePosted); ok {
		return RenderFragment(views.NoscriptMessage(e.Locale, posted.Message))
	}
	return nil
}

// Presence returns nothing, because the page does not show who is online.
func (e NoscriptPage) Presence(live.Presence) []byte { return nil }

// Typing returns nothing, because the page does not show who is typing.
func (e NoscriptPage) Typing(live.Typing) []byte { return nil }

// UploadProgress returns nothing, because the page does not show uploads.
func (e NoscriptPage) UploadProgress(chat.UploadProgress) []byte { return nil }

// Attachment returns nothing, because the page has no composer.
func (e NoscriptPage) Attachment(chat.AttachmentChanged) []byte { return nil }

// Cursor returns nothing, because the page has no cursor: it shows the newest messages again when it is reloaded.
func (e NoscriptPage) Cursor(int64) []byte { return nil }

// Heartbeat returns a line break that keeps the connection open.
func (e NoscriptPage) Heartbeat() []byte { return []byte("\n") }

// End encodes a line of text that tells the user why the page shows no more messages.
func (e NoscriptPage) End(reason live.EndReason) []byte {
	if reason == live.EndLeft {
		return RenderFragment(views.NoscriptMessagesRemoved(e.Locale))
	}
	return RenderFragment(views.NoscriptMessagesEnd(e.Locale, reason != live.EndLogout))
}
