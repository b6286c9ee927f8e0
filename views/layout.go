package views

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// doctype begins a document. Validators ask for capitals, and templ writes the declaration in lower case.
var doctype = templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "<!DOCTYPE html>")
	return err
})

// scripts are the scripts from other projects that pages load first, in the order in which they must run. They are not
// deferred: htmx may start before a deferred extension has loaded, and then the page would never connect to its stream.
var scripts = []string{"htmx.min.js", "hx-sse.min.js", "hx-upsert.min.js", "hx-csp.min.js"}

// deferredScripts are the scripts that run, in this order, after the document was parsed and before htmx processes it.
var deferredScripts = []string{"alpine-persist.min.js", "alpine-csp.min.js"}

// These are the background colours of the pages in the light and the dark theme. Browsers use them for their toolbar. A
// test compares them with theme.css.
const (
	LightBackground = "#f9f3ec"
	DarkBackground  = "#1d1815"
)

// Description returns one sentence about the chat for search engines, link previews and app stores.
func (l Locale) Description() string {
	return l.T("The chat of %s: rooms, direct messages, pictures and files.", l.CommunityName())
}

// themeColor is a colour for the toolbar of the browser, and the media query for which it applies.
type themeColor struct{ Color, Media string }

// themeColors returns the toolbar colours for the theme that the user has chosen. Without a choice, it returns one
// colour for each theme, and the system's theme decides.
func themeColors(theme string) []themeColor {
	switch theme {
	case "light":
		return []themeColor{{LightBackground, "all"}}
	case "dark":
		return []themeColor{{DarkBackground, "all"}}
	}
	return []themeColor{
		{LightBackground, "(prefers-color-scheme: light)"},
		{DarkBackground, "(prefers-color-scheme: dark)"},
	}
}

// colorScheme returns the value of the meta element color-scheme for the chosen theme, so that the browser draws its
// own controls to match.
func colorScheme(theme string) string {
	if theme == "" {
		return "light dark"
	}
	return theme
}

// streamConfig returns the htmx settings for the event stream of a page. With HTTP/2, a hidden tab keeps its stream.
// With HTTP/1.1, a hidden tab closes its stream, because browsers allow only few connections to a server.
func streamConfig(p Page) string {
	if p.HTTP2 {
		return "sse.reconnectMaxDelay:10s sse.pauseOnBackground:false"
	}
	return "sse.reconnectMaxDelay:10s"
}

// These are the values of hx-swap for the event stream. With updatesTitle, a title in an event replaces the title of
// the page. With keepsTitle, the title of the page stays.
const (
	updatesTitle = "none"
	keepsTitle   = "none ignoreTitle:true"
)
