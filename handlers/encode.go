package handlers

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

// markup renders a fragment of a stream. One that fails to render is logged and left out: the stream goes on.
func markup(component templ.Component) []byte {
	var b bytes.Buffer
	if err := component.Render(context.Background(), &b); err != nil {
		slog.Error("fragment not rendered", "error", err)
		return nil
	}
	return b.Bytes()
}

// sse writes rendered HTML as a text/event-stream, the form that htmx reads.
type sse struct{ views.Locale }

func (e sse) frame(component templ.Component, id int64) []byte {
	event := live.Event{Data: markup(component)}
	if id > 0 {
		event.ID = strconv.FormatInt(id, 10)
	}
	return event.AppendTo(nil)
}

func (e sse) Change(change chat.Change, id int64) []byte {
	switch change := change.(type) {
	case chat.MessagePosted:
		return e.frame(views.NewMessage(e.Locale, change.Message), id)
	case chat.MessageChanged:
		return e.frame(views.ChangedMessage(e.Locale, change.Message), id)
	}
	return nil
}

func (e sse) Presence(p live.Presence) []byte {
	return e.frame(views.Presence(e.Locale, views.Here{People: p.People, Count: p.Count}, p.ListChanged, p.Came, p.Left), 0)
}

func (e sse) Typing(t live.Typing) []byte {
	return e.frame(views.Typing(e.Locale, t.People, t.Count), 0)
}

func (e sse) Uploading(u chat.Uploading) []byte {
	return e.frame(views.Uploading(e.Locale, u), 0)
}

func (e sse) Box(b chat.BoxChanged) []byte {
	return e.frame(views.BoxChanged(e.Locale, b), 0)
}

func (e sse) Cursor(id int64) []byte {
	return live.Event{ID: strconv.FormatInt(id, 10)}.AppendTo(nil)
}

func (e sse) Beat() []byte { return live.Comment }

// A reader that must come back after a restart waits 0.3 to 1.5 s, so that not all of them come at once.
const (
	minRetry = 300 // milliseconds
	maxRetry = 1500
)

func (e sse) End(why live.End) []byte { return ending(why, []byte{}) }

// ending names why a stream ends; a reader that may come back by itself is told nothing, or when. Data is what each event
// carries: a browser tells nobody of one that has none.
func ending(why live.End, data []byte) []byte {
	named := func(name string, retry int) []byte {
		return live.Event{Name: name, Retry: retry, Data: data}.AppendTo(nil)
	}
	switch why {
	case live.EndLogout:
		return append(named("logout", 0), named("bye", 0)...)
	case live.EndLeft:
		return append(named("gone", 0), named("bye", 0)...)
	case live.EndReplaced:
		return named("bye", 0)
	case live.EndRestart:
		return named("restart", minRetry+rand.IntN(maxRetry-minRetry))
	case live.EndResync:
		return named("resync", 0)
	}
	return nil
}

// endless writes rows at the end of a page that never ends. It has no place for what changed before: that shows when the
// page is loaded again.
type endless struct{ views.Locale }

func (e endless) Change(change chat.Change, _ int64) []byte {
	if posted, ok := change.(chat.MessagePosted); ok {
		return markup(views.LiveRow(e.Locale, posted.Message))
	}
	return nil
}

func (e endless) Presence(live.Presence) []byte { return nil }

func (e endless) Typing(live.Typing) []byte { return nil }

func (e endless) Uploading(chat.Uploading) []byte { return nil }

func (e endless) Box(chat.BoxChanged) []byte { return nil }

func (e endless) Cursor(int64) []byte { return nil }

func (e endless) Beat() []byte { return []byte("\n") }

func (e endless) End(why live.End) []byte {
	if why == live.EndLeft {
		return markup(views.LiveGone(e.Locale))
	}
	return markup(views.LiveEnd(e.Locale, why != live.EndLogout))
}
