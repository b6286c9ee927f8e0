package handlers_test

import (
	"strings"
	"testing"
)

func TestContentNegotiation(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	m := ana.sendMessage("room=1", "hello")
	for _, path := range []string{"/chat", "/messages?room=1", "/messages/" + formatID(m.ID), "/settings"} {
		for _, accept := range []string{"", "*/*", "text/html", "text/html,application/xhtml+xml,application/json;q=0.9", "image/png"} {
			a := ana.get(path, "Accept: "+accept).is(200)
			equal(t, path+" as "+accept, a.header.Get("Content-Type"), "text/html; charset=utf-8")
		}
		for _, accept := range []string{"application/json", "application/json, */*;q=0.1", "application/json; charset=utf-8"} {
			a := ana.get(path, "Accept: "+accept).is(200)
			equal(t, path+" as "+accept, strings.HasPrefix(a.header.Get("Content-Type"), "application/json"), true)
		}
		ana.get(path, asHTMX).isPage() // htmx selects its part
	}
}
