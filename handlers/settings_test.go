package handlers_test

import (
	"slices"
	"strings"
	"testing"
)

func TestRename(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta := s.newUser("Ana"), s.newUser("Berta")
		m := ana.sendMessage(berta.peerQuery(), "hello")
		ana.react(m, "🎉").is(200)
		ana.listen("/events").waitForPresence()
		general, direct := berta.listen("/events?room=1"), berta.listen("/events?"+ana.peerQuery())
		general.waitForElement("[hx-target='#online-list']", "Ana")
		direct.waitForElement("[hx-target='#conversation-name']")

		ana.post("/settings/name", []string{"name", "  Ana   María "}).redirectsTo("/settings?saved=name")
		ana.get("/settings?saved=name").is(200).shows("[value='Ana María']").has("Saved.")
		general.waitForElement("[hx-target='#online-list'] bdi", "Ana María")
		direct.waitForElement("[hx-target='#conversation-name']", "Ana María")
		berta.get("/messages?" + ana.peerQuery()).is(200).has("Ana María").shows("[aria-label='🎉 1: Ana María']")
		berta.get("/chat?q=maria", asJSON).is(200).has("Ana María")
		renamed := ana.postJSON("/settings/name", map[string]string{"name": "Anita"}).is(200)
		equal(t, "by a program", renamed.body, `{"id":`+formatID(ana.user.ID)+`,"name":"Anita","handle":"ana"}`+"\n")

		for _, bad := range []string{"", "   ", strings.Repeat("x", 41), "a\u202eb", "\xff"} {
			ana.post("/settings/name", []string{"name", bad}).is(422).has("Your name")
			ana.post("/settings/name", []string{"name", bad}, asJSON).isError(422, "invalid", "name")
		}
		equal(t, "people without a name", s.count(`SELECT COUNT(*) FROM users WHERE name = ''`), 0)
	})
}

// TestHandle changes a handle in the settings, and finds people by their handles.
func TestHandle(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta := s.newUser("Ana María"), s.newUser("Berta")
		ana.get("/settings", asJSON).is(200).has(`"handle":"ana.maría"`)
		ana.get("/settings").is(200).shows("[name=handle][value='ana.maría']").shows(".card__user .handle", "@ana.maría")
		ana.post("/settings/handle", []string{"handle", " @Anita "}).redirectsTo("/settings?saved=handle")
		ana.get("/settings", asJSON).is(200).has(`"handle":"anita"`)
		changed := berta.postJSON("/settings/handle", map[string]string{"handle": "bertita"}).is(200)
		equal(t, "by a program", changed.body, `{"id":`+formatID(berta.user.ID)+`,"name":"Berta","handle":"bertita"}`+"\n")
		for handle, status := range map[string]int{
			"": 422, "a": 422, "here": 422, "a b": 422, "anita": 409, "Ánita": 409, "ana.maria": 409, "\xff": 422,
		} {
			page := berta.post("/settings/handle", []string{"handle", handle}).is(status)
			if handle != "\xff" && handle != "" {
				page.shows("[name=handle][aria-invalid][value='" + handle + "']")
			}
			berta.post("/settings/handle", []string{"handle", handle}, asJSON).is(status).has(`"field":"handle"`)
		}
		m := ana.sendMessage("room=1", "hello")
		ana.react(m, "🎉").is(200)
		from := `"id":` + formatID(ana.user.ID) + `,"name":"Ana María","handle":"anita"`
		message := berta.get("/messages?room=1", asJSON).is(200)
		equal(t, "author and reaction", strings.Count(message.body, from), 2)
		berta.get("/chat", asJSON).is(200).has(from, `"handle":"bertita"`)
		berta.get("/chat?q=%40anita").is(200).shows("#search-results .handle", "@anita")
		berta.get("/rooms/1?q=anita", asJSON).is(200).has(from)
		ana.get("/people?q=bertita", asJSON).is(200).has(`"handle":"bertita"`)
		berta.get("/messages?"+ana.peerQuery()).is(200).shows(".conversation__header .handle", "@anita")
	})
}

func TestRenameRateLimit(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withRateLimits)
	ana := s.newUser("Ana")
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		ana.post("/settings/name", []string{"name", name}).is(303)
	}
	isRateLimited(ana.post("/settings/name", []string{"name", "F"}))
}

// openSections returns the URLs of the forms in the open sections of the settings.
func openSections(page *answer) string {
	var actions []string
	for _, form := range selectAll(page.t, parseHTML(page.t, page.body), "details.settings-section[open] form[action]") {
		if action := attr(form, "action"); !slices.Contains(actions, action) {
			actions = append(actions, action)
		}
	}
	return strings.Join(actions, " ")
}

