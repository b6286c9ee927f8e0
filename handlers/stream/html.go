package stream

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"strconv"

	"charla/chat"
	"charla/live"
	"charla/views"

	"github.com/a-h/templ"
)

// RenderFragment renders a fragment of a page for a stream. If rendering fails, it logs the error and returns nil, and
// the stream continues without the fragment.
func RenderFragment(component templ.Component) []byte {
	var b bytes.Buffer
	if err := component.Render(context.Background(), &b); err != nil {
		slog.Error("render stream fragment failed", "error", err)
		return nil
	}
	return b.Bytes()
}

// HTMLEvents is the live.Encoder for pages. It encodes changes as server-sent events with HTML that htmx inserts into
// the page. A change is encoded once for all pages in the same language.
type HTMLEvents struct{ views.Locale }

// Frame returns an event that contains a rendered component. id becomes the reader's cursor, from which a reconnected
// reader continues; 0 leaves the cursor as it is.
func (e HTMLEvents) Frame(component templ.Component, id int64) []byte {
	event := live.ServerSentEvent{Data: RenderFragment(component)}
	if id > 0 {
		event.ID = strconv.FormatInt(id, 10)
	}
	return event.AppendTo(nil)
}

// Change encodes a new or changed message. id becomes the reader's cursor; 0 leaves the cursor as it is.
func (e HTMLEvents) Change(change chat.RoomChange, id int64) []byte {
	switch change := change.(type) {
	case chat.MessagePosted:
		return e.Frame(views.NewMessageFragment(e.Locale, change.Message), id)
	case chat.MessageChanged:
		return e.Frame(views.ChangedMessageFragment(e.Locale, change.Message), id)
	}
	return nil
}

// Presence encodes which users are online.
func (e HTMLEvents) Presence(p live.Presence) []byte {
	online := views.OnlineUsers{Users: p.Users, Count: p.Count}
	return e.Frame(views.PresenceFragment(e.Locale, online, p.ListChanged, p.CameOnline, p.WentOffline), 0)
}

// Typing encodes which users are typing.
func (e HTMLEvents) Typing(t live.Typing) []byte {
	return e.Frame(views.TypingFragment(e.Locale, t.Users, t.Count), 0)
}

// UploadProgress encodes how many bytes of an upload have arrived. Only pages of the user who uploads get this event.
func (e HTMLEvents) UploadProgress(u chat.UploadProgress) []byte {
	return e.Frame(views.UploadProgressFragment(e.Locale, u), 0)
}

// Attachment encodes that a file was added to the composer, described or removed. Only pages of the user whose composer
// it is get this event.
func (e HTMLEvents) Attachment(changed chat.AttachmentChanged) []byte {
	return e.Frame(views.AttachmentChangedFragment(e.Locale, changed), 0)
}

// Cursor encodes an event that only sets the reader's cursor to id, from which a reconnected reader continues.
func (e HTMLEvents) Cursor(id int64) []byte {
	return live.ServerSentEvent{ID: strconv.FormatInt(id, 10)}.AppendTo(nil)
}

// Heartbeat returns a comment that keeps the connection open. Browsers ignore it.
func (e HTMLEvents) Heartbeat() []byte { return live.KeepAliveComment }

// When the server is about to stop, it tells each page to reconnect after a random time between these limits, so that
// not all pages reconnect at once.
const (
	minRetryMillis = 300
	maxRetryMillis = 1500
)

// End encodes the events that tell a page why its stream ends.
func (e HTMLEvents) End(reason live.EndReason) []byte { return endEvents(reason, []byte{}) }

// endEvents returns the events that tell a client why its stream ends, or no events if the client should simply
// reconnect. The data of each event is data. It must not be nil, because browsers ignore events without data.
func endEvents(reason live.EndReason, data []byte) []byte {
	named := func(name string, retry int) []byte {
		return live.ServerSentEvent{Name: name, RetryMillis: retry, Data: data}.AppendTo(nil)
	}
	switch reason {
	case live.EndLogout:
		return append(named("logout", 0), named("bye", 0)...)
	case live.EndLeft:
		return append(named("gone", 0), named("bye", 0)...)
	case live.EndReplaced:
		return named("bye", 0)
	case live.EndRestart:
		return named("restart", minRetryMillis+rand.IntN(maxRetryMillis-minRetryMillis))
	case live.EndResync:
		return named("resync", 0)
	}
	return nil
}
