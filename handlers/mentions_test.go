package handlers_test

import (
	"fmt"
	"strings"
	"testing"
)

// handles returns the handles of people in JSON, joined by spaces.
func handles(people []userRef) string {
	var list []string
	for _, p := range people {
		list = append(list, p.Handle)
	}
	return strings.Join(list, " ")
}

// TestMentions posts, edits and deletes mentions, and renames who is mentioned.
func TestMentions(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, beto := s.newUser("Ana"), s.newUser("Beto")
		post := func(body string) message {
			t.Helper()
			return decode[message](beto.post("/messages", []string{"room", "1", "body", body}, asJSON).is(201))
		}
		read := func(m message) message {
			t.Helper()
			return decode[message](ana.get("/messages/"+formatID(m.ID), asJSON).is(200))
		}
		edit := func(m message, body string) message {
			t.Helper()
			return decode[message](beto.post("/messages/"+formatID(m.ID)+"/edit", []string{"body", body}, asJSON).is(200))
		}
		for body, want := range map[string]string{
			"@ana": "ana", "hi @ANA. bye": "ana", "_@ana_": "ana", "＠ana，": "ana", "@ana说": "ana", "@beto @ana @Ána": "ana beto",
			"`@ana`": "", "ana@ana.org": "", "https://x.org/@ana": "", "@anabel": "", "@": "",
		} {
			m := post(body)
			equal(t, body, handles(m.Mentions), want)
			equal(t, body+" as read", handles(read(m).Mentions), want)
		}
		m := post("@ana and @nobody")
		contains(t, m.HTML, `<bdi class="mention mention-`+formatID(ana.user.ID)+`">@ana</bdi> and @nobody`)
		ana.get("/me.css").is(200).has(".mention-" + formatID(ana.user.ID) + "{")
		ana.post("/settings/handle", []string{"handle", "anita"}).is(303)
		contains(t, read(m).HTML, `">@anita</bdi> and @nobody`)
		ana.get("/messages?room=1").is(200).shows(".mention", "@anita")

		equal(t, "an edit with the old handle", handles(edit(m, "@ana!").Mentions), "anita")
		equal(t, "an edit that adds", handles(edit(m, "@ana and @beto").Mentions), "anita beto")
		equal(t, "an edit that withdraws", handles(edit(m, "nobody").Mentions), "")
		equal(t, "mentions of it", s.count(`SELECT COUNT(*) FROM mentions WHERE message_id = $1`, m.ID), 0)
		equal(t, "an old handle", handles(post("@ana").Mentions), "")
		equal(t, "a new handle", handles(post("@anita").Mentions), "anita")
		last := post("@beto")
		beto.post("/messages/"+formatID(last.ID)+"/delete", nil, asJSON).is(204)
		equal(t, "of a deleted message", s.count(`SELECT COUNT(*) FROM mentions WHERE message_id = $1`, last.ID), 0)
	})
}

