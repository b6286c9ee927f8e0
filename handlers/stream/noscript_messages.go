package stream

import (
	"charla/chat"
	"charla/live"
	"charla/views"
)

// openStream writes rows at the end of a page that never ends. It has no place for what changed before: that shows when the
// page is loaded again.
type NoscriptPage struct{ views.Locale }

func (e NoscriptPage) Change(change chat.RoomChange, _ int64) []byte {
	if posted, ok := change.(chat.MessagePosted); ok {
		return RenderFragment(views.NoscriptMessage(e.Locale, posted.Message))
	}
	return nil
}

func (e NoscriptPage) Presence(live.Presence) []byte { return nil }

func (e NoscriptPage) Typing(live.Typing) []byte { return nil }

func (e NoscriptPage) UploadProgress(chat.UploadProgress) []byte { return nil }

func (e NoscriptPage) Attachment(chat.AttachmentChanged) []byte { return nil }

func (e NoscriptPage) Cursor(int64) []byte { return nil }

func (e NoscriptPage) Heartbeat() []byte { return []byte("\n") }

func (e NoscriptPage) End(why live.EndReason) []byte {
	if why == live.EndLeft {
		return RenderFragment(views.NoscriptMessagesRemoved(e.Locale))
	}
	return RenderFragment(views.NoscriptMessagesEnd(e.Locale, why != live.EndLogout))
}
