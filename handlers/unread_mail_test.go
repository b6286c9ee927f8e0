package handlers_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
	"charla/mail/mailtest"
)

// leave makes people somebody who was last here an hour ago.
func (a *away) leave() {
	a.t.Helper()
	a.exec(`UPDATE sessions SET seen_at = $1`, time.Now().Add(-time.Hour).UnixMicro())
}

// later lets the alarms ring that are set.
func (a *away) later(t testing.TB) []mailtest.Letter {
	t.Helper()
	equal(t, "letters before their time", len(a.delivers(t)), 0)
	a.exec(`UPDATE alerts SET due_at = 1`)
	return a.delivers(t)
}

func TestUnreadMessagesAreToldOnceInOneEMail(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta <b>&", "berta@example.org")
		a.exec(`UPDATE users SET locale = 'es' WHERE id = $1`, ana.user.ID)
		a.delivers(t)
		a.leave()
		berta.say(ana.with(), "hola,\n¿comemos?")
		berta.say(ana.with(), "</li><script>alert(1)</script> \u202Etxt.exe javascript:alert(1)")
		berta.say("room=1", "to all: "+strings.Repeat("long ", 100))

		a.exec(`UPDATE users SET mail = 'off' WHERE id = $1`, berta.user.ID)
		letters := a.later(t)
		equal(t, "letters", len(letters), 1)
		letter := letters[0]
		equal(t, "to", letter.To, "ana@example.org")
		equal(t, "subject", letter.Subject, "3 sin leer en chat.example.org")
		contains(t, letter.Text, "Berta <b>& – 2 sin leer", "hola, ¿comemos?", "General – 1 sin leer", "to all: long", "…", "https://chat.example.org/messages?with="+text(berta.user.ID), "https://chat.example.org/messages?room=1")
		contains(t, letter.HTML, "Berta &lt;b&gt;&amp;", "&lt;/li&gt;&lt;script&gt;", `href="https://chat.example.org/messages?room=1"`)
		lacks(t, letter.HTML, "<script", `href="javascript`, "\u202E", "src=", "<img")
		lacks(t, letter.Text, "\u202E")
		if strings.Count(letter.Text, "long") > 40 {
			t.Error("the letter tells a message whole")
		}

		equal(t, "not again for the same", len(a.later(t)), 0)
		berta.say(ana.with(), "a third")
		again := a.later(t)
		equal(t, "letters", len(again), 1)
		contains(t, again[0].Text, "a third")
		lacks(t, again[0].Text, "comemos", "General")

		t.Run("no log-in is needed to end them", func(t *testing.T) {
			path := link(t, letter)
			equal(t, "List-Unsubscribe", letter.Header.Get("List-Unsubscribe"), "<https://chat.example.org"+path+">")
			equal(t, "List-Unsubscribe-Post", letter.Header.Get("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click")
			wish := func() int64 {
				return a.count(`SELECT COUNT(*) FROM users WHERE mail = 'off' AND id = $1`, ana.user.ID)
			}
			a.guest().in(t).get(path).is(200).has("<button")
			equal(t, "ended by looking", wish(), 0)
			for i := len("/unsubscribe/"); i < len(path); i++ { // whose it is, and the signature
				other := map[bool]string{true: "B", false: "A"}[path[i] == 'A']
				a.guest().in(t).post(path[:i]+other+path[i+1:], nil).is(404)
			}
			a.guest().in(t).post("/unsubscribe/x", nil).is(404)
			equal(t, "ended by guessing", wish(), 0)
			a.guest().in(t).post(path, []string{"List-Unsubscribe", "One-Click"}).is(200)
			equal(t, "ended", wish(), 1)
			berta.say(ana.with(), "a fourth")
			equal(t, "letters", len(a.later(t)), 0)
		})
	})
}

