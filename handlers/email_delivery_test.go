package handlers_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
	"charla/notify/email/emailtest"
)

func TestConcurrentWorkersSendOnce(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		for range 40 {
			a.anonymous().withT(t).
				post("/register", []string{"name", "Ana", "email", "ana" + formatID(a.count(`SELECT COUNT(*) FROM notifications`)) + "@example.org", "password", testPassword}).
				is(http.StatusSeeOther)
		}
		done := make(chan struct{})
		for range 4 {
			go func() { defer func() { done <- struct{}{} }(); a.Deliver(t.Context(), chat.MediumEmail) }()
		}
		for range 4 {
			<-done
		}
		to := map[string]int{}
		for _, l := range a.mail.Messages() {
			to[l.To]++
		}
		equal(t, "people", len(to), 40)
		equal(t, "e-mails", len(a.mail.Messages()), 40)
	})
}

func TestEmailRetries(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		a.newConfirmedUser(t, "Ana", "ana@example.org")
		a.mail.SetFault(emailtest.RejectTemporarily)
		a.anonymous().withT(t).post("/forgot", []string{"email", "ana@example.org"}).is(303)
		wait := int64(0)
		for attempt := int64(1); attempt <= 10; attempt++ {
			equal(t, "e-mails", len(a.deliverAll(t)), 0)
			equal(t, "attempts", a.count(`SELECT attempts FROM notifications`), attempt)
			equal(t, "why", a.count(`SELECT COUNT(*) FROM notifications WHERE last_error LIKE '%451%'`), 1)
			if attempt == 10 {
				break
			}
			next := a.count(`SELECT next_attempt_at FROM notifications`) - time.Now().UnixMicro()
			if next <= wait/2 || next > int64(75*time.Minute/time.Microsecond) {
				t.Errorf("attempt %d is followed by a wait of %d µs, the one before by %d µs", attempt, next, wait)
			}
			wait = next
			equal(t, "not before its time", len(a.deliverAll(t)), 0)
			equal(t, "attempts", a.count(`SELECT attempts FROM notifications`), attempt)
			a.exec(`UPDATE notifications SET next_attempt_at = 1`)
		}
		equal(t, "given up", a.count(`SELECT COUNT(*) FROM notifications WHERE failed_at > 0`), 1)
		a.mail.SetFault(emailtest.None)
		a.exec(`UPDATE notifications SET next_attempt_at = 1`)
		equal(t, "e-mails", len(a.deliverAll(t)), 0)
		a.exec(`UPDATE notifications SET failed_at = 1`)
		if err := a.chat.PruneNotifications(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, "forgotten", a.count(`SELECT COUNT(*) FROM notifications`), 0)
	})
}

func TestRepeatedEmailHasTheSameMessageID(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	a.newConfirmedUser(t, "Ana", "ana@example.org")
	a.anonymous().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	a.mail.SetFault(emailtest.Disconnect)
	first := a.deliverAll(t)
	equal(t, "taken, and not said so", len(first), 1)
	a.mail.SetFault(emailtest.None)
	a.exec(`UPDATE notifications SET next_attempt_at = 1`)
	second := a.deliverAll(t)
	equal(t, "once more", len(second), 1)
	equal(t, "Message-ID", second[0].Header.Get("Message-Id"), first[0].Header.Get("Message-Id"))
	equal(t, "then no more", len(a.deliverAll(t)), 0)
	a.anonymous().get(linkIn(t, first[0])).is(200) // both e-mails have a valid link
	a.anonymous().post(linkIn(t, second[0]), []string{"password", otherPassword}).is(303)
	a.anonymous().get(linkIn(t, first[0])).is(404)
}

func TestRequestsDoNotWaitForEmail(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openPostgres(t, dbtest.PostgresURL(t), withMedia))
	a.mail.SetFault(emailtest.Stall)
	a.anonymous().post("/forgot", []string{"email", "nobody@example.org"}).is(303)
	a.newConfirmedUser(t, "Ana", "ana@example.org")
	a.anonymous().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	stalled := make(chan struct{})
	go func() { defer close(stalled); a.Deliver(t.Context(), chat.MediumEmail) }()
	eventually(t, "the server to be asked", func() bool { return a.mail.Attempts() == 1 })
	start := time.Now()
	a.anonymous().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the request took %v", took)
	}
	select {
	case <-stalled:
		t.Error("the server did not stall")
	default:
	}
	a.mail.Close()
	<-stalled
	equal(t, "waiting", a.count(`SELECT COUNT(*) FROM notifications`), 2)
}

func TestRequestedEmailsGoFirst(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta",
			"berta@example.org")
		a.deliverAll(t)
		a.markAllAway()
		berta.sendMessage(ana.peerQuery(), "hello")
		a.deliverAll(t)
		a.exec(`UPDATE unread_digests SET due_at = 1`)
		a.exec(`UPDATE scan_cursors SET claimed_until = 0`)
		a.ScanUnread(t.Context(), chat.MediumEmail)
		a.anonymous().post("/forgot", []string{"email", "berta@example.org"}).is(303)
		first, err := a.chat.ClaimNotifications(t.Context(), chat.MediumEmail, 1)
		if err != nil || len(first) != 1 || first[0].Kind != chat.NotifyPasswordReset {
			t.Errorf("%+v, %v", first, err)
		}
	})
}

// An e-mail was sent, but the database fails to record that. It must not be sent again.
func TestEmailIsNotRepeatedAfterDatabaseFailure(t *testing.T) {
	t.Parallel()
	a := withNotifications(t, openSQLite(t, withMedia))
	a.newConfirmedUser(t, "Ana", "ana@example.org")
	a.anonymous().post("/forgot", []string{"email", "ana@example.org"}).is(303)
	a.exec(`CREATE TRIGGER away BEFORE DELETE ON notifications BEGIN SELECT RAISE(ABORT, 'away'); END`)
	done := make(chan struct{})
	go func() { defer close(done); a.Deliver(t.Context(), chat.MediumEmail) }()
	eventually(t, "the email", func() bool { return len(a.mail.Messages()) == 1 })
	equal(t, "waiting", a.count(`SELECT COUNT(*) FROM notifications`), 1)
	a.exec(`DROP TRIGGER away`)
	<-done
	equal(t, "waiting", a.count(`SELECT COUNT(*) FROM notifications`), 0)
}

func TestDeliveryErrorIsStoredAsText(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		a.anonymous().post("/forgot", []string{"email", "ana@example.org"}).is(303)
		claimed, err := a.chat.ClaimNotifications(t.Context(), chat.MediumEmail, 1)
		if err != nil || len(claimed) != 1 {
			t.Fatal(claimed, err)
		}
		if err := a.chat.RecordDelivery(t.Context(), claimed[0], nil, errors.New("451 buz\xf3n \x00 lleno")); err != nil {
			t.Fatal(err)
		}
		equal(t, "kept", a.count(`SELECT COUNT(*) FROM notifications WHERE last_error = '451 buzn  lleno'`), 1)
	})
}
