package chat_test

import (
	"fmt"
	"sync"
	"testing"

	"charla/chat"
	"charla/db/dbtest"
)

// signIn gives somebody a session and returns it with its token.
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

// ended are the sessions whose end was announced.
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

func TestADisabledPersonIsOut(t *testing.T) {
	w := newFixture(t)
	admin := w.addUser(t, "Admin")
	ben, err := w.Register(t.Context(), chat.Registration{Name: "Ben", Email: "ben@example.org", Password: "tortilla-y-pan"})
	must(t, err)
	eve := w.addUser(t, "Eve")
	first, token := w.signIn(t, ben)
	second, _ := w.signIn(t, ben)
	others, _ := w.signIn(t, eve)
	_, _, err = w.AllUsers(t.Context(), eve, "", 0)
	wantCode(t, "the list for others", err, chat.NotFound)
	wantCode(t, "by others", w.DisableUser(t.Context(), eve, ben.ID), chat.Forbidden)
	wantCode(t, "by others", w.EnableUser(t.Context(), eve, ben.ID), chat.Forbidden)
	wantCode(t, "themself", w.DisableUser(t.Context(), admin, admin.ID), chat.Conflict)
	wantCode(t, "nobody", w.DisableUser(t.Context(), admin, 999), chat.NotFound)

	must(t, w.DisableUser(t.Context(), admin, ben.ID))
	must(t, w.DisableUser(t.Context(), admin, ben.ID))
	if ended := w.recorder.ended(); !ended[first.ID] || !ended[second.ID] || ended[others.ID] {
		t.Errorf("ended %v", ended)
	}
	_, err = w.LogIn(t.Context(), "ben@example.org", "tortilla-y-pan")
	wantCode(t, "logs in", err, chat.Unauthenticated)
	_, _, err = w.Session(t.Context(), token)
	wantCode(t, "the old session", err, chat.NotFound)
	users, _, err := w.AllUsers(t.Context(), admin, "BÉN", 0)
	if err != nil || len(users) != 1 || !users[0].Disabled() {
		t.Errorf("%+v, %v", users, err)
	}
	must(t, w.EnableUser(t.Context(), admin, ben.ID))
	_, err = w.LogIn(t.Context(), "ben@example.org", "tortilla-y-pan")
	must(t, err)
	_, _, err = w.Session(t.Context(), token)
	wantCode(t, "the old session once more", err, chat.NotFound)
}

// A request that began before its admin was disabled comes too late.
func TestWhoIsNoLongerLetInManagesNobody(t *testing.T) {
	w := newFixture(t)
	admin, ben := w.addUser(t, "Admin"), w.addUser(t, "Ben")
	must(t, w.MakeAdmin(t.Context(), admin, ben.ID))
	ben.Role = chat.RoleAdmin
	must(t, w.DisableUser(t.Context(), admin, ben.ID))
	wantCode(t, "shuts the other out", w.DisableUser(t.Context(), ben, admin.ID), chat.Forbidden)
	wantCode(t, "lets themself in", w.EnableUser(t.Context(), ben, ben.ID), chat.Forbidden)
}

func TestOfTwoAdminsWhoDisableEachOtherOneStays(t *testing.T) {
	w := newFixtureOn(t, dbtest.OpenPostgres(t))
	admin := w.addUser(t, "Admin")
	for i := range 15 {
		pair := [2]chat.User{w.addUser(t, fmt.Sprint("Ana", i)), w.addUser(t, fmt.Sprint("Ben", i))}
		for n := range pair {
			must(t, w.MakeAdmin(t.Context(), admin, pair[n].ID))
			pair[n].Role = chat.RoleAdmin
		}
		var errs [2]error
		var both sync.WaitGroup
		for n := range pair {
			both.Go(func() { errs[n] = w.DisableUser(t.Context(), pair[n], pair[1-n].ID) })
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%v and %v", errs[0], errs[1])
		}
	}
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	w := newFixture(t)
	ana, err := w.Register(t.Context(), chat.Registration{Name: "Ana", Email: "Ana@example.org", Password: "tortilla-y-pan"})
	must(t, err)
	kept, token := w.signIn(t, ana)
	other, _ := w.signIn(t, ana)
	for _, c := range []struct{ current, password, field string }{
		{"wrong-password", "arepa-con-queso", "current"}, {"", "arepa-con-queso", "current"}, {"tortilla-y-pan", "short", "password"}, {"tortilla-y-pan", "ana@example.org", "password"},
	} {
		err := w.ChangePassword(t.Context(), ana, kept, c.current, c.password)
		wantCode(t, c.current, err, chat.Invalid)
		if chat.FieldErrors(err)[c.field] == nil {
			t.Errorf("%v is not about %s", err, c.field)
		}
	}
	if both := chat.FieldErrors(w.ChangePassword(t.Context(), ana, kept, "x", "y")); len(both) != 2 {
		t.Errorf("errors beside %v", both)
	}
	wantEqual(t, "sessions that ended", len(w.recorder.ended()), 0)
	must(t, w.ChangePassword(t.Context(), ana, kept, "tortilla-y-pan", "arepa-con-queso"))
	if ended := w.recorder.ended(); ended[kept.ID] || !ended[other.ID] {
		t.Errorf("ended %v", ended)
	}
	_, _, err = w.Session(t.Context(), token)
	must(t, err)
	_, err = w.LogIn(t.Context(), "ana@example.org", "tortilla-y-pan")
	wantCode(t, "the old password", err, chat.Unauthenticated)
	_, err = w.LogIn(t.Context(), "ana@example.org", "arepa-con-queso")
	must(t, err)
}

// A password takes a while to check. What happened meanwhile counts: the session would outlive what was to end it.
func TestALogInIsOverWhenThePasswordChangesOnItsWay(t *testing.T) {
	w := newFixture(t)
	admin := w.addUser(t, "Admin")
	ana, err := w.Register(t.Context(), chat.Registration{Name: "Ana", Email: "ana@example.org", Password: "tortilla-y-pan"})
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
	refused("shut out", fresh)
	must(t, w.EnableUser(t.Context(), admin, ana.ID))
	w.startSession(t, fresh)
}
