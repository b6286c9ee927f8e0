package handlers_test

import (
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/notify/email/emailtest"
)

// markAllAway sets the time at which everybody was last seen to an hour ago.
func (a *notifiedServer) markAllAway() {
	a.t.Helper()
	a.exec(`UPDATE sessions SET seen_at = $1`, time.Now().Add(-time.Hour).UnixMicro())
}

// deliverDueDigests makes all scheduled digests due and delivers them.
func (a *notifiedServer) deliverDueDigests(t testing.TB) []emailtest.Message {
	t.Helper()
	equal(t, "e-mails before their time", len(a.deliverAll(t)), 0)
	a.exec(`UPDATE unread_digests SET due_at = 1`)
	return a.deliverAll(t)
}

func TestUnreadDigest(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta <b>&",
			"berta@example.org")
		a.exec(`UPDATE users SET locale = 'es' WHERE id = $1`, ana.user.ID)
		ana.setLevel("room=1", "all", "").is(200)
		a.deliverAll(t)
		a.markAllAway()
		berta.sendMessage(ana.peerQuery(), "hola,\n¿comemos?")
		berta.sendMessage(ana.peerQuery(), "</li><script>alert(1)</script> \u202Etxt.exe javascript:alert(1)")
		berta.sendMessage("room=1", "to all: "+strings.Repeat("long ", 100))

		a.exec(`UPDATE users SET email_digest = 'off' WHERE id = $1`, berta.user.ID)
		emails := a.deliverDueDigests(t)
		equal(t, "e-mails", len(emails), 1)
		email := emails[0]
		equal(t, "to", email.To, "ana@example.org")
		equal(t, "subject", email.Subject, "3 sin leer en Charla")
		contains(t, email.Text, "Berta <b>& – 2 sin leer", "hola, ¿comemos?", "General – 1 sin leer", "to all: long",
			"…", "https://chat.example.org/messages?room=2&around=1#m-1",
			"https://chat.example.org/messages?room=1&around=")
		contains(t, email.HTML, "Berta &lt;b&gt;&amp;", "&lt;/li&gt;&lt;script&gt;")
		links := selectAll(t, parseHTML(t, email.HTML), "li a[href*='room=2&around=']")
		equal(t, "links to messages", len(links), 2)
		place, _, _ := strings.Cut(strings.TrimPrefix(attr(links[1], "href"), "https://chat.example.org"), "#")
		page := parseHTML(t, ana.get(place).is(200).body)
		marked := selectAll(t, page, ".marked-message + .message")
		equal(t, "marked messages", len(marked), 1)
		contains(t, textOf(marked[0]), "txt.exe")
		hides(t, email.HTML, "script,img,[src],[href^=javascript]")
		lacks(t, email.HTML, "\u202E")
		lacks(t, email.Text, "\u202E")
		if strings.Count(email.Text, "long") > 40 {
			t.Error("the digest has the whole text of a long message")
		}

		equal(t, "not again for the same", len(a.deliverDueDigests(t)), 0)
		berta.sendMessage(ana.peerQuery(), "a third")
		again := a.deliverDueDigests(t)
		equal(t, "e-mails", len(again), 1)
		contains(t, again[0].Text, "a third")
		lacks(t, again[0].Text, "comemos", "General")

		t.Run("unsubscribing needs no log-in", func(t *testing.T) {
			path := linkIn(t, email)
			equal(t, "List-Unsubscribe", email.Header.Get("List-Unsubscribe"), "<https://chat.example.org"+path+">")
			equal(t, "List-Unsubscribe-Post", email.Header.Get("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click")
			wish := func() int64 {
				return a.count(`SELECT COUNT(*) FROM users WHERE email_digest = 'off' AND id = $1`, ana.user.ID)
			}
			a.anonymous().withT(t).get(path).is(200).shows("button")
			equal(t, "ended by looking", wish(), 0)
			for i := len("/unsubscribe/"); i < len(path); i++ { // the user id and the signature
				other := map[bool]string{true: "B", false: "A"}[path[i] == 'A']
				a.anonymous().withT(t).post(path[:i]+other+path[i+1:], nil).is(404)
			}
			a.anonymous().withT(t).post("/unsubscribe/x", nil).is(404)
			equal(t, "ended by guessing", wish(), 0)
			a.anonymous().withT(t).post(path, []string{"List-Unsubscribe", "One-Click"}).is(200)
			equal(t, "ended", wish(), 1)
			berta.sendMessage(ana.peerQuery(), "a fourth")
			equal(t, "e-mails", len(a.deliverDueDigests(t)), 0)
		})
	})
}

