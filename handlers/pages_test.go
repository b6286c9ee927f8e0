package handlers_test

import (
	"net/url"
	"strings"
	"testing"
)

func TestOneAddressForPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.person("Ana")
	m := ana.say("room=1", "hello")
	for _, path := range []string{"/chat", "/messages?room=1", "/messages/" + text(m.ID), "/settings"} {
		for _, accept := range []string{"", "*/*", "text/html", "text/html,application/xhtml+xml,application/json;q=0.9", "image/png"} {
			a := ana.get(path, "Accept: "+accept).is(200)
			equal(t, path+" as "+accept, a.header.Get("Content-Type"), "text/html; charset=utf-8")
		}
		for _, accept := range []string{"application/json", "application/json, */*;q=0.1", "application/json; charset=utf-8"} {
			a := ana.get(path, "Accept: "+accept).is(200)
			equal(t, path+" as "+accept, strings.HasPrefix(a.header.Get("Content-Type"), "application/json"), true)
		}
		equal(t, "a fragment", strings.Contains(ana.get(path, asHTMX).body, "</html>"), true) // htmx selects its part
	}
}

func TestFindingPeople(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, angel := s.person("Ana"), s.person("Ángel Núñez")
	s.person("Berta")
	for _, q := range []string{"angel", "ÁNGEL", "nun", " Nuñez ", "A\u0301ngel"} {
		page := ana.get("/chat?q=" + url.QueryEscape(q)).is(200)
		page.has(`id="found"`, `href="/messages?`+angel.with()+`"`).lacks(">Berta<")
		found := decode[overview](ana.get("/chat?q="+url.QueryEscape(q), asJSON).is(200)).People
		equal(t, q, len(found), 1)
		equal(t, q, found[0].ID, angel.user.ID)
	}
	for _, q := range []string{"%", "_", "'", `"`, "*", "nobody", "\\"} {
		ana.get("/chat?q=" + url.QueryEscape(q)).is(200).lacks(">Berta<")
		equal(t, q, len(decode[overview](ana.get("/chat?q="+url.QueryEscape(q), asJSON).is(200)).People), 0)
	}
	for _, q := range []string{"\xff", "\x00", strings.Repeat("q", 300)} {
		ana.get("/chat?q="+url.QueryEscape(q), asJSON).failed(422, "invalid", "q")
		ana.get("/chat?q=" + url.QueryEscape(q)).is(422)
	}
	equal(t, "without a query", len(decode[overview](ana.get("/chat", asJSON)).People), 2)
}

func TestChoices(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.person("Ana")
	ana.get("/chat", "Accept-Language: es-CO, en;q=0.5").is(200).has(`<html lang="es"`, "Conversaciones")
	ana.get("/chat", "Accept-Language: fr").is(200).has(`<html lang="en"`)
	ana.post("/settings", []string{"locale", "es", "theme", "dark"}).to("/settings?saved=1")
	ana.get("/settings?saved=1", "Accept-Language: en").is(200).has(`<html lang="es" data-theme="dark"`, `role="status"`)
	ana.get("/messages/999", "Accept-Language: en", asJSON).failed(404, "not_found", "").lacks("There is nothing here")
	s.signIn(ana.user).get("/chat").has(`<html lang="es"`) // in every browser of hers
	for field, form := range map[string][]string{"locale": {"locale", "tlh", "theme", ""}, "theme": {"locale", "", "theme", "\"><script>"}} {
		ana.post("/settings", form).is(422).lacks("<script>\"")
		ana.post("/settings", form, asJSON).failed(422, "invalid", field)
	}
	equal(t, "choices kept", s.count(`SELECT COUNT(*) FROM users WHERE locale = 'es' AND theme = 'dark'`), 1)
	ana.postJSON("/settings", map[string]string{"locale": "", "theme": ""}).is(200)
	ana.get("/chat", "Accept-Language: en").is(200).has(`<html lang="en" data-theme=""`)
	s.guest().get("/login", "Accept-Language: es").is(200).has(`<html lang="es"`)
}
