package handlers_test

import (
	"net/url"
	"strings"
	"testing"
)

func TestFindingPeople(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, angel := s.newUser("Ana"), s.newUser("Ángel Núñez")
	s.newUser("Berta")
	for _, q := range []string{"angel", "ÁNGEL", "nun", " Nuñez ", "A\u0301ngel"} {
		page := ana.get("/chat?q=" + url.QueryEscape(q)).is(200)
		page.shows("#search-results a[href='/messages?"+angel.peerQuery()+"']").hides("#search-results", "Berta")
		found := decode[overviewInfo](ana.get("/chat?q="+url.QueryEscape(q), asJSON).is(200)).People
		equal(t, q, len(found), 1)
		equal(t, q, found[0].ID, angel.user.ID)
	}
	for _, q := range []string{"%", "_", "'", `"`, "*", "nobody", "\\"} {
		ana.get("/chat?q="+url.QueryEscape(q)).is(200).hides("#search-results", "Berta")
		equal(t, q, len(decode[overviewInfo](ana.get("/chat?q="+url.QueryEscape(q), asJSON).is(200)).People), 0)
	}
	for _, q := range []string{"\xff", "\x00", strings.Repeat("q", 300)} {
		ana.get("/chat?q="+url.QueryEscape(q), asJSON).isError(422, "invalid", "q")
		ana.get("/chat?q=" + url.QueryEscape(q)).is(422)
	}
	equal(t, "without a query", len(decode[overviewInfo](ana.get("/chat", asJSON)).People), 2)
}

func TestDisablingAPerson(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin := s.newUser("Admin")
	ana := s.anonymous().register("Ana", "ana@example.org")
	st, watcher := ana.listen("/events"), admin.listen("/events")
	watcher.waitForElement("[hx-target='#online-count']", "2")
	ana.get("/people").is(404)
	admin.get("/settings").is(200).shows("a[href='/people']")
	ana.get("/settings").is(200).hides("a[href='/people']")
	path := "/people/" + formatID(ana.user.ID)
	admin.get("/people?q=ana@").is(200).shows("[action='"+path+"/disable']").has("ana@example.org").
		hides("#people-list bdi", "Admin")
	admin.post(path+"/disable", nil).redirectsTo("/people")
	equal(t, "end of the stream", strings.Join(st.readToEnd(), " "), "logout bye")
	ana.get("/chat").redirectsTo("/login?next=%2Fchat")
	s.anonymous().logIn("ana@example.org", testPassword).is(401)
	watcher.waitForElement("[hx-target='#online-count']", "1")
	admin.get("/people").is(200).shows("[action='" + path + "/enable']")
	admin.get("/people?q=ana", asJSON).is(200).has(`"disabled":true`)
	admin.post("/people/"+formatID(admin.user.ID)+"/disable", nil, asJSON).isError(409, "conflict", "")
	admin.post("/people/999/disable", nil, asJSON).isError(404, "not_found", "")
	admin.post(path+"/enable", nil, asJSON).is(204)
	s.anonymous().logIn("ana@example.org", testPassword).is(303)
	ana.get("/chat").is(303)
}
