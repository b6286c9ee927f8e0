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

// RenderFragment renders a fragment for a stream. If that fails, it logs the error and returns nil, and the stream
// continues without the fragment.
func RenderFragment(component templ.Component) []byte {
	var b bytes.Buffer
	if err := component.Render(context.Background(), &b); err != nil {
		slog.Error("render stream fragment failed", "error", err)
		return nil
	}
	return b.Bytes()
}

// HTMLEvents is the live.Encoder for pages. It encodes server-sent events with HTML that htmx inserts. An event is
// encoded once for all pages in the same language.
type HTMLEvents struct{ views.Locale }

// Frame returns an event with a rendered component. id becomes the reader's cursor, the position after which a replay
// starts; 0 leaves the cursor as it is.
func (e HTMLEvents) Frame(component templ.Component, id int64) []byte {
	event := live.ServerSentEvent{Data: RenderFragment(component)}
	if id > 0 {
		event.ID = strconv.FormatInt(id, 10)
	}
	return event.AppendTo(nil)
}

// Change encodes a new or changed message. id is as for Frame.
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

// UploadProgress encodes how much of an upload has arrived. Only pages of the uploader get it.
func (e HTMLEvents) UploadProgress(u chat.UploadProgress) []byte {
	return e.Frame(views.UploadProgressFragment(e.Locale, u), 0)
}

// Attachment encodes an added, described or removed attachment of the composer. Only pages of its owner get it.
func (e HTMLEvents) Attachment(changed chat.AttachmentChanged) []byte {
	return e.Frame(views.AttachmentChangedFragment(e.Locale, changed), 0)
}

// Cursor encodes an event without content that sets the reader's cursor to id.
func (e HTMLEvents) Cursor(id int64) []byte {
	return live.ServerSentEvent{ID: strconv.FormatInt(id, 10)}.AppendTo(nil)
}

// Heartbeat returns a comment that keeps the connection open.
func (e HTMLEvents) Heartbeat() []byte { return live.KeepAliveComment }

// Before a server stops, it tells each page to wait a random time between these limits before it reconnects, so that
// not all pages reconnect at once.
const (
	minRetryMillis = 300
	maxRetryMillis = 1500
)

// End encodes the reason why the stream ends.
func (e HTMLEvents) End(reason live.EndReason) []byte { return endEvents(reason, []byte{}) }

// endEvents returns the events that tell a client why its stream ends. It returns none if the client should simply
// reconnect. Each event has the given data, which must not be nil because browsers ignore events without data.
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
