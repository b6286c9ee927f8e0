package handlers_test

import (
	"strings"
	"testing"
)

type sessionsInfo struct {
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

func TestSessionList(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	const firefox = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
	const phone = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 " +
		"(KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
	here, away, berta := s.anonymous().register("Ana", "ana@example.org"), s.anonymous(), s.newUser("Berta")
	here.logIn("ana@example.org", testPassword, firefox).is(303)
	away.logIn("ana@example.org", testPassword, phone).is(303)
	login := []string{"email", "ana@example.org", "password", testPassword}
	given := decode[tokenPair](s.anonymous().post("/tokens", login, "User-Agent: curl/8.14"))
	program := here.withToken(t, given.Access)

	page := here.get("/sessions").is(200).
		has("Firefox on Linux", "Safari on iPhone", "curl", "127.0.0.1", "This session.")
	page.shows("[action='/sessions/end-others']")
	equal(t, "sessions", page.elements(".item"), 3)
	here.get("/settings").is(200).shows("a[href='/sessions']").shows("a[href='/bots']")
	here.get("/sessions", "Accept-Language: es").has("Sesiones", "Firefox en Linux")
	list := decode[sessionsInfo](here.get("/sessions", asJSON)).Sessions
	ids := map[string]int64{}
	for _, one := range list {
		ids[one.UserAgent] = one.ID
		equal(t, "current", one.Current, "User-Agent: "+one.UserAgent == firefox)
		equal(t, "kind", one.Kind == "program", one.UserAgent == "curl/8.14")
	}
	equal(t, "sessions of another user", len(decode[sessionsInfo](berta.get("/sessions", asJSON)).Sessions), 1)

	st := program.listen("/events?room=1", "Accept: text/html")
	st.readUntil("the cursor", isBareID)
	berta.post("/sessions/"+formatID(ids["curl/8.14"])+"/end", nil, asJSON).isError(404, "not_found", "")
	here.post("/sessions/"+formatID(ids["curl/8.14"])+"/end", nil).redirectsTo("/sessions")
	equal(t, "end of the stream", strings.Join(st.readToEnd(), " "), "logout bye")
	program.get("/chat").isBadToken()
	here.post("/sessions/"+formatID(ids["curl/8.14"])+"/end", nil, asJSON).isError(404, "not_found", "")

	again := here.newProgram(t)
	st = away.listen("/events?room=1", "Accept: text/html")
	st.readUntil("the cursor", isBareID)
	here.post("/sessions/end-others", nil).redirectsTo("/sessions")
	equal(t, "end of the stream", strings.Join(st.readToEnd(), " "), "logout bye")
	away.get("/chat").is(303)
	again.get("/chat").isBadToken()
	here.get("/sessions").is(200).lacks("end-others")
	berta.get("/chat").is(200)
	here.post("/sessions/"+formatID(ids[firefox[len("User-Agent: "):]])+"/end", nil).is(303)
	here.get("/chat").is(303)
}
