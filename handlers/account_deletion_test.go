package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// runErasures completes the erasure of deleted accounts and returns the number of steps it took.
func (s *testServer) runErasures() (steps int) {
	s.t.Helper()
	for {
		more, err := s.chat.RunErasureStep(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if !more {
			return steps
		}
		steps++
	}
}

// checkSeqsUsedOnce fails the test unless every seq of a direct conversation belongs to one posted message, change or
// departure. It works only if no message was changed twice, because a message keeps the seq of its last change only.
func (s *testServer) checkSeqsUsedOnce(room int64) {
	s.t.Helper()
	taken := s.count(`SELECT COUNT(*) FROM (
		SELECT seq AS n FROM messages WHERE room_id = $1
		UNION ALL SELECT changed_seq FROM messages WHERE room_id = $1 AND changed_seq > seq
		UNION ALL SELECT seq FROM departures WHERE room_id = $1) AS numbers`, room)
	equal(s.t, "seqs that are used", taken, s.lastSeq(room))
}

// departingUser is a user with a password and data of every kind: messages in General, with Berta, in a room they own,
// in a room they left and in their notes; reactions, a draft, used emoji, files, an avatar and a bot.
type departingUser struct {
	*client
	berta     *client
	bot       *client
	own, past int64
	general   message // Berta's, with their reaction
	direct    int64
}

func newDepartingUser(s *testServer) departingUser {
	s.t.Helper()
	l := departingUser{berta: s.anonymous().register("Berta", "berta@example.org")}
	l.client = s.anonymous().register("Ana", "ana@example.org")
	l.own = l.createRoom("Kitchen", "open", l.berta)
	l.past = l.berta.createRoom("Cellar", "open", l.client)
	for _, place := range []string{"room=1", l.berta.peerQuery(), "room=" + formatID(l.own), "room=" + formatID(l.past), l.peerQuery()} {
		l.sendMessage(place, "words of Ana")
	}
	l.post("/rooms/"+formatID(l.past)+"/leave", nil, asJSON).is(204)
	l.general = l.berta.sendMessage("room=1", "words of Berta")
	l.react(l.general, "🎉").is(200)
	l.berta.react(l.general, "👍").is(200)
	l.direct = l.berta.sendMessage(l.peerQuery(), "dear Ana").Room
	l.post("/drafts", []string{"room", "1", "body", "a beginning"}, asHTMX).is(204)
	l.postParts("/messages", []string{"room", "1", "body", "a file", "<sent.txt", "bytes of Ana"}).is(303)
	l.postParts("/files", []string{"room", "1", "<waits.txt", "other bytes of Ana"}).is(303)
	l.postParts("/settings/avatar", []string{"<me.png", picture(200, 200)}).is(303)
	l.bot = l.createBot("Robot")
	return l
}

func TestAccountDeletionKeepingMessages(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana := newDepartingUser(s)
		berta := ana.berta
		again := s.newSession(ana.user)
		streams := []*eventStream{ana.listen("/events?room=1"), again.listen("/events?" + berta.peerQuery())}
		readers := []*streamReader{
			openReader(berta, htmlReader, "room=1"), openReader(berta, htmlReader, ana.peerQuery()),
			openReader(berta, htmlReader, "room="+formatID(ana.past)),
		}
		for _, r := range readers {
			defer r.close()
		}
		for _, st := range streams {
			st.waitForPresence()
		}
		s.exec(`UPDATE users SET ntfy_topic = 'a topic' WHERE id = $1`, ana.user.ID)
		start := time.Now()
		ana.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}).
			redirectsTo("/login?ended=deleted")
		for _, st := range streams {
			equal(t, "end of a stream", strings.Join(st.readToEnd(), " "), "logout bye")
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the streams ended after %v", took)
		}
		equal(t, "cookies", len(ana.cookies), 0)
		again.get("/chat", asJSON).isError(401, "unauthenticated", "")
		ana.bot.get("/chat", asJSON).isError(401, "unauthenticated", "")
		s.anonymous().logIn("ana@example.org", testPassword).is(401)
		ana.get("/login?ended=deleted").is(200).has("Your account was deleted.")
		s.anonymous().register("Another Ana", "Ana@example.org").get("/chat").is(200) // the address can be used again

		if steps := s.runErasures(); steps < 4 {
			t.Errorf("the erasure took %d steps", steps)
		}
		for _, place := range []string{"room=1", ana.peerQuery(), "room=" + formatID(ana.own), "room=" + formatID(ana.past)} {
			page := berta.get("/messages?"+place).is(200).has("words of Ana", "Deleted account")
			lacks(t, strings.NewReplacer("words of Ana", "", "Another Ana", "").Replace(page.body), ">Ana<",
				"dear Ana,")
		}
		for i, r := range readers {
			fresh := parsePage(t, berta.get("/messages?"+r.place).is(200).body).lines()
			what := ""
			eventually(t, fmt.Sprintf("page %d to be the page", i),
				func() bool { what = r.difference(fresh); return what == "" })
		}
		berta.get("/messages?"+ana.peerQuery(), "Accept-Language: es").is(200).
			has("Cuenta eliminada", "pero no enviar mensajes").hides("form#composer")
		berta.post("/messages", []string{"with", formatID(ana.user.ID), "body", "too late"}, asJSON).
			isError(403, "forbidden", "")
		berta.post("/messages", []string{"with", formatID(ana.user.ID), "body", "too late"}).is(403).
			has("too late", "This account was deleted.")
		berta.post("/drafts", []string{"with", formatID(ana.user.ID), "body", "too late"}, asJSON).
			isError(403, "forbidden", "")
		last := decode[historyInfo](berta.get("/messages?limit=1&"+ana.peerQuery(), asJSON)).Messages[0]
		berta.react(last, "🎉").isError(403, "forbidden", "")
		s.anonymous().register("Carla", "carla@example.org").get("/messages?"+ana.peerQuery(), asJSON).
			isError(404, "not_found", "")

		m := decode[message](berta.get(ana.general.path(), asJSON).is(200))
		equal(t, "reactions", m.reactionSummary(), "🎉 ; 👍 Berta, mine")
		berta.get("/chat?q=ana", asJSON).is(200).has("Another Ana").lacks(`"Ana"`)
		berta.get("/people?q=", asJSON).is(200).lacks(`"id":` + formatID(ana.user.ID) + `,`)
		berta.post("/people/"+formatID(ana.user.ID)+"/enable", nil, asJSON).isError(404, "not_found", "")
		berta.get("/rooms/"+formatID(ana.own), asJSON).is(200).has(`"count":1`, `"role":"owner"`) // ownership passed on

		equal(t, "memberships", s.count(`SELECT COUNT(*) FROM members WHERE user_id = $1`, ana.user.ID), 0)
		equal(t, "sent files of Ana",
			s.count(`SELECT COUNT(*) FROM files WHERE user_id = $1 AND message_id IS NOT NULL`, ana.user.ID), 1)
		equal(t, "all files of Ana", s.count(`SELECT COUNT(*) FROM files WHERE user_id = $1`, ana.user.ID), 1)
		equal(t, "drafts, used emoji and erasures", s.count(`SELECT (SELECT COUNT(*) FROM drafts WHERE user_id = $1)
			+ (SELECT COUNT(*) FROM recent_emoji WHERE user_id = $1) + (SELECT COUNT(*) FROM erasure_jobs)`, ana.user.ID), 0)
		equal(
			t,
			"notes of Ana",
			s.count(
				`SELECT COUNT(*) FROM messages m JOIN rooms r ON r.id = m.room_id WHERE r.pair_low = r.pair_high AND m.body <> ''`,
			),
			0,
		)
		equal(
			t,
			"sessions with a user agent or address",
			s.count(`SELECT COUNT(*) FROM sessions WHERE user_id IN ($1, $2) AND (user_agent <> '' OR ip <> '')`,
				ana.user.ID, ana.bot.user.ID),
			0,
		)
		equal(
			t,
			"personal data in the row of Ana",
			s.count(
				`SELECT COUNT(*) FROM users WHERE id = $1 AND (name <> '' OR email <> '' OR password_hash <> '' OR ntfy_topic <> '' OR avatar_file_id <> 0)`,
				ana.user.ID),
			0,
		)
		s.checkSeqsUsedOnce(ana.direct)
	})
}

