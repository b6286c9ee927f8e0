package chat_test

import (
	"strings"
	"testing"
	"time"

	"charla/chat"
)

func TestCleanHandle(t *testing.T) {
	for in, want := range map[string]string{
		"ana": "ana", " @Ana ": "ana", "＠ＡＮＡ": "ana", "a1": "a1", "1a": "1a", "ana.maria_b-2": "ana.maria_b-2",
		"josé": "josé", "jose\u0301": "josé", "нина": "нина", "たろう山田": "たろう山田", "김민준": "김민준",
		"क्षितिज": "क्षितिज", "क्\u200dष": "क्\u200dष", "กิตติ": "กิตติ",
		strings.Repeat("x", 30): strings.Repeat("x", 30),
	} {
		if got, err := chat.CleanHandle(in); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", "a", "@", strings.Repeat("x", 31), ".ana", "ana.", "-ana", "ana_", "an a", "ana!", "ana@x", "a\u202eb",
		"a\x00b", "a\u200db", "аna", "ana中", "a🎉b", "\u0301ana", "here", "Channel", "＠here", "aqui", "AQUÍ", "todos",
		"һere", "a\xffb",
	} {
		if got, err := chat.CleanHandle(in); chat.CodeOf(err) != chat.Invalid {
			t.Errorf("%q was accepted as %q", in, got)
		}
	}
	for _, pair := range [][2]string{
		{"José", "jose"}, {"сора", "copa"}, {"νοτα", "vota"}, {"ａｎａ", "ana"}, {"Σύρος", "oupoo"},
	} {
		wantEqual(t, pair[0], chat.HandleKey(pair[0]), chat.HandleKey(pair[1]))
	}
}

// register creates an account as people do.
func (w fixture) register(t *testing.T, name, email string) chat.User {
	t.Helper()
	user, err := w.Register(t.Context(), chat.Registration{Name: name, Email: email, Password: "tortilla-y-pan"})
	must(t, err)
	return user
}

// TestProposedHandles registers people whose names make no handle, or one that somebody else has.
func TestProposedHandles(t *testing.T) {
	w := newFixture(t)
	for i, want := range []struct{ name, handle string }{
		{"Ana María", "ana.maría"}, {"Ana", "ana"}, {"ANA", "ana2"}, {"Ána", "ána3"}, {"сара", "сара"}, {"Capa", "capa2"},
		{"🎉", "user7"}, {"Admin", "admin2"}, {"X", "x2"}, {"Ana中", "user10"}, {strings.Repeat("ñ", 40), strings.Repeat("ñ", 20)},
		{"user13", "user13"}, {"!", "user130"},
	} {
		if want.name == "!" { // somebody took the handle that this account would get
			want.handle = ""
		}
		user := w.register(t, want.name, strings.Repeat("x", i+1)+"@x.org")
		if want.handle == "" {
			if !strings.HasPrefix(user.Handle, "user") || user.Handle == "user13" {
				t.Errorf("%s got the handle %q", want.name, user.Handle)
			}
			continue
		}
		wantEqual(t, want.name, user.Handle, want.handle)
	}
	ana, err := w.store.User(t.Context(), 1)
	must(t, err)
	bot, _, err := w.CreateBot(t.Context(), ana, "Ana")
	must(t, err)
	wantEqual(t, "the bot", bot.Handle, "ana4")
}

// TestFreedHandle changes a handle. Nobody else gets the old one for 90 days, but its user can return to it.
func TestFreedHandle(t *testing.T) {
	w := newFixture(t)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	w.SetClock(func() time.Time { return now })
	ana, ben := w.register(t, "Ana", "ana@x.org"), w.register(t, "Ben", "ben@x.org")
	change := func(by chat.User, handle string) error {
		by, err := w.store.User(t.Context(), by.ID)
		must(t, err)
		_, err = w.ChangeHandle(t.Context(), by, handle)
		return err
	}
	wantCode(t, "a taken handle", change(ben, "ÁNA"), chat.Conflict)
	must(t, change(ana, "anita"))
	changed, ok := w.recorder.last().(chat.UserChanged)
	if !ok || changed.User.Handle != "anita" {
		t.Errorf("published %#v", w.recorder.last())
	}
	wantCode(t, "a freed handle", change(ben, "ana"), chat.Conflict)
	wantEqual(t, "a new Ana", w.register(t, "Ana", "ana2@x.org").Handle, "ana2")
	must(t, change(ana, "ana"))
	must(t, change(ana, "anita"))
	now = now.Add(89 * 24 * time.Hour)
	wantCode(t, "after 89 days", change(ben, "ana"), chat.Conflict)
	must(t, w.DeleteAccount(t.Context(), ben, "tortilla-y-pan", chat.KeepMessages))
	now = now.Add(48 * time.Hour)
	must(t, w.PruneFreedHandles(t.Context()))
	eve := w.register(t, "Ana", "eve@x.org")
	wantEqual(t, "after 90 days", eve.Handle, "ana")
	wantCode(t, "the handle of a deleted account", change(eve, "ben"), chat.Conflict)
}

// TestAssignHandles gives handles to the accounts of an older version.
func TestAssignHandles(t *testing.T) {
	w := newFixture(t)
	old := []chat.User{w.addUser(t, "Ana"), w.addUser(t, "🎉"), w.addUser(t, "ana ")}
	for range 2 {
		must(t, w.AssignHandles(t.Context()))
		for i, want := range []string{"ana", "user2", "ana2"} {
			user, err := w.store.User(t.Context(), old[i].ID)
			must(t, err)
			wantEqual(t, user.Name, user.Handle, want)
		}
	}
}