func TestNobodyIsWrittenToWhoKnowsAlready(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(a *away, ana, berta *browser){
		"who read it": func(a *away, ana, berta *browser) {
			ana.post("/read", []string{"with", text(berta.user.ID), "seq", "9"}).is(204)
			a.leave()
		},
		"who was here meanwhile": func(a *away, ana, _ *browser) { ana.get("/settings").is(200) },
		"who is here":            func(a *away, ana, _ *browser) { ana.listen("/events").brings("here-count"); a.leave() },
		"who wants no letters":   func(a *away, ana, _ *browser) { ana.post("/settings/mail", []string{"mail", "off"}).is(303); a.leave() },
		"who is shut out": func(a *away, ana, _ *browser) {
			a.exec(`UPDATE users SET disabled_at = 1 WHERE id = $1`, ana.user.ID)
		},
		"whose address nobody confirmed": func(a *away, ana, _ *browser) {
			a.exec(`UPDATE users SET confirmed_at = 0 WHERE id = $1`, ana.user.ID)
		},
		"whose message was deleted": func(a *away, _, _ *browser) { a.exec(`UPDATE messages SET deleted_at = 1`) },
		"who was taken out of the room": func(a *away, ana, _ *browser) {
			a.exec(`DELETE FROM members WHERE user_id = $1`, ana.user.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := reaching(t, open(t))
			ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta", "berta@example.org")
			a.exec(`UPDATE users SET mail = 'off' WHERE id = $1`, berta.user.ID)
			a.delivers(t)
			a.leave()
			berta.say(ana.with(), "hello")
			a.delivers(t)
			equal(t, "alarms", a.count(`SELECT COUNT(*) FROM alerts`), 1)
			happens(a, ana, berta)
			equal(t, "letters", len(a.later(t)), 0)
			equal(t, "left in the outbox", a.count(`SELECT COUNT(*) FROM outbox`), 0)
		})
	}
}

// Ana reads what came, goes away, and more comes before the alarm that was set for the first.
func TestEachAbsenceHasAnAlarmOfItsOwn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta", "berta@example.org")
		a.exec(`UPDATE users SET mail = 'off' WHERE id = $1`, berta.user.ID)
		a.delivers(t)
		ago := func(d time.Duration) int64 { return time.Now().Add(-d).UnixMicro() }
		since := func() int64 { return a.count(`SELECT since FROM alerts`) }
		seen := func(at int64) { a.exec(`UPDATE sessions SET seen_at = $1 WHERE user_id = $2`, at, ana.user.ID) }

		seen(ago(time.Hour))
		berta.say(ana.with(), "the first")
		first := ago(40 * time.Minute)
		a.exec(`UPDATE messages SET posted_at = $1`, first)
		a.delivers(t)
		equal(t, "the first alarm", since(), first)
		ana.post("/read", []string{"with", text(berta.user.ID), "seq", "9"}).is(204)
		seen(ago(30 * time.Minute))
		a.delivers(t)
		equal(t, "while nothing comes", since(), first)

		berta.say(ana.with(), "the second")
		second := ago(20 * time.Minute)
		a.exec(`UPDATE messages SET posted_at = $1 WHERE body = 'the second'`, second)
		a.delivers(t)
		equal(t, "the second alarm", since(), second)
		berta.say(ana.with(), "the third")
		a.delivers(t)
		equal(t, "it stays while she is away", since(), second)
		equal(t, "an hour later", a.count(`SELECT due_at FROM alerts`), second+time.Hour.Microseconds())
		letters := a.later(t)
		equal(t, "letters", len(letters), 1)
		contains(t, letters[0].Text, "the second", "the third")
		lacks(t, letters[0].Text, "the first")
	})
}

func TestWhenEMailsFallDue(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		berta := a.member(t, "Berta", "berta@example.org")
		wants := map[string]*browser{}
		for _, wish := range []string{"soon", "hour", "day", "off"} {
			wants[wish] = a.member(t, wish, wish+"@example.org")
			wants[wish].post("/settings/mail", []string{"mail", wish}).to("/settings?saved=mail")
		}
		berta.post("/settings/mail", []string{"mail", "monthly"}, asJSON).failed(422, "invalid", "mail")
		a.delivers(t)
		a.leave()
		posted := time.Now()
		berta.say("room=1", "hello")
		a.delivers(t)
		equal(t, "alarms", a.count(`SELECT COUNT(*) FROM alerts`), 3)
		due := func(wish string) time.Time {
			return time.UnixMicro(a.count(`SELECT due_at FROM alerts WHERE user_id = $1`, wants[wish].user.ID)).UTC()
		}
		for wish, wait := range map[string]time.Duration{"soon": 5 * time.Minute, "hour": time.Hour} {
			if off := due(wish).Sub(posted.Add(wait)).Abs(); off > 10*time.Second {
				t.Errorf("%s falls due %v off", wish, off)
			}
		}
		if at := due("day"); at.Hour() != 8 || at.Minute() != 0 || at.Before(posted) || at.After(posted.Add(24*time.Hour)) {
			t.Errorf("the letter of the day falls due at %v", at)
		}
		equal(t, "quiet", a.count(`SELECT COUNT(*) FROM outbox`), 0)
	})
}

