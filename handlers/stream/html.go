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

// RenderFragment renders a fragment of a stream. One that fails to render is logged and left out: the stream goes on.
func RenderFragment(component templ.Component) []byte {
	var b bytes.Buffer
	if err := component.Render(context.Background(), &b); err != nil {
		slog.Error("fragment not rendered", "error", err)
		return nil
	}
	return b.Bytes()
}

// HTMLEvents writes rendered HTML as a text/event-stream, the form that htmx reads.
type HTMLEvents struct{ views.Locale }

func (e HTMLEvents) Frame(component templ.Component, id int64) []byte {
	event := live.ServerSentEvent{Data: RenderFragment(component)}
	if id > 0 {
		event.ID = strconv.FormatInt(id, 10)
	}
	return event.AppendTo(nil)
}

func (e HTMLEvents) Change(change chat.RoomChange, id int64) []byte {
	switch change := change.(type) {
	case chat.MessagePosted:
		return e.Frame(views.NewMessageFragment(e.Locale, change.Message), id)
	case chat.MessageChanged:
		return e.Frame(views.ChangedMessageFragment(e.Locale, change.Message), id)
	}
	return nil
}

func (e HTMLEvents) Presence(p live.Presence) []byte {
	return e.Frame(views.PresenceFragment(e.Locale, views.OnlineUsers{Users: p.Users, Count: p.Count}, p.ListChanged, p.CameOnline, p.WentOffline), 0)
}

func (e HTMLEvents) Typing(t live.Typing) []byte {
	return e.Frame(views.TypingFragment(e.Locale, t.Users, t.Count), 0)
}

func (e HTMLEvents) UploadProgress(u chat.UploadProgress) []byte {
	return e.Frame(views.UploadProgressFragment(e.Locale, u), 0)
}

func (e HTMLEvents) Attachment(b chat.AttachmentChanged) []byte {
	return e.Frame(views.AttachmentChangedFragment(e.Locale, b), 0)
}

func (e HTMLEvents) Cursor(id int64) []byte {
	return live.ServerSentEvent{ID: strconv.FormatInt(id, 10)}.AppendTo(nil)
}

func (e HTMLEvents) Heartbeat() []byte { return live.KeepAliveComment }

// A reader that must come back after a restart waits 0.3 to 1.5 s, so that not all of them come at once.
const (
	minRetryMillis = 300 // milliseconds
	maxRetryMillis = 1500
)

func (e HTMLEvents) End(why live.EndReason) []byte { return endEvents(why, []byte{}) }

// endEvents names why a stream ends; a reader that may come back by itself is told nothing, or when. Data is what each event
// carries: a browser tells nobody of one that has none.
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
