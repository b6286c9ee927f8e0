package stream

import (
	"charla/chat"
	"charla/live"
	"charla/views"
)

// NoscriptPage is the live.Encoder for the messages page without JavaScript, whose response does not end. It can only
// append, so it shows new messages; other changes show when the page is loaded again.
type NoscriptPage struct{ views.Locale }

// Change encodes a new message as a line at the end of the page.
func (e NoscriptPage) Change(change chat.RoomChange, _ int64) []byte {
	if posted, ok := change.(chat.MessagePosted); ok {
		return RenderFragment(views.NoscriptMessage(e.Locale, posted.Message))
	}
	return nil
}

// Presence returns nothing.
func (e NoscriptPage) Presence(live.Presence) []byte { return nil }

// Typing returns nothing.
func (e NoscriptPage) Typing(live.Typing) []byte { return nil }

// UploadProgress returns nothing.
func (e NoscriptPage) UploadProgress(chat.UploadProgress) []byte { return nil }

// Attachment returns nothing.
func (e NoscriptPage) Attachment(chat.AttachmentChanged) []byte { return nil }

// Cursor returns nothing.
func (e NoscriptPage) Cursor(int64) []byte { return nil }

// Heartbeat returns a line break that keeps the connection open.
func (e NoscriptPage) Heartbeat() []byte { return []byte("\n") }

// End encodes a line that says why the page ends.
func (e NoscriptPage) End(reason live.EndReason) []byte {
	if reason == live.EndLeft {
		return RenderFragment(views.NoscriptMessagesRemoved(e.Locale))
	}
	return RenderFragment(views.NoscriptMessagesEnd(e.Locale, reason != live.EndLogout))
}
