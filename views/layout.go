package views

// scripts are the vendored scripts in the order in which they must run, none deferred: htmx may start before an
// extension that comes late, and then a stream never connects.
var scripts = []string{"htmx.min.js", "hx-sse.min.js", "hx-upsert.min.js", "hx-csp.min.js"}

// deferredScripts scripts run when the page is there, in this order, before htmx looks at it.
var deferredScripts = []string{"alpine-persist.min.js", "alpine-csp.min.js"}

// The colours of the browser's own bars: the raw value of the page's ground, which a test compares with theme.css.
const (
	lightBackground = "#f9f3ec"
	darkBackground  = "#1d1815"
)

type themeColor struct{ Color, Media string }

// themeColors follow the system unless the person chose.
func themeColors(theme string) []themeColor {
	switch theme {
	case "light":
		return []themeColor{{lightBackground, "all"}}
	case "dark":
		return []themeColor{{darkBackground, "all"}}
	}
	return []themeColor{{lightBackground, "(prefers-color-scheme: light)"}, {darkBackground, "(prefers-color-scheme: dark)"}}
}

func colorScheme(theme string) string {
	if theme == "" {
		return "light dark"
	}
	return theme
}

// streamConfig keeps the stream of a hidden tab only where the browser does not count connections, over HTTP/2.
func streamConfig(p Page) string {
	if p.HTTP2 {
		return "sse.reconnectMaxDelay:10s sse.pauseOnBackground:false"
	}
	return "sse.reconnectMaxDelay:10s"
}

// What the stream of a page swaps by itself: the title with the number of unread messages, or nothing where the page is
// called after something that the stream knows nothing of.
const (
	updatesTitle = "none"
	keepsTitle   = "none ignoreTitle:true"
)

// xShowUnreachable says where something was asked for that the server could not be reached. What happens by itself, and a
// message, which waits, are no reason for that.
const xShowUnreachable = `$event.target.matches('#` + idComposerText + `, #` + idSendQueue + `, #` + idReadMarker + `')
	|| $root.querySelector('#` + idPageNotice + `, #` + idFormError + `, #` + idComposerError + `').replaceChildren($refs.unreached.content.cloneNode(true))`
