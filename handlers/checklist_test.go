package handlers_test

import "testing"

func TestChecklist(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		owner := s.newUser("Owner").withT(t)
		steps := func() string {
			t.Helper()
			done := ""
			for _, item := range decode[overviewInfo](owner.get("/chat", asJSON).is(200)).Checklist {
				done += item.Step
				if item.Done {
					done += "+"
				}
				done += " "
			}
			return done
		}
		equal(t, "a new community", steps(), "name registration invite room ")
		owner.get("/chat", "Accept-Language: es").is(200).has("Configura tu comunidad").
			shows(".checklist a[href='/admin']", "Ponle nombre a tu comunidad").shows(".checklist a[href='/invites']").
			shows(".checklist a[href='/rooms']").hides(".checklist__step--done")
		owner.postJSON("/admin", map[string]string{"name": "Club"}).is(200)
		equal(t, "named", steps(), "name+ registration invite room ")
		owner.post("/admin", []string{"registration", "open"}).is(303)
		owner.invite(map[string]any{})
		equal(t, "invited", steps(), "name+ registration+ invite+ room ")
		owner.get("/chat").is(200).shows(".checklist__step--done a[href='/invites']").
			hides(".checklist__step--done a[href='/rooms']")
		owner.createRoom("Cellar", "open")
		equal(t, "all", steps(), "")
		owner.get("/chat").is(200).hides(".checklist").shows(".welcome")

		s.exec(`UPDATE community SET name = 'Charla'`)
		equal(t, "people", s.count(`SELECT COUNT(*) FROM users`), 1)
		admin := s.newUser("Admin").withT(t)
		owner.post(admin.rolePath(), []string{"role", "admin"}).is(303)
		s.newSession(admin.user).withT(t).get("/chat").is(200).hides(".checklist")
		eventually(t, "the list to come back", func() bool { return steps() != "" }) // the settings are cached for a second
		equal(t, "people suffice", steps(), "name registration+ invite+ room+ ")
		owner.post("/admin/checklist/dismiss", nil).redirectsTo("/chat")
		equal(t, "dismissed", steps(), "")
		owner.get("/chat").is(200).hides(".checklist")
	})
}
