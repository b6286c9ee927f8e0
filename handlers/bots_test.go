package handlers_test

import (
	"bytes"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"charla/handlers"
)

type botInfo struct {
	ID     int64
	Name   string
	Online bool
	SeenAt string `json:"seen_at"`
	Hooks  []hookInfo
}

type hookInfo struct {
	ID   int64
	Room struct {
		ID   int64
		Name string
	}
	URL string
}

type botToken struct {
	ID          int64
	Name, Token string
}

// makesBot makes a bot and returns the program that holds its token.
func (b *browser) makesBot(name string) *browser {
	b.t.Helper()
	made := decode[botToken](b.post("/bots", []string{"name", name}, asJSON).is(201))
	bot := b.holding(b.t, made.Token)
	bot.user.ID, bot.user.Name = made.ID, name
	return bot
}

// makesHook makes an address that writes into a room as a bot.
func (b *browser) makesHook(bot *browser, room int64) hookInfo {
	b.t.Helper()
	return decode[hookInfo](b.post("/bots/"+text(bot.user.ID)+"/hooks", []string{"room", text(room)}, asJSON).is(201))
}

func (b *browser) bots() []botInfo {
	b.t.Helper()
	return decode[struct{ Bots []botInfo }](b.get("/bots", asJSON).is(200)).Bots
}

func TestBots(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin, ana, berta := s.person("Admin"), s.person("Ana"), s.person("Berta")
	page := ana.post("/bots", []string{"name", " Weather   report "}).is(201).has("Weather report", "charla_", `class="fresh`)
	lacks(t, ana.get("/bots").is(200).has("Weather report").body, "charla_") // told once
	equal(t, "tokens in the clear", s.count(`SELECT COUNT(*) FROM sessions WHERE hash LIKE 'charla_%'`), 0)
	id := ana.bots()[0].ID
	token := page.body[strings.Index(page.body, "charla_"):][:len("charla_")+43]
	bot := ana.holding(t, token)
	bot.user.ID = id

	me := decode[overview](bot.get("/chat", asJSON).is(200)).Me
	equal(t, "who", me.ID, id)
	equal(t, "a bot", me.Bot, true)
	st := berta.listen("/events?room=1")
	st.until("the cursor", isCursor)
	said := bot.say("room=1", "Rain at noon")
	equal(t, "from a bot", said.From.Bot, true)
	st.brings("Rain at noon", `<small class="bot">bot</small>`)
	berta.get("/messages?room=1").is(200).has(`<small class="bot">bot</small>`)
	equal(t, "from a bot, in history", decode[history](berta.get("/messages?room=1", asJSON)).Messages[0].From.Bot, true)
	ana.say("room=1", "Thanks")
	equal(t, "a person is none", decode[history](berta.get("/messages?room=1", asJSON)).Messages[1].From.Bot, false)
	berta.say(bot.with(), "Hello, machine")
	berta.get("/messages?" + bot.with()).is(200).has(`<small class="bot">`)
	berta.get("/rooms/1?q=weather").is(200).has(`<small class="bot">`)
	berta.get("/chat?q=weather").is(200).has(`<small class="bot">`)
	admin.get("/people?q=weather").is(200).has(`<small class="bot">`)

	t.Run("what is not for bots", func(t *testing.T) {
		bot := bot.in(t)
		bot.post("/bots", []string{"name", "Child"}, asJSON).failed(403, "forbidden", "")
		bot.post("/settings/password", []string{"current", "", "password", phrase}, asJSON).failed(403, "forbidden", "")
		for _, email := range []string{"", "bot:", bot.user.Email} {
			s.guest().in(t).logIn(email, "").is(401)
		}
	})

	t.Run("who may invite lets it in", func(t *testing.T) {
		cellar := ana.in(t).makes("Cellar", "invited")
		bot.in(t).post("/messages", []string{"room", text(cellar), "body", "x"}, asJSON).failed(404, "not_found", "")
		berta.in(t).post("/rooms/"+text(cellar)+"/members", []string{"user", text(id)}, asJSON).failed(404, "not_found", "")
		ana.in(t).post("/rooms/"+text(cellar)+"/members", []string{"user", text(id)}).is(303)
		bot.in(t).say("room="+text(cellar), "inside")
	})

	t.Run("bots of others do not exist", func(t *testing.T) {
		for _, deed := range []string{"/renew", "/remove", "/hooks", "/hooks/1/remove"} {
			for _, who := range []*browser{berta, bot} {
				who.in(t).post("/bots/"+text(id)+deed, []string{"room", "1"}, asJSON).failed(404, "not_found", "")
			}
			ana.in(t).post("/bots/"+text(ana.user.ID)+deed, []string{"room", "1"}, asJSON).failed(404, "not_found", "")
		}
		admin.in(t).post("/bots/"+text(id)+"/renew", nil, asJSON).failed(404, "not_found", "") // an admin does not become it
	})

	t.Run("a new token", func(t *testing.T) {
		st := bot.in(t).listen("/events?room=1")
		st.until("the cursor", isCursor)
		fresh := decode[botToken](ana.in(t).post("/bots/"+text(id)+"/renew", nil, asJSON).is(200))
		equal(t, "how it ended", strings.Join(st.ends(), " "), "logout bye")
		bot.in(t).get("/chat").bad()
		bot.token = fresh.Token
		bot.in(t).get("/chat").is(200)
	})

	t.Run("removed", func(t *testing.T) {
		st := bot.in(t).listen("/events?room=1")
		st.until("the cursor", isCursor)
		ana.in(t).post("/bots/"+text(id)+"/remove", nil).to("/bots")
		equal(t, "how it ended", strings.Join(st.ends(), " "), "logout bye")
		bot.in(t).get("/chat").bad()
		equal(t, "bots", len(ana.in(t).bots()), 0)
		ana.in(t).post("/bots/"+text(id)+"/renew", nil, asJSON).failed(404, "not_found", "")
		ana.in(t).get("/messages?room=1").has("Rain at noon")
	})

	t.Run("ten at most", func(t *testing.T) {
		for range 10 {
			berta.in(t).makesBot("Robot")
		}
		berta.in(t).post("/bots", []string{"name", "One more"}, asJSON).failed(409, "conflict", "")
		equal(t, "bots", len(berta.in(t).bots()), 10)
		berta.in(t).post("/bots/"+text(berta.in(t).bots()[0].ID)+"/remove", nil).is(303)
		berta.in(t).makesBot("In its place")
	})

	t.Run("a bad name", func(t *testing.T) {
		ana.in(t).post("/bots", []string{"name", "a\u202eb"}).is(422).has(`id="name-err"`)
		ana.in(t).post("/bots", []string{"name", ""}, asJSON).failed(422, "invalid", "name")
	})
}

