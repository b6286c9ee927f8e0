package handlers_test

import (
	"strings"
	"testing"
)

type whereSignedIn struct {
	Sessions []struct {
		ID        int64
		Kind      string
		UserAgent string `json:"user_agent"`
		Address   string
		CreatedAt string `json:"created_at"`
		SeenAt    string `json:"seen_at"`
		Current   bool
	}
}

func TestWhereOneIsSignedIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	const firefox = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
	const phone = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
	here, away, berta := s.guest().register("Ana", "ana@example.org"), s.guest(), s.person("Berta")
	here.logIn("ana@example.org", phrase, firefox).is(303)
	away.logIn("ana@example.org", phrase, phone).is(303)
	given := decode[tokens](s.guest().post("/tokens", []string{"email", "ana@example.org", "password", phrase}, "User-Agent: curl/8.14"))
	program := here.holding(t, given.Access)

	page := here.get("/sessions").is(200).has("Firefox on Linux", "Safari on iPhone", "curl", "127.0.0.1", "This is here.", `action="/sessions/end-others"`)
	equal(t, "sessions", strings.Count(page.body, `class="thing"`), 3)
	here.get("/settings").is(200).has(`href="/sessions"`, `href="/bots"`)
	here.get("/sessions", "Accept-Language: es").has("Dónde tienes la sesión abierta", "Firefox en Linux")
	list := decode[whereSignedIn](here.get("/sessions", asJSON)).Sessions
	ids := map[string]int64{}
	for _, one := range list {
		ids[one.UserAgent] = one.ID
		equal(t, "current", one.Current, "User-Agent: "+one.UserAgent == firefox)
		equal(t, "kind", one.Kind == "program", one.UserAgent == "curl/8.14")
	}
	equal(t, "of others", len(decode[whereSignedIn](berta.get("/sessions", asJSON)).Sessions), 1)

	st := program.listen("/events?room=1")
	st.until("the cursor", isCursor)
	berta.post("/sessions/"+text(ids["curl/8.14"])+"/end", nil, asJSON).failed(404, "not_found", "")
	here.post("/sessions/"+text(ids["curl/8.14"])+"/end", nil).to("/sessions")
	equal(t, "how it ended", strings.Join(st.ends(), " "), "logout bye")
	program.get("/chat").bad()
	here.post("/sessions/"+text(ids["curl/8.14"])+"/end", nil, asJSON).failed(404, "not_found", "")

	again := here.program(t)
	st = away.listen("/events?room=1")
	st.until("the cursor", isCursor)
	here.post("/sessions/end-others", nil).to("/sessions")
	equal(t, "how it ended", strings.Join(st.ends(), " "), "logout bye")
	away.get("/chat").is(303)
	again.get("/chat").bad()
	here.get("/sessions").is(200).lacks("end-others")
	berta.get("/chat").is(200)
	here.post("/sessions/"+text(ids[firefox[len("User-Agent: "):]])+"/end", nil).is(303)
	here.get("/chat").is(303)
}
