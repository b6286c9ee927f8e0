package handlers_test

import (
	"strings"
	"testing"
)

// completionInfo are completions as programs receive them.
type completionInfo struct {
	Choices []struct {
		Text, Label, Handle string
		Start               int
	}
}

func TestCompletion(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, beto, eve := s.newUser("Ana"), s.newUser("Beto Ruiz"), s.newUser("Eve Ruiz")
		s.newUser("Ruiz Outside")
		room := formatID(ana.createRoom("Kitchen", "invited", beto, eve))
		eve.sendMessage("room="+room, "the last one who wrote")
		complete := func(body, caret string) string {
			t.Helper()
			a := ana.post("/complete", []string{"room", room, "body", body, "caret", caret}, asJSON).is(200)
			var list []string
			for _, c := range decode[completionInfo](a).Choices {
				list = append(list, c.Text+formatID(int64(c.Start)))
			}
			return strings.Join(list, "|")
		}
		for _, test := range []struct{ body, caret, want string }{
			{"@bet", "", "@beto.ruiz 0"}, {"hi @RUI", "", "@eve.ruiz 3|@beto.ruiz 3|@ruiz.outside 3"},
			{"🎉 ＠eve", "", "@eve.ruiz 3"}, {"@eve and more", "4", "@eve.ruiz 0"}, {"@eve and more", "", ""},
			{"a@eve", "", ""}, {"x.org/@eve", "", ""}, {"", "", ""}, {"@", "0", ""}, {"@nobody", "", ""},
			{"@cha", "", "@channel 0"}, {"10:30", "", ""}, {":t", "", ""}, {":zzzzzz", "", ""}, {"@ana", "", ""},
		} {
			equal(t, test.body+" at "+test.caret, complete(test.body, test.caret), test.want)
		}
		contains(t, complete("well :tada", ""), "🎉5")
		offer := func(body string) *answer {
			return ana.post("/complete", []string{"room", room, "body", body}, asHTMX)
		}
		offer("@ruiz").is(200).shows("#completion-0[role=option][data-text='@eve.ruiz '][data-start='0']", "Eve Ruiz").
			shows("#completion-0[data--arrow-up=completion-2][data--arrow-down=completion-1]", "")
		equal(t, "nothing to offer", offer("hi").is(204).header.Get("HX-Trigger"), "abandon")
		s.newUser("Stranger").post("/complete", []string{"room", room, "body", "@eve"}, asJSON).is(404)

		ana.get("/messages?room="+room).is(200).shows("noscript", "Mention…")
		page := ana.post("/complete", []string{"room", room, "body", "dear", "key", "k1", "q", "eve"}).is(200)
		page.shows("button[name=choice][value='@eve.ruiz ']", "Eve Ruiz").shows("[name=body][value=dear]").
			hides("button[name=choice]", "Beto")
		back := ana.post("/complete", []string{"room", room, "body", "dear", "key", "k1", "choice", "@eve.ruiz "}).is(200)
		back.shows("#composer-text", "dear @eve.ruiz ").shows("#message-key[value=k1]")
	})
}
