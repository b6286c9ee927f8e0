package handlers_test

import (
	"strings"
	"testing"
	"time"
)

func TestResetLinkByAdmin(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		owner, admin := s.newUser("Owner").withT(t), s.newUser("Admin").withT(t)
		ana := s.anonymous().withT(t).register("Ana", "ana@example.org")
		owner.post(admin.rolePath(), []string{"role", "admin"}, asJSON).is(204)
		path := "/people/" + formatID(ana.user.ID) + "/reset-link"
		admin.get("/people").is(200).shows("form[action='" + path + "']")
		ana.post(path, nil, asJSON).isError(403, "forbidden", "")
		admin.post("/people/"+formatID(owner.user.ID)+"/reset-link", nil, asJSON).isError(403, "forbidden", "")
		admin.post("/people/999/reset-link", nil, asJSON).isError(404, "not_found", "")

		admin.post(path, nil, "Accept-Language: es").is(201).shows("#new-secret[value*='/reset/']").has("Ana")
		link := decode[struct {
			URL     string
			Expires time.Time `json:"expires_at"`
		}](admin.post(path, nil, asJSON).is(201))
		if left := time.Until(link.Expires); left < 50*time.Minute || left > time.Hour {
			t.Errorf("the link expires in %v", left)
		}
		reset, _ := strings.CutPrefix(link.URL, s.URL)
		s.anonymous().withT(t).get(reset).is(200)
		s.anonymous().withT(t).post(reset, []string{"password", "arepa con queso"}).redirectsTo("/login?reset=1")
		ana.get("/chat").is(303) // the sessions have ended
		s.anonymous().withT(t).logIn("ana@example.org", "arepa con queso").redirectsTo("/chat")
		s.anonymous().withT(t).post(reset, []string{"password", "otra arepa con queso"}).is(404)
	})
}
