package views

import (
	"strings"

	"charla/chat"
)

// known are words in what a browser says of itself, and what they mean. The first that is found counts: Chrome says that
// it is Safari too, and Edge that it is both.
type known struct{ word, name string }

var (
	browsers = []known{{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
		{"Vivaldi/", "Vivaldi"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems = []known{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Mac OS X", "macOS"}, {"Linux", "Linux"}}
)

func match(list []known, text string) string {
	for _, k := range list {
		if strings.Contains(text, k.word) {
			return k.name
		}
	}
	return ""
}

// agent names a browser or program by what it says of itself.
func agent(l Locale, s chat.Session) string {
	if s.Kind == chat.BotToken {
		return l.T("The token of a bot")
	}
	browser, system := match(browsers, s.UserAgent), match(systems, s.UserAgent)
	if browser == "" {
		browser, _, _ = strings.Cut(s.UserAgent, "/")
	}
	switch {
	case browser == "" && s.Kind == chat.Program:
		return l.T("A program")
	case browser == "":
		return l.T("A browser")
	case system == "":
		return browser
	}
	return l.T("%s on %s", browser, system)
}