func TestALookCostsNothingWhereNothingHappens(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	a.member(t, "Ana", "ana@example.org").say("room=1", "hello")
	look := chat.Look{Road: chat.ByPush, Now: chat.At(time.Now()), Kept: chat.At(time.Now().Add(-10 * time.Minute))}
	due := func() bool {
		due, err := a.store.LookDue(t.Context(), look)
		if err != nil {
			t.Fatal(err)
		}
		return due
	}
	equal(t, "never looked", due(), true)
	a.delivers(t)
	a.exec(`UPDATE looks SET until = 0`)
	equal(t, "nothing new", due(), false)
	a.signIn(a.member(t, "Berta", "berta@example.org").user).say("room=1", "news")
	equal(t, "something new", due(), true)
}

func TestSeveralCouriersTellNothingTwice(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		for range 40 {
			a.guest().in(t).post("/register", []string{"name", "Ana", "email", "ana" + text(a.count(`SELECT COUNT(*) FROM outbox`)) + "@example.org", "password", phrase}).is(http.StatusSeeOther)
		}
		done := make(chan struct{})
		for range 4 {
			go func() { defer func() { done <- struct{}{} }(); a.Deliver(t.Context(), chat.ByMail) }()
		}
		for range 4 {
			<-done
		}
		to := map[string]int{}
		for _, l := range a.mail.Letters() {
			to[l.To]++
		}
		equal(t, "people", len(to), 40)
		equal(t, "letters", len(a.mail.Letters()), 40)
	})
}

func TestTheOutboxTriesAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		a.member(t, "Ana", "ana@example.org")
		a.mail.Suffer(mailtest.Refuse4)
		a.guest().in(t).post("/forgot", []string{"email", "ana@example.org"}).is(303)
		wait := int64(0)
		for attempt := int64(1); attempt <= 10; attempt++ {
			equal(t, "letters", len(a.delivers(t)), 0)
			equal(t, "attempts", a.count(`SELECT attempts FROM outbox`), attempt)
			equal(t, "why", a.count(`SELECT COUNT(*) FROM outbox WHERE error LIKE '%451%'`), 1)
			if attempt == 10 {
				break
			}
			next := a.count(`SELECT next_at FROM outbox`) - time.Now().UnixMicro()
			if next <= wait/2 || next > int64(75*time.Minute/time.Microsecond) {
				t.Errorf("after attempt %d the next is in %d µs, before in %d", attempt, next, wait)
			}
			wait = next
			equal(t, "not before its time", len(a.delivers(t)), 0)
			equal(t, "attempts", a.count(`SELECT attempts FROM outbox`), attempt)
			a.exec(`UPDATE outbox SET next_at = 1`)
		}
		equal(t, "given up", a.count(`SELECT COUNT(*) FROM outbox WHERE gave_up_at > 0`), 1)
		a.mail.Suffer(mailtest.None)
		a.exec(`UPDATE outbox SET next_at = 1`)
		equal(t, "letters", len(a.delivers(t)), 0)
		a.exec(`UPDATE outbox SET gave_up_at = 1`)
		if err := a.chat.PruneOutbox(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, "forgotten", a.count(`SELECT COUNT(*) FROM outbox`), 0)
	})
}

func TestACrashInTheLastStepRepeatsTheSameEMail(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	a.member(t, "Ana", "ana@example.org")
	a.guest().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	a.mail.Suffer(mailtest.Cut)
	first := a.delivers(t)
	equal(t, "taken, and not said so", len(first), 1)
	a.mail.Suffer(mailtest.None)
	a.exec(`UPDATE outbox SET next_at = 1`)
	second := a.delivers(t)
	equal(t, "once more", len(second), 1)
	equal(t, "Message-ID", second[0].Header.Get("Message-Id"), first[0].Header.Get("Message-Id"))
	equal(t, "then no more", len(a.delivers(t)), 0)
	a.guest().get(link(t, first[0])).is(200) // whichever the person opens
	a.guest().post(link(t, second[0]), []string{"password", another}).is(303)
	a.guest().get(link(t, first[0])).is(404)
}