func TestNoDigestWithoutReason(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(a *notifiedServer, ana, berta *client){
		"who read it": func(a *notifiedServer, ana, berta *client) {
			ana.post("/read", []string{"with", formatID(berta.user.ID), "seq", "9"}).is(204)
			a.markAllAway()
		},
		"who was here meanwhile": func(a *notifiedServer, ana, _ *client) { ana.get("/settings").is(200) },
		"who is here": func(a *notifiedServer, ana, _ *client) {
			ana.listen("/events").waitForPresence()
			a.markAllAway()
		},
		"who wants no emails": func(a *notifiedServer, ana, _ *client) {
			ana.post("/settings/mail", []string{"mail", "off"}).is(303)
			a.markAllAway()
		},
		"who is shut out": func(a *notifiedServer, ana, _ *client) {
			a.exec(`UPDATE users SET disabled_at = 1 WHERE id = $1`, ana.user.ID)
		},
		"whose address nobody confirmed": func(a *notifiedServer, ana, _ *client) {
			a.exec(`UPDATE users SET email_confirmed_at = 0 WHERE id = $1`, ana.user.ID)
		},
		"whose message was deleted": func(a *notifiedServer, _, _ *client) { a.exec(`UPDATE messages SET deleted_at = 1`) },
		"who was taken out of the room": func(a *notifiedServer, ana, _ *client) {
			a.exec(`DELETE FROM members WHERE user_id = $1`, ana.user.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := withNotifications(t, openSQLite(t, withMedia))
			ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta",
				"berta@example.org")
			a.exec(`UPDATE users SET email_digest = 'off' WHERE id = $1`, berta.user.ID)
			a.deliverAll(t)
			a.markAllAway()
			berta.sendMessage(ana.peerQuery(), "hello")
			a.deliverAll(t)
			equal(t, "alarms", a.count(`SELECT COUNT(*) FROM unread_digests`), 1)
			happens(a, ana, berta)
			equal(t, "e-mails", len(a.deliverDueDigests(t)), 0)
			equal(t, "queued notifications", a.count(`SELECT COUNT(*) FROM notifications`), 0)
		})
	}
}

// Ana reads a message, goes away, and gets another one before the digest that was scheduled for the first.
func TestEachAbsenceHasItsOwnDigest(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta",
			"berta@example.org")
		a.exec(`UPDATE users SET email_digest = 'off' WHERE id = $1`, berta.user.ID)
		a.deliverAll(t)
		ago := func(d time.Duration) int64 { return time.Now().Add(-d).UnixMicro() }
		since := func() int64 { return a.count(`SELECT away_since FROM unread_digests`) }
		seen := func(at int64) { a.exec(`UPDATE sessions SET seen_at = $1 WHERE user_id = $2`, at, ana.user.ID) }

		seen(ago(time.Hour))
		berta.sendMessage(ana.peerQuery(), "the first")
		first := ago(40 * time.Minute)
		a.exec(`UPDATE messages SET posted_at = $1`, first)
		a.deliverAll(t)
		equal(t, "the first alarm", since(), first)
		ana.post("/read", []string{"with", formatID(berta.user.ID), "seq", "9"}).is(204)
		seen(ago(30 * time.Minute))
		a.deliverAll(t)
		equal(t, "while nothing comes", since(), first)

		berta.sendMessage(ana.peerQuery(), "the second")
		second := ago(20 * time.Minute)
		a.exec(`UPDATE messages SET posted_at = $1 WHERE body = 'the second'`, second)
		a.deliverAll(t)
		equal(t, "the second alarm", since(), second)
		berta.sendMessage(ana.peerQuery(), "the third")
		a.deliverAll(t)
		equal(t, "it stays while she is away", since(), second)
		equal(t, "an hour later", a.count(`SELECT due_at FROM unread_digests`), second+time.Hour.Microseconds())
		emails := a.deliverDueDigests(t)
		equal(t, "e-mails", len(emails), 1)
		contains(t, emails[0].Text, "the second", "the third")
		lacks(t, emails[0].Text, "the first")
	})
}

