package handlers_test

import (
	"strings"
	"testing"
)

func TestAnotherName(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ana, berta := s.person("Ana"), s.person("Berta")
		m := ana.say(berta.with(), "hello")
		ana.react(m, "🎉").is(200)
		ana.listen("/events").brings("here-count")
		general, direct := berta.listen("/events?room=1"), berta.listen("/events?"+ana.with())
		general.brings(">Ana<")
		direct.brings("conv-name")

		ana.post("/settings/name", []string{"name", "  Ana   María "}).to("/settings?saved=name")
		ana.get("/settings?saved=name").is(200).has(`value="Ana María"`, "Saved.")
		general.brings(`id="here"`[4:], "<bdi>Ana María</bdi>")
		direct.brings("conv-name", "Ana María")
		berta.get("/messages?"+ana.with()).is(200).has("Ana María", `aria-label="🎉 1: Ana María"`)
		berta.get("/chat?q=maria", asJSON).is(200).has("Ana María")
		equal(t, "by a program", ana.postJSON("/settings/name", map[string]string{"name": "Anita"}).is(200).body, `{"id":`+text(ana.user.ID)+`,"name":"Anita"}`+"\n")

		for _, bad := range []string{"", "   ", strings.Repeat("x", 41), "a\u202eb", "\xff"} {
			ana.post("/settings/name", []string{"name", bad}).is(422).has("Your name")
			ana.post("/settings/name", []string{"name", bad}, asJSON).failed(422, "invalid", "name")
		}
		equal(t, "people without a name", s.count(`SELECT COUNT(*) FROM users WHERE name = ''`), 0)
	})
}

func TestANewNameIsToldNotTooOften(t *testing.T) {
	t.Parallel()
	s := open(t, limited)
	ana := s.person("Ana")
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		ana.post("/settings/name", []string{"name", name}).is(303)
	}
	refused(ana.post("/settings/name", []string{"name", "F"}))
}

// openParts are the parts of the settings that stand open, by the addresses of their forms.
func openParts(page *answer) string {
	var parts []string
	for _, part := range strings.Split(page.body, `<details class="part"`)[1:] {
		if strings.HasPrefix(part, " open") {
			_, form, _ := strings.Cut(part, `action="`)
			action, _, _ := strings.Cut(form, `"`)
			parts = append(parts, action)
		}
	}
	return strings.Join(parts, " ")
}

func TestTheSettingsOpenWhereOneWas(t *testing.T) {
	t.Parallel()
	s := open(t, limited)
	ana := s.guest().register("Ana", "ana@example.org")
	equal(t, "at first", openParts(ana.get("/settings").is(200)), "/settings")
	saved := func(path string, a *answer) {
		t.Helper()
		page := ana.get(a.is(303).header.Get("Location")).is(200).has(`role="status" tabindex="-1" autofocus>Saved.`)
		equal(t, "saved", openParts(page), path)
	}
	saved("/settings", ana.post("/settings", []string{"locale", "en", "theme", ""}))
	saved("/settings/name", ana.post("/settings/name", []string{"name", "Anna"}))
	saved("/settings/password", ana.post("/settings/password", []string{"current", phrase, "password", another}))
	saved("/settings/email", ana.post("/settings/email", []string{"email", "anna@example.org", "current", another}))
	saved("/settings/avatar", ana.postParts("/settings/avatar", []string{"<me.png", picture(200, 200)}))

	for path, form := range map[string][]string{
		"/settings":          {"locale", "tlh"},
		"/settings/name":     {"name", ""},
		"/settings/avatar":   {"remove", ""},
		"/settings/password": {"current", "not this one", "password", phrase},
		"/settings/email":    {"email", "nobody", "current", another},
	} {
		equal(t, "refused", openParts(ana.post(path, form).is(422)), path)
	}
	page := ana.post("/settings/name", []string{"name", "Anna"})
	for i := 0; page.status != 429 && i < 20; i++ {
		page = ana.post("/settings/name", []string{"name", "Anna"})
	}
	page.is(429).has(`role="alert" tabindex="-1" autofocus`) // what is wrong with no field stands in its part too
	equal(t, "too often", openParts(page), "/settings/name")
}