func TestBotsGoWithTheirOwner(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin, ana := s.person("Admin"), s.person("Ana")
	bot := ana.makesBot("Robot")
	hook := ana.makesHook(bot, 1)
	st := bot.listen("/events?room=1")
	st.until("the cursor", isCursor)
	admin.post("/people/"+text(ana.user.ID)+"/disable", nil).is(303)
	equal(t, "how it ended", strings.Join(st.ends(), " "), "logout bye")
	bot.get("/chat").bad()
	s.guest().at(s).post(path(hook.URL), []string{"x", "y"}).is(404)
	admin.post("/people/"+text(ana.user.ID)+"/enable", nil).is(303)
	bot.get("/chat").bad()
	equal(t, "bots", len(s.signIn(ana.user).bots()), 0)
}

// path is where an address of Charla leads.
func path(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.RequestURI()
}

func TestHooks(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *handlers.Config) { c.BaseURL = &url.URL{Scheme: "http", Host: "chat.example.org"} })
	ana, berta := s.person("Ana"), s.person("Berta")
	bot := ana.makesBot("Builder")
	page := ana.post("/bots/"+text(bot.user.ID)+"/hooks", []string{"room", "1"}).is(201).has("curl -d", "http://chat.example.org/hooks/")
	lacks(t, ana.get("/bots").is(200).has("General").body, "/hooks/"+path(ana.makesHook(bot, 1).URL)[len("/hooks/"):])
	start := strings.Index(page.body, "/hooks/")
	hook := page.body[start:][:len("/hooks/")+43]
	equal(t, "secrets in the clear", s.count(`SELECT COUNT(*) FROM hooks WHERE hash = $1`, hook[len("/hooks/"):]), 0)
	st := berta.listen("/events?room=1")
	st.until("the cursor", isCursor)

	send := func(t *testing.T, to, body string, headers ...string) *answer {
		t.Helper()
		return s.guest().in(t).do("POST", to, strings.NewReader(body), headers...)
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
	st.brings("100% a&amp;b=c + d", `<small class="bot">`)
	st.brings("of no kind")

	once := decode[message](send(t, hook, "body=built&key=build-16", inForm).is(201))
	equal(t, "by a field", decode[message](send(t, hook, "body=built&key=build-16", inForm).is(200)).ID, once.ID)
	first := decode[message](send(t, hook, "once", "Idempotency-Key: build-17").is(201))
	equal(t, "the same again", decode[message](send(t, hook, "once", "Idempotency-Key: build-17").is(200)).ID, first.ID)
	equal(t, "by its address", decode[message](send(t, hook+"?key=build-17", "once").is(200)).ID, first.ID)
	send(t, hook+"?key=build-17", "another").failed(409, "conflict", "key")
	send(t, hook, "x", "Idempotency-Key: "+strings.Repeat("k", 65)).failed(422, "invalid", "key")

	send(t, hook, "").failed(422, "invalid", "body")
	send(t, hook, "\xff\xfe").failed(422, "invalid", "body")
	send(t, hook, "a\x00b", "Content-Type: text/plain").failed(422, "invalid", "body")
	send(t, hook, strings.Repeat("x", 5000)).failed(422, "invalid", "body")
	send(t, hook, strings.Repeat("x", 1<<20)).failed(413, "too_large", "")
	send(t, hook, `{"body":`, inJSON).failed(422, "invalid", "")
	send(t, "/hooks/"+strings.Repeat("A", 43), "x").failed(404, "not_found", "")
	s.guest().get(hook, asJSON).is(405)
	send(t, hook, "with a stale token", "Authorization: Bearer x").is(201) // whoever knows the address

	t.Run("revoked, out of the room, or of a bot that is gone", func(t *testing.T) {
		room := ana.in(t).makes("Builds", "invited")
		ana.in(t).post("/bots/"+text(bot.user.ID)+"/hooks", []string{"room", text(room)}, asJSON).failed(404, "not_found", "")
		ana.in(t).post("/rooms/"+text(room)+"/members", []string{"user", text(bot.user.ID)}).is(303)
		inRoom := ana.in(t).makesHook(bot, room)
		send(t, path(inRoom.URL), "in the room").is(201)
		bot.in(t).post("/rooms/"+text(room)+"/leave", nil, asJSON).is(204)
		send(t, path(inRoom.URL), "after it left").failed(404, "not_found", "")
		ana.in(t).post("/bots/"+text(bot.user.ID)+"/hooks/"+text(inRoom.ID)+"/remove", nil).to("/bots")
		ana.in(t).post("/bots/"+text(bot.user.ID)+"/hooks/"+text(inRoom.ID)+"/remove", nil, asJSON).failed(404, "not_found", "")
		for len(ana.in(t).bots()[0].Hooks) < 20 {
			ana.in(t).makesHook(bot, 1)
		}
		ana.in(t).post("/bots/"+text(bot.user.ID)+"/hooks", []string{"room", "1"}, asJSON).failed(409, "conflict", "")
		ana.in(t).post("/bots/"+text(bot.user.ID)+"/remove", nil).is(303)
		send(t, hook, "from beyond").failed(404, "not_found", "")
	})
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1`, bot.user.ID), 12)
}

func TestHooksAndBotsArePaced(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *handlers.Config) { c.Rate = 0.0001 })
	ana := s.person("Ana")
	bot := ana.makesBot("Robot")
	hook := path(ana.makesHook(bot, 1).URL)
	until429 := func(what string, most int, send func() *answer) {
		t.Helper()
		for n := 0; ; n++ {
			if a := send(); a.status == 429 {
				a.failed(429, "too_many", "")
				return
			} else if a.is(201); n > most {
				t.Fatal(what, " is not slowed")
			}
		}
	}
	until429("a hook", 60, func() *answer { return s.guest().do("POST", hook, strings.NewReader("x")) })
	other, third := path(ana.makesHook(bot, 1).URL), path(ana.makesHook(bot, 1).URL)
	until429("another hook", 60, func() *answer { return s.guest().do("POST", other, strings.NewReader("x")) })
	s.guest().do("POST", third, strings.NewReader("the bot has written enough")).failed(429, "too_many", "")
	bot = ana.makesBot("Another")
	until429("a bot", 110, func() *answer { return bot.post("/messages", []string{"room", "1", "body", "x"}, asJSON) })
	ana.say("room=1", "people write on")
	for n := 0; ana.post("/bots/"+text(bot.user.ID)+"/renew", nil, asJSON).status != 429; n++ {
		if n > 40 {
			t.Fatal("renewing is not slowed")
		}
	}
}

// noted is a log that a test reads.
type noted struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (n *noted) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

// It runs alone, because there is one log.
func TestSecretsStayOutOfTheLog(t *testing.T) {
	s := open(t)
	ana := s.guest().register("Ana", "ana@example.org")
	var log noted
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	given := decode[tokens](s.guest().post("/tokens", []string{"email", "ana@example.org", "password", phrase}))
	given2 := decode[tokens](s.guest().post("/tokens/refresh", []string{"refresh_token", given.Refresh}))
	bot := ana.makesBot("Robot")
	hook := path(ana.makesHook(bot, 1).URL)
	bot.get("/chat").is(200)
	ana.holding(t, given.Access).get("/chat").is(200)
	s.guest().do("POST", hook, strings.NewReader("x")).is(201)
	s.guest().do("POST", hook+"/more", strings.NewReader("x")).is(404)
	s.guest().do("POST", hook, strings.NewReader("")).is(422)
	s.exec(`DROP TABLE hooks`)
	s.guest().do("POST", hook, strings.NewReader("x")).is(500)
	log.mu.Lock()
	defer log.mu.Unlock()
	contains(t, log.b.String(), "route=/hooks/:secret", "level=ERROR")
	lacks(t, log.b.String(), hook[len("/hooks/"):], bot.token, given.Access, given.Refresh, given2.Access, given2.Refresh)
}