func TestAccountDeletionErasingMessages(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana := newDepartingUser(s)
		berta := ana.berta
		for i := range 120 {
			ana.sendMessage("room=1", fmt.Sprint("line ", i, " of Ana"))
		}
		removed := ana.createBot("Removed Robot")
		for _, bot := range []*client{ana.bot, removed} {
			bot.sendMessage("room=1", "words of a bot")
		}
		hook := requestURI(ana.createWebhook(ana.bot, 1).URL)
		s.anonymous().post(hook, []string{"text", "words of a webhook"}).is(201)
		ana.post("/bots/"+formatID(removed.user.ID)+"/remove", nil, asJSON).is(204)
		reader := openReader(berta, htmlReader, "room=1")
		defer reader.close()
		objects := s.count(`SELECT COUNT(*) FROM blobs`)
		ana.post("/settings/delete", []string{"current", testPassword, "messages", "delete"}, asJSON).is(204)
		equal(t, "blobs of unsent files", objects-s.count(`SELECT COUNT(*) FROM blobs`), 2) // avatar and unsent file
		ana.bot.get("/chat", asJSON).isError(401, "unauthenticated", "")
		s.anonymous().post(hook, []string{"text", "too late"}).isError(404, "not_found", "")
		if steps := s.runErasures(); steps < 8 {
			t.Errorf("the erasure took %d steps", steps)
		}
		equal(
			t,
			"texts of Ana",
			s.count(
				`SELECT COUNT(*) FROM messages WHERE author_id = $1 AND (body <> '' OR html <> '' OR deleted_at = 0)`,
				ana.user.ID),
			0,
		)
		equal(t, "deleted messages of Ana", s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1`, ana.user.ID),
			126)
		equal(t, "names and texts of bots", s.count(`
			SELECT (SELECT COUNT(*) FROM users WHERE owner_id > 0 AND (name <> '' OR name_key <> '' OR disabled_at = 0))
				+ (SELECT COUNT(*) FROM messages m JOIN users u ON u.id = m.author_id
					WHERE u.owner_id > 0 AND (m.body <> '' OR m.html <> '' OR m.deleted_at = 0))
				+ (SELECT COUNT(*) FROM members m JOIN users u ON u.id = m.user_id WHERE u.owner_id > 0)`), 0)
		berta.get("/messages?room=1").is(200).lacks("Robot", "words of a")
		berta.get("/chat?q=robot").is(200).lacks("Robot")
		berta.get("/people?q=", asJSON).is(200).lacks("Robot")
		equal(t, "blobs", s.count(`SELECT COUNT(*) FROM blobs`), 0)
		equal(t, "files of Ana", s.count(`SELECT COUNT(*) FROM files WHERE user_id = $1`, ana.user.ID), 0)
		equal(t, "reactions of Ana", s.count(`SELECT COUNT(*) FROM reactions WHERE user_id = $1`, ana.user.ID), 0)
		m := decode[message](berta.get(ana.general.path(), asJSON).is(200))
		equal(t, "reactions", m.reactionSummary(), "👍 Berta, mine")
		berta.get("/messages?"+ana.peerQuery()).is(200).has("dear Ana", "This message was deleted.").
			lacks("words of Ana")
		equal(t, "last seq of General", s.lastSeq(1),
			s.count(`SELECT MAX(changed_seq) FROM messages WHERE room_id = 1`))
		s.checkSeqsUsedOnce(ana.direct)
		fresh := parsePage(t, berta.get("/messages?room=1").is(200).body).lines()
		what := ""
		eventually(t, "the page to be the page", func() bool { what = reader.difference(fresh); return what == "" })
	})
}

// The database records what is left to erase, so any process can continue an erasure.
func TestErasureResumesAfterRestart(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	s := openPostgres(t, url)
	ana := newDepartingUser(s)
	for i := range 60 {
		ana.sendMessage("room=1", fmt.Sprint(i))
	}
	ana.post("/settings/delete", []string{"current", testPassword, "messages", "delete"}, asJSON).is(204)
	more, err := s.chat.RunErasureStep(t.Context())
	equal(t, "a step", fmt.Sprint(more, err), "true <nil>")
	left := s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1 AND deleted_at = 0`, ana.user.ID)
	if left == 0 || left > 70 {
		t.Fatalf("%d messages are left after one step", left)
	}
	other := openPostgres(t, url)
	done := make(chan int)
	go func() { done <- s.runErasures() }() // both nodes at the same time
	other.runErasures()
	<-done
	equal(t, "messages left",
		s.count(`SELECT COUNT(*) FROM messages WHERE author_id = $1 AND deleted_at = 0`, ana.user.ID), 0)
	s.checkSeqsUsedOnce(ana.direct)
}

