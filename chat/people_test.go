package chat_test

import (
	"fmt"
	"sync"
	"testing"

	"charla/chat"
	"charla/db/dbtest"
)

// signIn starts a session of a user and returns it with its token.
func (w fixture) signIn(t *testing.T, who chat.User) (chat.Session, string) {
	t.Helper()
	return w.startSession(t, chat.Credentials{User: who})
}

func (w fixture) startSession(t *testing.T, credentials chat.Credentials) (chat.Session, string) {
	t.Helper()
	token, err := w.StartSession(t.Context(), credentials, "", "")
	must(t, err)
	session, _, err := w.Session(t.Context(), token)
	must(t, err)
	return session, token
}

// ended returns the sessions whose end was announced.
func (d *eventRecorder) ended() map[int64]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	ended := map[int64]bool{}
	for _, e := range d.events {
		if e, ok := e.(chat.SessionEnded); ok {
			ended[e.Session] = true
		}
	}
	return ended
}

func TestDisabledUser(t *testing.T) {
	w := newFixture(t)
	admin := w.addUser(t, "Admin")
	ben, err := w.Register(
		t.Context(), chat.Registration{Name: "Ben", Email: "ben@example.org", Password: "tortilla-y-pan"},
	)
	must(t, err)
	eve := w.addUser(t, "Eve")
	first, token := w.signIn(t, ben)
	second, _ := w.signIn(t, ben)
	others, _ := w.signIn(t, eve)
	_, _, err = w.AllUsers(t.Context(), eve, "", 0)
	wantCode(t, "AllUsers for a member", err, chat.NotFound)
	wantCode(t, "disabling as a member", w.DisableUser(t.Context(), eve, ben.ID), chat.Forbidden)
	wantCode(t, "enabling as a member", w.EnableUser(t.Context(), eve, ben.ID), chat.Forbidden)
	wantCode(t, "disabling oneself", w.DisableUser(t.Context(), admin, admin.ID), chat.Conflict)
	wantCode(t, "disabling an unknown user", w.DisableUser(t.Context(), admin, 999), chat.NotFound)

	must(t, w.DisableUser(t.Context(), admin, ben.ID))
	must(t, w.DisableUser(t.Context(), admin, ben.ID))
	if ended := w.recorder.ended(); !ended[first.ID] || !ended[second.ID] || ended[others.ID] {
		t.Errorf("sessions that ended: %v", ended)
	}
	_, err = w.LogIn(t.Context(), "ben@example.org", "tortilla-y-pan")
	wantCode(t, "log-in of a disabled user", err, chat.Unauthenticated)
	_, _, err = w.Session(t.Context(), token)
	wantCode(t, "old session", err, chat.NotFound)
	users, _, err := w.AllUsers(t.Context(), admin, "BÉN", 0)
	if err != nil || len(users) != 1 || !users[0].Disabled() {
		t.Errorf("disabled user in the list: %+v, %v", users, err)
	}
	must(t, w.EnableUser(t.Context(), admin, ben.ID))
	_, err = w.LogIn(t.Context(), "ben@example.org", "tortilla-y-pan")
	must(t, err)
	_, _, err = w.Session(t.Context(), token)
	wantCode(t, "old session after enabling", err, chat.NotFound)
}

// TestDisabledAdminManagesNobody covers a request that started before its admin was disabled.
func TestDisabledAdminManagesNobody(t *testing.T) {
	w := newFixture(t)
	admin, ben := w.addUser(t, "Admin"), w.addUser(t, "Ben")
	must(t, w.SetRole(t.Context(), admin, ben.ID, chat.RoleAdmin))
	ben.Role = chat.RoleAdmin
	must(t, w.DisableUser(t.Context(), admin, ben.ID))
	wantCode(t, "disabling the other admin", w.DisableUser(t.Context(), ben, admin.ID), chat.Forbidden)
	wantCode(t, "enabling oneself", w.EnableUser(t.Context(), ben, ben.ID), chat.Forbidden)
}

