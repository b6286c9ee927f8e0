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

// createWebhook creates a webhook that posts into a room as a bot.
func (b *client) createWebhook(bot *client, room int64) webhookInfo {
	b.t.Helper()
	return decode[webhookInfo](
		b.post("/bots/"+formatID(bot.user.ID)+"/hooks", []string{"room", formatID(room)}, asJSON).is(201))
}

// requestURI returns the path and query of a URL.
func requestURI(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.RequestURI()
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *serverOptions) { c.BaseURL = &url.URL{Scheme: "http", Host: "chat.example.org"} })
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	bot := ana.createBot("Builder")
	page := ana.post("/bots/"+formatID(bot.user.ID)+"/hooks", []string{"room", "1"}).is(201).
		has("curl -d", "http://chat.example.org/hooks/")
	secret := strings.TrimPrefix(requestURI(ana.createWebhook(bot, 1).URL), "/hooks/")
	ana.get("/bots").is(200).has("General").lacks(secret)
	start := strings.Index(page.body, "/hooks/")
	hook := page.body[start:][:len("/hooks/")+43]
	equal(t, "secrets in plain text", s.count(`SELECT COUNT(*) FROM webhooks WHERE hash = $1`, hook[len("/hooks/"):]),
		0)
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
		{"", "without a type", "without a type"},
		{"application/json", `{"body":"in JSON"}`, "in JSON"},
		{"multipart/form-data; boundary=b",
			"--b\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\nin parts\r\n--b--\r\n", "in parts"},
	} {
		m := decode[message](send(t, hook, one.body, "Content-Type: "+one.kind).is(201))
		equal(t, one.kind, m.Body, one.want)
		equal(t, "author", m.From.ID, bot.user.ID)
		equal(t, "author is a bot", m.From.Bot, true)
	}
	shows(t, st.waitFor("100% a&amp;b=c + d").data, "small.bot-badge")
	st.waitFor("without a type")

	once := decode[message](send(t, hook, "body=built&key=build-16", inForm).is(201))
	equal(t, "same key in a field", decode[message](send(t, hook, "body=built&key=build-16", inForm).is(200)).ID,
		once.ID)
	first := decode[message](send(t, hook, "once", "Idempotency-Key: build-17").is(201))
	equal(t, "same key in a header", decode[message](send(t, hook, "once", "Idempotency-Key: build-17").is(200)).ID,
		first.ID)
	equal(t, "same key in the URL", decode[message](send(t, hook+"?key=build-17", "once").is(200)).ID, first.ID)
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
	send(t, hook, "with a stale token", "Authorization: Bearer x").is(201) // the URL is the credential

	t.Run("deleted, of a bot outside the room, of a deleted bot", func(t *testing.T) {
		ana, bot := ana.withT(t), bot.withT(t)
		hooks := "/bots/" + formatID(bot.user.ID) + "/hooks"
		room := ana.createRoom("Builds", "invited")
		ana.post(hooks, []string{"room", formatID(room)}, asJSON).isError(404, "not_found", "")
		ana.post("/rooms/"+formatID(room)+"/members", []string{"user", formatID(bot.user.ID)}).is(303)
		inRoom := ana.createWebhook(bot, room)
		send(t, requestURI(inRoom.URL), "in the room").is(201)
		bot.post("/rooms/"+formatID(room)+"/leave", nil, asJSON).is(204)
		send(t, requestURI(inRoom.URL), "after it left").isError(404, "not_found", "")
		ana.post(hooks+"/"+formatID(inRoom.ID)+"/remove", nil).redirectsTo("/bots")
		ana.post(hooks+"/"+formatID(inRoom.ID)+"/remove", nil, asJSON).isError(404, "not_found", "")
		for len(ana.bots()[0].Webhooks) < 20 {
			ana.createWebhook(bot, 1)
		}
		ana.post(hooks, []string{"room", "1"}, asJSON).isError(409, "conflict", "")
		ana.post("/bots/"+formatID(bot.user.ID)+"/remove", nil).is(303)
		send(t, hook, "of a deleted bot").isError(404, "not_found", "")
	})
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1`, bot.user.ID), 12)
}

func TestWebhookAndBotRateLimits(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *serverOptions) { c.RateScale = 0.0001 })
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
				t.Fatal(what, " has no rate limit")
			}
		}
	}
	until429("a hook", 60, func() *answer { return s.anonymous().do("POST", hook, strings.NewReader("x")) })
	other, third := requestURI(ana.createWebhook(bot, 1).URL), requestURI(ana.createWebhook(bot, 1).URL)
	until429("another hook", 60, func() *answer { return s.anonymous().do("POST", other, strings.NewReader("x")) })
	s.anonymous().do("POST", third, strings.NewReader("over the limit of the bot")).isError(429, "too_many", "")
	bot = ana.createBot("Another")
	until429("a bot", 110, func() *answer { return bot.post("/messages", []string{"room", "1", "body", "x"}, asJSON) })
	ana.sendMessage("room=1", "people are not limited by it")
	for n := 0; ana.post("/bots/"+formatID(bot.user.ID)+"/renew", nil, asJSON).status != 429; n++ {
		if n > 40 {
			t.Fatal("rotating tokens has no rate limit")
		}
	}
}