func TestDigestDueTimes(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		berta := a.newConfirmedUser(t, "Berta", "berta@example.org")
		wants := map[string]*client{}
		for _, wish := range []string{"soon", "hour", "day", "off"} {
			wants[wish] = a.newConfirmedUser(t, wish, wish+"@example.org")
			wants[wish].post("/settings/mail", []string{"mail", wish}).redirectsTo("/settings?saved=mail")
			wants[wish].setLevel("room=1", "all", "").is(200)
		}
		berta.post("/settings/mail", []string{"mail", "monthly"}, asJSON).isError(422, "invalid", "mail")
		a.deliverAll(t)
		a.markAllAway()
		posted := time.Now()
		berta.sendMessage("room=1", "hello")
		a.deliverAll(t)
		equal(t, "alarms", a.count(`SELECT COUNT(*) FROM unread_digests`), 3)
		due := func(wish string) time.Time {
			return time.UnixMicro(a.count(`SELECT due_at FROM unread_digests WHERE user_id = $1`, wants[wish].user.ID)).
				UTC()
		}
		for wish, wait := range map[string]time.Duration{"soon": 5 * time.Minute, "hour": time.Hour} {
			if off := due(wish).Sub(posted.Add(wait)).Abs(); off > 10*time.Second {
				t.Errorf("%s is due %v too early or too late", wish, off)
			}
		}
		if at := due("day"); at.Hour() != 8 || at.Minute() != 0 || at.Before(posted) ||
			at.After(posted.Add(24*time.Hour)) {
			t.Errorf("the daily digest is due at %v", at)
		}
		equal(t, "quiet", a.count(`SELECT COUNT(*) FROM notifications`), 0)
	})
}

func TestScanIsSkippedWithoutNewMessages(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	a.newConfirmedUser(t, "Ana", "ana@example.org").sendMessage("room=1", "hello")
	look := chat.ScanClaim{
		Medium:        chat.MediumPush,
		Now:           chat.TimestampOf(time.Now()),
		RefreshBefore: chat.TimestampOf(time.Now().Add(-10 * time.Minute)),
	}
	due := func() bool {
		due, err := a.store.ScanDue(t.Context(), look)
		if err != nil {
			t.Fatal(err)
		}
		return due
	}
	equal(t, "never looked", due(), true)
	a.deliverAll(t)
	a.exec(`UPDATE scan_cursors SET claimed_until = 0`)
	equal(t, "nothing new", due(), false)
	a.newSession(a.newConfirmedUser(t, "Berta", "berta@example.org").user).sendMessage("room=1", "news")
	equal(t, "something new", due(), true)
}

func TestContentIsBuiltAtDelivery(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta",
			"berta@example.org")
		ana.setPushSettings("topic", "", "1")
		a.exec(`UPDATE users SET email_digest = 'off' WHERE id = $1`, berta.user.ID)
		a.deliverAll(t)
		a.markAllAway()
		berta.putMessage(berta.sendMessage(ana.peerQuery(), "a word too much"), "better")
		yesterday := time.Now().Add(-24 * time.Hour).UTC()
		a.exec(`UPDATE messages SET posted_at = $1`, yesterday.UnixMicro())
		berta.sendWithFiles(ana.peerQuery(), "", berta.upload("plan.txt", "x"), berta.upload("map.txt", "y"))
		equal(t, "a push without the text", a.deliverPushes(t)[0].Message, "2 files")
		emails := a.deliverDueDigests(t)
		equal(t, "e-mails", len(emails), 1)
		contains(t, emails[0].Text, yesterday.Format("Monday, January 2"),
			yesterday.Format("3:04 PM UTC")+" Berta: better", "Berta: 2 files")
		lacks(t, emails[0].Raw, "too much")
	})
}