func TestTwoAdminsDisableEachOther(t *testing.T) {
	w := newFixtureOn(t, dbtest.OpenPostgres(t))
	admin := w.addUser(t, "Admin")
	for i := range 15 {
		pair := [2]chat.User{w.addUser(t, fmt.Sprint("Ana", i)), w.addUser(t, fmt.Sprint("Ben", i))}
		for n := range pair {
			must(t, w.SetRole(t.Context(), admin, pair[n].ID, chat.RoleAdmin))
			pair[n].Role = chat.RoleAdmin
		}
		var errs [2]error
		var both sync.WaitGroup
		for n := range pair {
			both.Go(func() { errs[n] = w.DisableUser(t.Context(), pair[n], pair[1-n].ID) })
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("want exactly one error, got %v and %v", errs[0], errs[1])
		}
	}
}

func TestChangePasswordEndsOtherSessions(t *testing.T) {
	w := newFixture(t)
	ana, err := w.Register(
		t.Context(), chat.Registration{Name: "Ana", Email: "Ana@example.org", Password: "tortilla-y-pan"},
	)
	must(t, err)
	kept, token := w.signIn(t, ana)
	other, _ := w.signIn(t, ana)
	for _, c := range []struct{ current, password, field string }{
		{"wrong-password", "arepa-con-queso", "current"}, {"", "arepa-con-queso", "current"},
		{"tortilla-y-pan", "short", "password"}, {"tortilla-y-pan", "ana@example.org", "password"},
	} {
		err := w.ChangePassword(t.Context(), ana, kept, c.current, c.password)
		wantCode(t, c.current, err, chat.Invalid)
		if chat.FieldErrors(err)[c.field] == nil {
			t.Errorf("%v is not about %s", err, c.field)
		}
	}
	if both := chat.FieldErrors(w.ChangePassword(t.Context(), ana, kept, "x", "y")); len(both) != 2 {
		t.Errorf("errors by field: %v", both)
	}
	wantEqual(t, "sessions that ended", len(w.recorder.ended()), 0)
	must(t, w.ChangePassword(t.Context(), ana, kept, "tortilla-y-pan", "arepa-con-queso"))
	if ended := w.recorder.ended(); ended[kept.ID] || !ended[other.ID] {
		t.Errorf("sessions that ended: %v", ended)
	}
	_, _, err = w.Session(t.Context(), token)
	must(t, err)
	_, err = w.LogIn(t.Context(), "ana@example.org", "tortilla-y-pan")
	wantCode(t, "the old password", err, chat.Unauthenticated)
	_, err = w.LogIn(t.Context(), "ana@example.org", "arepa-con-queso")
	must(t, err)
}

// TestLogInRacesWithPasswordChange covers changes while a password is being checked, which takes a while. The new
// session must not outlive the change that ended all sessions.
func TestLogInRacesWithPasswordChange(t *testing.T) {
	w := newFixture(t)
	admin := w.addUser(t, "Admin")
	ana, err := w.Register(
		t.Context(), chat.Registration{Name: "Ana", Email: "ana@example.org", Password: "tortilla-y-pan"},
	)
	must(t, err)
	kept, _ := w.signIn(t, ana)
	checked := func(password string) chat.Credentials {
		user, err := w.LogIn(t.Context(), "ana@example.org", password)
		must(t, err)
		return user
	}
	refused := func(what string, who chat.Credentials) {
		_, err := w.StartSession(t.Context(), who, "", "")
		wantCode(t, what, err, chat.Unauthenticated)
		_, err = w.IssueTokens(t.Context(), who, "", "")
		wantCode(t, what, err, chat.Unauthenticated)
	}
	old := checked("tortilla-y-pan")
	w.startSession(t, old)
	must(t, w.ChangePassword(t.Context(), ana, kept, "tortilla-y-pan", "arepa-con-queso"))
	refused("the old password", old)

	fresh := checked("arepa-con-queso")
	w.startSession(t, fresh)
	must(t, w.DisableUser(t.Context(), admin, ana.ID))
	refused("disabled user", fresh)
	must(t, w.EnableUser(t.Context(), admin, ana.ID))
	w.startSession(t, fresh)
}
