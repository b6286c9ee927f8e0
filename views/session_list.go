package views

import (
	"strings"

	"charla/chat"
)

// userAgentToken says that a User-Agent header that contains the text token comes from the program called name.
type userAgentToken struct{ token, name string }

// These lists are searched from the first entry. The first token that matches decides, because Chrome also claims to be
// Safari, and Edge claims to be both.
var (
	browsers = []userAgentToken{
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Edg", "Edge"}, {"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
	}
	systems = []userAgentToken{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// matchUserAgent returns the name for the first token in the list that the text contains, or "" if it contains none of
// them.
func matchUserAgent(list []userAgentToken, text string) string {
	for _, k := range list {
		if strings.Contains(text, k.token) {
			return k.name
		}
	}
	return ""
}

// agentName returns the name of the browser or program of a session, derived from its User-Agent header.
func agentName(l Locale, s chat.Session) string {
	if s.Kind == chat.BotSession {
		return l.T("Bot token")
	}
	browser, system := matchUserAgent(browsers, s.UserAgent), matchUserAgent(systems, s.UserAgent)
	if browser == "" {
		browser, _, _ = strings.Cut(s.UserAgent, "/")
	}
	switch {
	case browser == "" && s.Kind == chat.ProgramSession:
		return l.T("App")
	case browser == "":
		return l.T("Browser")
	case system == "":
		return browser
	}
	return l.T("%s on %s", browser, system)
}
