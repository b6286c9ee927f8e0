package handlers_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

type botInfo struct {
	ID       int64
	Name     string
	Handle   string
	Online   bool
	SeenAt   string        `json:"seen_at"`
	Webhooks []webhookInfo `json:"hooks"`
}

type botToken struct {
	ID          int64
	Name, Token string
}

// createBot creates a bot and returns a program with its token.
func (b *client) createBot(name string) *client {
	b.t.Helper()
	made := decode[botToken](b.post("/bots", []string{"name", name}, asJSON).is(201))
	bot := b.withToken(b.t, made.Token)
	bot.user.ID, bot.user.Name = made.ID, name
	return bot
}

func (b *client) bots() []botInfo {
	b.t.Helper()
	return decode[struct{ Bots []botInfo }](b.get("/bots", asJSON).is(200)).Bots
}

func TestBots(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin, ana, berta := s.newUser("Admin"), s.newUser("Ana"), s.newUser("Berta")
	page := ana.post("/bots", []string{"name", " Weather   report "}).is(201).
		shows(".new-secret", "charla_").has("Weather report")
	ana.get("/bots").is(200).has("Weather report").lacks("charla_") // the token is shown once
	equal(t, "tokens in plain text", s.count(`SELECT COUNT(*) FROM sessions WHERE hash LIKE 'charla_%'`), 0)
	id := ana.bots()[0].ID
	token := page.body[strings.Index(page.body, "charla_"):][:len("charla_")+43]
	bot := ana.withToken(t, token)
	bot.user.ID = id

	me := decode[overviewInfo](bot.get("/chat", asJSON).is(200)).Me
	equal(t, "id", me.ID, id)
	equal(t, "a bot", me.Bot, true)
	st := berta.listen("/events?room=1", "Accept: text/html")
	st.readUntil("the cursor", isBareID)
	said := bot.sendMessage("room=1", "Rain at noon")
	equal(t, "from a bot", said.From.Bot, true)
	shows(t, st.waitFor("Rain at noon").data, "small.bot-badge", "bot")
	berta.get("/messages?room=1").is(200).shows("small.bot-badge", "bot")
	history := decode[historyInfo](berta.get("/messages?room=1", asJSON)).Messages
	equal(t, "from a bot, in the history", history[0].From.Bot, true)
	ana.sendMessage("room=1", "Thanks")
	history = decode[historyInfo](berta.get("/messages?room=1", asJSON)).Messages
	equal(t, "from a person, in the history", history[1].From.Bot, false)
	berta.sendMessage(bot.peerQuery(), "Hello, machine")
	berta.get("/messages?" + bot.peerQuery()).is(200).shows("small.bot-badge")
	berta.get("/rooms/1?q=weather").is(200).shows("small.bot-badge")
	berta.get("/chat?q=weather").is(200).shows("small.bot-badge")
	admin.get("/people?q=weather").is(200).shows("small.bot-badge")

	t.Run("a bot may not", func(t *testing.T) {
		bot := bot.withT(t)
		bot.post("/bots", []string{"name", "Child"}, asJSON).isError(403, "forbidden", "")
		bot.post("/settings/password", []string{"current", "", "password", testPassword}, asJSON).
			isError(403, "forbidden", "")
		for _, email := range []string{"", "bot:", bot.user.Email} {
			s.anonymous().withT(t).logIn(email, "").is(401)
		}
	})

	t.Run("a member invites it", func(t *testing.T) {
		cellar := ana.withT(t).createRoom("Cellar", "invited")
		bot.withT(t).post("/messages", []string{"room", formatID(cellar), "body", "x"}, asJSON).
			isError(404, "not_found", "")
		berta.withT(t).post("/rooms/"+formatID(cellar)+"/members", []string{"user", formatID(id)}, asJSON).
			isError(404, "not_found", "")
		ana.withT(t).post("/rooms/"+formatID(cellar)+"/members", []string{"user", formatID(id)}).is(303)
		bot.withT(t).sendMessage("room="+formatID(cellar), "inside")
	})

	t.Run("only its owner sees it", func(t *testing.T) {
		for _, deed := range []string{"/renew", "/remove", "/hooks", "/hooks/1/remove"} {
			for _, who := range []*client{berta, bot} {
				who.withT(t).post("/bots/"+formatID(id)+deed, []string{"room", "1"}, asJSON).
					isError(404, "not_found", "")
			}
			ana.withT(t).post("/bots/"+formatID(ana.user.ID)+deed, []string{"room", "1"}, asJSON).
				isError(404, "not_found", "")
		}
		// An admin may not take over a bot.
		admin.withT(t).post("/bots/"+formatID(id)+"/renew", nil, asJSON).isError(404, "not_found", "")
	})

	t.Run("its token is rotated", func(t *testing.T) {
		st := bot.withT(t).listen("/events?room=1", "Accept: text/html")
		st.readUntil("the cursor", isBareID)
		fresh := decode[botToken](ana.withT(t).post("/bots/"+formatID(id)+"/renew", nil, asJSON).is(200))
		equal(t, "end of the stream", strings.Join(st.readToEnd(), " "), "logout bye")
		bot.withT(t).get("/chat").isBadToken()
		bot.token = fresh.Token
		bot.withT(t).get("/chat").is(200)
	})

	t.Run("it is deleted", func(t *testing.T) {
		st := bot.withT(t).listen("/events?room=1", "Accept: text/html")
		st.readUntil("the cursor", isBareID)
		ana.withT(t).post("/bots/"+formatID(id)+"/remove", nil).redirectsTo("/bots")
		equal(t, "end of the stream", strings.Join(st.readToEnd(), " "), "logout bye")
		bot.withT(t).get("/chat").isBadToken()
		equal(t, "bots", len(ana.withT(t).bots()), 0)
		ana.withT(t).post("/bots/"+formatID(id)+"/renew", nil, asJSON).isError(404, "not_found", "")
		ana.withT(t).get("/messages?room=1").has("Rain at noon")
	})

	t.Run("at most ten", func(t *testing.T) {
		for range 10 {
			berta.withT(t).createBot("Robot")
		}
		berta.withT(t).post("/bots", []string{"name", "One more"}, asJSON).isError(409, "conflict", "")
		equal(t, "bots", len(berta.withT(t).bots()), 10)
		berta.withT(t).post("/bots/"+formatID(berta.withT(t).bots()[0].ID)+"/remove", nil).is(303)
		berta.withT(t).createBot("Replacement")
	})

	t.Run("an invalid name", func(t *testing.T) {
		ana.withT(t).post("/bots", []string{"name", "a\u202eb"}).is(422).shows("#name-error")
		ana.withT(t).post("/bots", []string{"name", ""}, asJSON).isError(422, "invalid", "name")
	})
}

