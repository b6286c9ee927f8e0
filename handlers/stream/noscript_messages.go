package stream

import (
	"charla/chat"
	"charla/live"
	"charla/views"
)

// NoscriptPage is the live.Encoder for the page of messages without JavaScript, which keeps loading. It can only append
// to the page, so it shows new messages. Other changes appear when the user reloads the page.
type NoscriptPage struct{ views.Locale }

// Change encodes a new message at the end of the page. It returns nothing for other changes.
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

// Cursor returns nothing, because the page has no cursor: it starts again when it is reloaded.
func (e NoscriptPage) Cursor(int64) []byte { return nil }

// Heartbeat returns a line break that keeps the connection open.
func (e NoscriptPage) Heartbeat() []byte { return []byte("\n") }

// End encodes a line that tells the user why the page ends.
func (e NoscriptPage) End(reason live.EndReason) []byte {
	if reason == live.EndLeft {
		return RenderFragment(views.NoscriptMessagesRemoved(e.Locale))
	}
	return RenderFragment(views.NoscriptMessagesEnd(e.Locale, reason != live.EndLogout))
}
