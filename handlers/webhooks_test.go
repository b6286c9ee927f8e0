package handlers_test

import (
	"net/url"
	"strings"
	"testing"

)

type webhookInfo struct {
	ID   int64
	Room struct {
		ID   int64
		Name string
	}
	URL string
}

// createWebhook makes an address that writes into a room as a bot.
func (b *client) createWebhook(bot *client, room int64) webhookInfo {
	b.t.Helper()
	return decode[webhookInfo](b.post("/bots/"+formatID(bot.user.ID)+"/hooks", []string{"room", formatID(room)}, asJSON).is(201))
}

// requestURI is where an address of Charla leads.
func requestURI(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.RequestURI()
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *siteOptions) { c.BaseURL = &url.URL{Scheme: "http", Host: "chat.example.org"} })
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	bot := ana.createBot("Builder")
	page := ana.post("/bots/"+formatID(bot.user.ID)+"/hooks", []string{"room", "1"}).is(201).has("curl -d", "http://chat.example.org/hooks/")
	lacks(t, ana.get("/bots").is(200).has("General").body, "/hooks/"+requestURI(ana.createWebhook(bot, 1).URL)[len("/hooks/"):])
	start := strings.Index(page.body, "/hooks/")
	hook := page.body[start:][:len("/hooks/")+43]
	equal(t, "secrets in the clear", s.count(`SELECT COUNT(*) FROM hooks WHERE hash = $1`, hook[len("/hooks/"):]), 0)
	st := berta.listen("/events?room=1")
	st.readUntil("the cursor", isBareID)

	send := func(t *testing.T, to, body string, headers ...string) *answer {
		t.Helper()
		return s.anonymous().withT(t).do("POST", to, strings.NewReader(body), headers...)
	}
	for _, one := range []struct{ kind, body, want string }{
		{"application/x-www-form-urlencoded", "curl -d: 100% a&b=c + d", "curl -d: 100% a&b=c + d"},
		{"application/x-www-form-urlencoded", "body=a+form+%26+more", "a form & more"},
		{"text/plain", "plain *text* :tada:\n", "plain *text* 🎉"},
		{"text/plain; charset=utf-8", "ñandú\nof two lines", "ñandú\nof two lines"},
		{"application/octet-stream", "body=raw", "body=raw"},
		{"", "of no kind", "of no kind"},
		{"application/json", `{"body":"in JSON"}`, "in JSON"},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\nin parts\r\n--b--\r\n", "in parts"},
	} {
		m := decode[message](send(t, hook, one.body, "Content-Type: "+one.kind).is(201))
		equal(t, one.kind, m.Body, one.want)
		equal(t, "from", m.From.ID, bot.user.ID)
		equal(t, "a bot", m.From.Bot, true)
	}
	st.waitFor("100% a&amp;b=c + d", `<small class="bot-badge">`)
	st.waitFor("of no kind")

	once := decode[message](send(t, hook, "body=built&key=build-16", inForm).is(201))
	equal(t, "by a field", decode[message](send(t, hook, "body=built&key=build-16", inForm).is(200)).ID, once.ID)
	first := decode[message](send(t, hook, "once", "Idempotency-Key: build-17").is(201))
	equal(t, "the same again", decode[message](send(t, hook, "once", "Idempotency-Key: build-17").is(200)).ID, first.ID)
	equal(t, "by its address", decode[message](send(t, hook+"?key=build-17", "once").is(200)).ID, first.ID)
	send(t, hook+"?key=build-17", "another").isError(409, "conflict", "key")
	send(t, hook, "x", "Idempotency-Key: "+strings.Repeat("k", 65)).isError(422, "invalid", "key")

	send(t, hook, "").isError(422, "invalid", "body")
	send(t, hook, "\xff\xfe").isError(422, "invalid", "body")
	send(t, hook, "a\x00b", "Content-Type: text/plain").isError(422, "invalid", "body")
	send(t, hook, strings.Repeat("x", 5000)).isError(422, "invalid", "body")
	send(t, hook, strings.Repeat("x", 1<<20)).isError(413, "too_large", "")
	send(t, hook, `{"body":`, inJSON).isError(422, "invalid", "")
	send(t, "/hooks/"+strings.Repeat("A", 43), "x").isError(404, "not_found", "")
	s.anonymous().get(hook, asJSON).is(405)
	send(t, hook, "with a stale token", "Authorization: Bearer x").is(201) // whoever knows the address

	t.Run("revoked, out of the room, or of a bot that is gone", func(t *testing.T) {
		room := ana.withT(t).createRoom("Builds", "invited")
		ana.withT(t).post("/bots/"+formatID(bot.user.ID)+"/hooks", []string{"room", formatID(room)}, asJSON).isError(404, "not_found", "")
		ana.withT(t).post("/rooms/"+formatID(room)+"/members", []string{"user", formatID(bot.user.ID)}).is(303)
		inRoom := ana.withT(t).createWebhook(bot, room)
		send(t, requestURI(inRoom.URL), "in the room").is(201)
		bot.withT(t).post("/rooms/"+formatID(room)+"/leave", nil, asJSON).is(204)
		send(t, requestURI(inRoom.URL), "after it left").isError(404, "not_found", "")
		ana.withT(t).post("/bots/"+formatID(bot.user.ID)+"/hooks/"+formatID(inRoom.ID)+"/remove", nil).redirectsTo("/bots")
		ana.withT(t).post("/bots/"+formatID(bot.user.ID)+"/hooks/"+formatID(inRoom.ID)+"/remove", nil, asJSON).isError(404, "not_found", "")
		for len(ana.withT(t).bots()[0].Webhooks) < 20 {
			ana.withT(t).createWebhook(bot, 1)
		}
		ana.withT(t).post("/bots/"+formatID(bot.user.ID)+"/hooks", []string{"room", "1"}, asJSON).isError(409, "conflict", "")
		ana.withT(t).post("/bots/"+formatID(bot.user.ID)+"/remove", nil).is(303)
		send(t, hook, "from beyond").isError(404, "not_found", "")
	})
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1`, bot.user.ID), 12)
}

func TestWebhookAndBotRateLimits(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *siteOptions) { c.RateScale = 0.0001 })
	ana := s.newUser("Ana")
	bot := ana.createBot("Robot")
	hook := requestURI(ana.createWebhook(bot, 1).URL)
	until429 := func(what string, most int, send func() *answer) {
		t.Helper()
		for n := 0; ; n++ {
			if a := send(); a.status == 429 {
				a.isError(429, "too_many", "")
				return
			} else if a.is(201); n > most {
				t.Fatal(what, " is not slowed")
			}
		}
	}
	until429("a hook", 60, func() *answer { return s.anonymous().do("POST", hook, strings.NewReader("x")) })
	other, third := requestURI(ana.createWebhook(bot, 1).URL), requestURI(ana.createWebhook(bot, 1).URL)
	until429("another hook", 60, func() *answer { return s.anonymous().do("POST", other, strings.NewReader("x")) })
	s.anonymous().do("POST", third, strings.NewReader("the bot has written enough")).isError(429, "too_many", "")
	bot = ana.createBot("Another")
	until429("a bot", 110, func() *answer { return bot.post("/messages", []string{"room", "1", "body", "x"}, asJSON) })
	ana.sendMessage("room=1", "people write on")
	for n := 0; ana.post("/bots/"+formatID(bot.user.ID)+"/renew", nil, asJSON).status != 429; n++ {
		if n > 40 {
			t.Fatal("renewing is not slowed")
		}
	}
}