func TestSettingsSectionStaysOpen(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withRateLimits)
	ana := s.anonymous().register("Ana", "ana@example.org")
	equal(t, "at first", openSections(ana.get("/settings").is(200)), "/settings")
	saved := func(path string, a *answer) {
		t.Helper()
		page := ana.get(a.is(303).header.Get("Location")).is(200).
			shows("[role=status][tabindex='-1'][autofocus]", "Saved.")
		equal(t, "saved", openSections(page), path)
	}
	saved("/settings", ana.post("/settings", []string{"locale", "en", "theme", ""}))
	saved("/settings/name", ana.post("/settings/name", []string{"name", "Anna"}))
	saved("/settings/password",
		ana.post("/settings/password", []string{"current", testPassword, "password", otherPassword}))
	saved("/settings/email",
		ana.post("/settings/email", []string{"email", "anna@example.org", "current", otherPassword}))
	saved("/settings/avatar", ana.postParts("/settings/avatar", []string{"<me.png", picture(200, 200)}))

	for path, form := range map[string][]string{
		"/settings":          {"locale", "tlh"},
		"/settings/name":     {"name", ""},
		"/settings/avatar":   {"remove", ""},
		"/settings/password": {"current", "not this one", "password", testPassword},
		"/settings/email":    {"email", "nobody", "current", otherPassword},
	} {
		equal(t, "refused", openSections(ana.post(path, form).is(422)), path)
	}
	page := ana.post("/settings/name", []string{"name", "Anna"})
	for i := 0; page.status != 429 && i < 20; i++ {
		page = ana.post("/settings/name", []string{"name", "Anna"})
	}
	page.is(429).shows("details [role=alert][tabindex='-1'][autofocus]") // an error of no field is in its section too
	equal(t, "too often", openSections(page), "/settings/name")
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	ana.get("/chat", "Accept-Language: es-CO, en;q=0.5").is(200).shows("html[lang=es]", "Conversaciones")
	ana.get("/chat", "Accept-Language: fr").is(200).shows("html[lang=en]")
	ana.post("/settings", []string{"locale", "es", "theme", "dark"}).redirectsTo("/settings?saved=1")
	ana.get("/settings?saved=1", "Accept-Language: en").is(200).shows("html[lang=es][data-theme=dark]").
		shows("[role=status]")
	ana.get("/messages/999", "Accept-Language: en", asJSON).isError(404, "not_found", "").lacks("This doesn't exist")
	s.newSession(ana.user).get("/chat").shows("html[lang=es]") // in every browser of the user
	for field, form := range map[string][]string{
		"locale": {"locale", "tlh", "theme", ""},
		"theme":  {"locale", "", "theme", "\"><script>"},
	} {
		ana.post("/settings", form).is(422).lacks("<script>\"")
		ana.post("/settings", form, asJSON).isError(422, "invalid", field)
	}
	equal(t, "saved preferences", s.count(`SELECT COUNT(*) FROM users WHERE locale = 'es' AND theme = 'dark'`), 1)
	ana.postJSON("/settings", map[string]string{"locale": "", "theme": ""}).is(200)
	ana.get("/chat", "Accept-Language: en").is(200).shows("html[lang=en][data-theme='']")
	s.anonymous().get("/login", "Accept-Language: es").is(200).shows("html[lang=es]")
}

func TestPasswordChangeEndsOtherStreams(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")
	other := s.anonymous()
	other.logIn("ana@example.org", testPassword).is(303)
	elsewhere, here := other.listen("/events"), ana.listen("/events")
	change := func(current, password string, headers ...string) *answer {
		return ana.post("/settings/password", []string{"current", current, "password", password}, headers...)
	}
	change("not this one", "tortilla y queso").is(422).has("Wrong password.").lacks("tortilla y queso")
	change(testPassword, "short", asJSON).isError(422, "invalid", "password")
	change(testPassword, "tortilla y queso").redirectsTo("/settings?saved=password")
	equal(t, "end of the other stream", strings.Join(elsewhere.readToEnd(), " "), "logout bye")
	other.get("/chat").is(303)
	ana.sendMessage("room=1", "still here")
	here.waitForElement("title")
	s.anonymous().logIn("ana@example.org", testPassword).is(401)
	s.anonymous().logIn("ana@example.org", "tortilla y queso").is(303)
}
