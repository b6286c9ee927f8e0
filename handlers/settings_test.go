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