// Without a relay, other nodes find a deletion by polling.
func TestAccountDeletionReachesOtherNodes(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	ana := newDepartingUser(here)
	away := ana.clone()
	away.server = there
	stream := away.listen("/events?room=1")
	far := ana.berta.clone()
	far.server = there
	reader := openReader(far, htmlReader, "room=1")
	defer reader.close()
	start := time.Now()
	ana.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}, asJSON).is(204)
	stream.readToEnd() // with resync or logout, whichever the node finds first
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the deletion took %v to reach the other node", took)
	}
	away.get("/events?room=1").is(200).has("event: logout", "event: bye")
	fresh := parsePage(t, far.get("/messages?room=1").is(200).has("Deleted account").body).lines()
	what := ""
	eventually(t, "the page over there to be the page",
		func() bool { what = reader.difference(fresh); return what == "" })
}

func TestAccountDeletionRefusals(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withRateLimits)
	admin := s.anonymous().register("Admin", "admin@example.org")
	ana := s.anonymous().register("Ana", "ana@example.org")
	equal(t, "the first is admin", s.count(`SELECT COUNT(*) FROM users WHERE name = 'Admin' AND role = 'owner'`), 1)

	ana.get("/settings/delete").is(200).shows("form[action='/settings/delete'] input[type=password]").
		shows("[name=messages][value=keep][required][checked]")
	wrong := []string{"current", "not this one", "messages", "delete"}
	ana.post("/settings/delete", wrong).is(422).has("Wrong password.").lacks("not this one").
		shows("[name=messages][value=delete][required][checked]")
	ana.post("/settings/delete", wrong, asHTMX).is(422).has("Wrong password.").isFragment()
	ana.post("/settings/delete", []string{"current", testPassword}, asJSON).isError(422, "invalid", "messages")
	ana.get("/chat").is(200)

	admin.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}, asJSON).
		isError(409, "conflict", "")
	admin.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}).is(409).
		has("the only admin.")
	admin.get("/people").is(200).has("Change role: Ana")
	ana.post("/people/"+formatID(ana.user.ID)+"/admin", nil, asJSON).isError(403, "forbidden", "")
	admin.post("/people/"+formatID(ana.user.ID)+"/admin", nil).redirectsTo("/people")
	admin.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}, asJSON).is(204)
	ana.get("/people").is(200)
	equal(t, "the admin is the owner now", s.roleOf(ana), "owner")

	for range 7 {
		ana.post("/settings/delete", []string{"current", overlongPassword, "messages", "keep"}, asJSON).
			isError(422, "invalid", "current")
	}
	isRateLimited(ana.post("/settings/delete", []string{"current", overlongPassword, "messages", "keep"}))
	isRateLimited(ana.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}))
	ana.get("/chat").is(200)
}

func TestLastUserMayDeleteAccount(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.anonymous().register("Ana", "ana@example.org")
	ana.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}, asHTMX).is(http.StatusOK).
		has("Your account was deleted.").shows("[data-store='" + slotOf(ana.user, 0) + "']")
	s.runErasures()
	berta := s.anonymous().register("Berta", "berta@example.org")
	berta.get("/people").is(200)
	user, err := s.store.User(t.Context(), berta.user.ID)
	equal(t, "the role", fmt.Sprint(user.Role, err), fmt.Sprint(chat.RoleOwner, nil))
}