// TestMentionOutsideTheRoom mentions somebody who is not in the room: only the author learns about it. For a guest, who
// does not see that person, the text stays as it is.
func TestMentionOutsideTheRoom(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, beto, eve := s.newUser("Ana"), s.newUser("Beto"), s.newUser("Eve")
		room := ana.createRoom("Kitchen", "invited")
		in := "room=" + formatID(room)
		m := decode[message](ana.post("/messages", []string{"room", formatID(room), "body", "@beto"}, asJSON).is(201))
		equal(t, "mentions", handles(m.Mentions)+"|"+handles(m.NotInRoom), "|beto")
		lacks(t, m.HTML, "mention")
		beto.get("/messages/"+formatID(m.ID), asJSON).is(404)

		sent := ana.post("/messages", []string{"room", formatID(room), "body", "and @beto"})
		sent.redirectsTo("/messages?" + in + "&outside=" + formatID(beto.user.ID))
		page := ana.get("/messages?" + in + "&outside=" + formatID(beto.user.ID)).is(200)
		page.shows("#mention-hints", "Beto is not in this room.").
			shows("#mention-hints form[action='/rooms/" + formatID(room) + "/members'] [name=user][value='" +
				formatID(beto.user.ID) + "']")
		ana.get("/messages?"+in+"&outside="+formatID(ana.user.ID)).is(200).hides("#mention-hints", "room")
		ana.get("/messages?"+in+"&outside=999&outside=x").is(200).hides("#mention-hints", "room")

		ana.post("/rooms/"+formatID(room)+"/members", []string{"user", formatID(eve.user.ID)}).is(303)
		s.exec(`DELETE FROM members WHERE room_id = 1 AND user_id = $1`, eve.user.ID)
		s.exec(`UPDATE users SET role = 'guest' WHERE id = $1`, eve.user.ID)
		hidden := eve.post("/messages", []string{"room", formatID(room), "body", "@beto @ana"}, asJSON).is(201)
		lacks(t, hidden.body, "not_in_room")
		equal(t, "by a guest", handles(decode[message](hidden).Mentions), "ana")
		eve.get("/messages?"+in+"&outside="+formatID(beto.user.ID)).is(200).hides("#mention-hints", "Beto")
		lacks(t, beto.get("/chat", asJSON).is(200).body, "Kitchen")
	})
}

// TestMentioningEverybody posts @channel and @here in a small and in a large room, as all kinds of senders.
func TestMentioningEverybody(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		admin, ana := s.newUser("Root"), s.newUser("Ana")
		form := func(body, all string) []string { return []string{"room", "1", "body", body, "all", all} }
		to := func(a *answer) string {
			t.Helper()
			m := decode[message](a)
			if m.Notified == nil {
				return m.To
			}
			return fmt.Sprint(m.To, " ", *m.Notified)
		}
		ana.post("/messages", form("@channel", "")).is(303)
		equal(t, "in a small room", s.count(`SELECT COUNT(*) FROM messages WHERE notifies_all`), 1)
		for i := range 10 {
			s.newUser(fmt.Sprint("P", i))
		}
		page := ana.post("/messages", form("hello @channel", "")).is(422)
		page.has("This notifies 11 people.").shows("#composer button[name=all][value=yes]").
			shows("#composer-text", "hello @channel")
		ana.post("/messages", form("hello @here", "")).is(303) // nobody is online
		equal(t, "before the answer", s.count(`SELECT COUNT(*) FROM messages WHERE body = 'hello @channel'`), 0)
		ana.post("/messages", form("hello @channel", "yes")).is(303)
		equal(t, "after it", s.count(`SELECT COUNT(*) FROM messages WHERE notifies_all`), 3)
		ana.get("/messages?room=1").is(200).shows(".message--notifies-all .mention-all", "@channel")

		equal(t, "a program", to(ana.post("/messages", form("@channel", ""), asJSON).is(201)), "channel false")
		equal(t, "that says yes", to(ana.post("/messages", form("@here", "yes"), asJSON).is(201)), "here true")
		equal(t, "in code", to(ana.post("/messages", form("`@channel`", "yes"), asJSON).is(201)), "")
		bot := ana.createBot("Robot")
		equal(t, "a bot", to(bot.post("/messages", form("@channel", "yes"), asJSON).is(201)), "channel false")
		hook := ana.createWebhook(bot, 1)
		posted := s.anonymous().post(requestURI(hook.URL), []string{"body", "@channel down"}).is(201)
		equal(t, "a webhook", to(posted), "channel false")

		admin.post("/admin", []string{"notify_all", "moderator"}).is(303)
		equal(t, "without permission", to(ana.post("/messages", form("@channel", "yes"), asJSON).is(201)), "channel false")
		ana.post("/messages", form("@channel", "")).redirectsTo("/messages?room=1&unnotified=1")
		ana.get("/messages?room=1&unnotified=1").is(200).shows("#mention-hints", "You can't notify everyone here.")
		equal(t, "an admin", to(admin.post("/messages", form("@channel", "yes"), asJSON).is(201)), "channel true")
	})
}
