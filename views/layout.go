package views

// scripts are vendored scripts in the order in which they must run. None is deferred, because htmx may start before a
// deferred extension has loaded, and then a stream would never connect.
var scripts = []string{"htmx.min.js", "hx-sse.min.js", "hx-upsert.min.js", "hx-csp.min.js"}

// deferredScripts run in this order after the document was parsed and before htmx processes it.
var deferredScripts = []string{"alpine-persist.min.js", "alpine-csp.min.js"}

// Background colours of the pages, for the browser's own toolbar. A test compares them with theme.css.
const (
	lightBackground = "#f9f3ec"
	darkBackground  = "#1d1815"
)

type themeColor struct{ Color, Media string }

// themeColors returns the toolbar colours for a theme. Without a chosen theme they follow the system.
func themeColors(theme string) []themeColor {
	switch theme {
	case "light":
		return []themeColor{{lightBackground, "all"}}
	case "dark":
		return []themeColor{{darkBackground, "all"}}
	}
	return []themeColor{
		{lightBackground, "(prefers-color-scheme: light)"},
		{darkBackground, "(prefers-color-scheme: dark)"},
	}
}

func colorScheme(theme string) string {
	if theme == "" {
		return "light dark"
	}
	return theme
}

// streamConfig returns the configuration of the event stream. A hidden tab keeps its stream only over HTTP/2, because
// over HTTP/1.1 browsers allow few connections per server.
func streamConfig(p Page) string {
	if p.HTTP2 {
		return "sse.reconnectMaxDelay:10s sse.pauseOnBackground:false"
	}
	return "sse.reconnectMaxDelay:10s"
}

// Values of hx-swap for the event stream: whether a title in a fragment replaces the title of the page.
const (
	updatesTitle = "none"
	keepsTitle   = "none ignoreTitle:true"
)