func TestThePageNeverWaitsForTheMail(t *testing.T) {
	t.Parallel()
	a := reaching(t, openPostgres(t, dbtest.Postgres(t)))
	a.mail.Suffer(mailtest.Stall)
	a.guest().post("/forgot", []string{"email", "nobody@example.org"}).is(303)
	a.member(t, "Ana", "ana@example.org")
	a.guest().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	stalled := make(chan struct{})
	go func() { defer close(stalled); a.Deliver(t.Context(), chat.ByMail) }()
	eventually(t, "the server to be asked", func() bool { return a.mail.Tries() == 1 })
	start := time.Now()
	a.guest().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the page took %v", took)
	}
	select {
	case <-stalled:
		t.Error("the server did not stall")
	default:
	}
	a.mail.Close()
	<-stalled
	equal(t, "waiting", a.count(`SELECT COUNT(*) FROM outbox`), 2)
}

func TestWhatSomebodyWaitsForGoesFirst(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta", "berta@example.org")
		a.delivers(t)
		a.leave()
		berta.say(ana.with(), "hello")
		a.delivers(t)
		a.exec(`UPDATE alerts SET due_at = 1`)
		a.exec(`UPDATE looks SET until = 0`)
		a.Look(t.Context(), chat.ByMail)
		a.guest().post("/forgot", []string{"email", "berta@example.org"}).is(303)
		first, err := a.chat.ClaimNotices(t.Context(), chat.ByMail, 1)
		if err != nil || len(first) != 1 || first[0].Kind != chat.NoticeReset {
			t.Errorf("%+v, %v", first, err)
		}
	})
}

// The letter went out, and the database does not take that down at once.
func TestALetterIsNotSentAgainBecauseTheDatabaseWasAway(t *testing.T) {
	t.Parallel()
	a := reaching(t, open(t))
	a.member(t, "Ana", "ana@example.org")
	a.guest().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	a.exec(`CREATE TRIGGER away BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'away'); END`)
	done := make(chan struct{})
	go func() { defer close(done); a.Deliver(t.Context(), chat.ByMail) }()
	eventually(t, "the letter", func() bool { return len(a.mail.Letters()) == 1 })
	equal(t, "waiting", a.count(`SELECT COUNT(*) FROM outbox`), 1)
	a.exec(`DROP TRIGGER away`)
	<-done
	equal(t, "waiting", a.count(`SELECT COUNT(*) FROM outbox`), 0)
}

func TestWhatAServerSaysIsKeptAsText(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		a.guest().post("/forgot", []string{"email", "ana@example.org"}).is(303)
		claimed, err := a.chat.ClaimNotices(t.Context(), chat.ByMail, 1)
		if err != nil || len(claimed) != 1 {
			t.Fatal(claimed, err)
		}
		if err := a.chat.Settle(t.Context(), claimed[0], nil, errors.New("451 buz\xf3n \x00 lleno")); err != nil {
			t.Fatal(err)
		}
		equal(t, "kept", a.count(`SELECT COUNT(*) FROM outbox WHERE error = '451 buzn  lleno'`), 1)
	})
}

func TestAnEMailTellsWhatIsThereWhenItIsWritten(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, a *away) {
		ana, berta := a.member(t, "Ana", "ana@example.org"), a.member(t, "Berta", "berta@example.org")
		ana.follows("topic", "", "1")
		a.exec(`UPDATE users SET mail = 'off' WHERE id = $1`, berta.user.ID)
		a.delivers(t)
		a.leave()
		berta.put(berta.say(ana.with(), "a word too much"), "better")
		yesterday := time.Now().Add(-24 * time.Hour).UTC()
		a.exec(`UPDATE messages SET posted_at = $1`, yesterday.UnixMicro())
		berta.says(ana.with(), "", berta.upload("plan.txt", "x"), berta.upload("map.txt", "y"))
		equal(t, "a push without words", a.pushes(t)[0].Message, "(files: 2)")
		letters := a.later(t)
		equal(t, "letters", len(letters), 1)
		contains(t, letters[0].Text, yesterday.Format("Monday, 2 January 2006, 15:04 UTC")+" Berta: better", "Berta: (files: 2)")
		lacks(t, letters[0].Raw, "too much")
	})
}