func TestDisablingAnOwnerDisablesBots(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin, ana := s.newUser("Admin"), s.newUser("Ana")
	bot := ana.createBot("Robot")
	hook := ana.createWebhook(bot, 1)
	st := bot.listen("/events?room=1", "Accept: text/html")
	st.readUntil("the cursor", isBareID)
	admin.post("/people/"+formatID(ana.user.ID)+"/disable", nil).is(303)
	equal(t, "end of the stream", strings.Join(st.readToEnd(), " "), "logout bye")
	bot.get("/chat").isBadToken()
	s.anonymous().onNode(s).post(requestURI(hook.URL), []string{"x", "y"}).is(404)
	admin.post("/people/"+formatID(ana.user.ID)+"/enable", nil).is(303)
	bot.get("/chat").isBadToken()
	equal(t, "bots", len(s.newSession(ana.user).bots()), 0)
}

// logBuffer collects the log for a test.
type logBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (n *logBuffer) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

// TestSecretsAreNotLogged does not run in parallel, because it replaces the default logger.
func TestSecretsAreNotLogged(t *testing.T) {
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")
	var log logBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	given := decode[tokenPair](
		s.anonymous().post("/tokens", []string{"email", "ana@example.org", "password", testPassword}))
	given2 := decode[tokenPair](s.anonymous().post("/tokens/refresh", []string{"refresh_token", given.Refresh}))
	bot := ana.createBot("Robot")
	hook := requestURI(ana.createWebhook(bot, 1).URL)
	bot.get("/chat").is(200)
	ana.withToken(t, given.Access).get("/chat").is(200)
	s.anonymous().do("POST", hook, strings.NewReader("x")).is(201)
	s.anonymous().do("POST", hook+"/more", strings.NewReader("x")).is(404)
	s.anonymous().do("POST", hook, strings.NewReader("")).is(422)
	s.exec(`DROP TABLE webhooks`)
	s.anonymous().do("POST", hook, strings.NewReader("x")).is(500)
	log.mu.Lock()
	defer log.mu.Unlock()
	contains(t, log.b.String(), "route=/hooks/:secret", "level=ERROR")
	lacks(t, log.b.String(), hook[len("/hooks/"):], bot.token,
		given.Access, given.Refresh, given2.Access, given2.Refresh)
}
