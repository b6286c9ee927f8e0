package chat_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// fakeClock is a time that a test moves.
type fakeClock struct{ at time.Time }

func (w fixture) useFakeClock() *fakeClock {
	c := &fakeClock{time.Now()}
	w.SetClock(func() time.Time { return c.at })
	return c
}

func (c *fakeClock) advance(d time.Duration) { c.at = c.at.Add(d) }

// tokenIsValid tells whether a token is good.
func (w fixture) tokenIsValid(t *testing.T, token string) bool {
	t.Helper()
	_, _, err := w.SessionByBearerToken(t.Context(), token)
	if err != nil && err != chat.ErrBadToken {
		t.Fatal(err)
	}
	return err == nil
}

func (w fixture) issueTokens(t *testing.T, who chat.User) chat.Tokens {
	t.Helper()
	given, err := w.IssueTokens(t.Context(), chat.Credentials{User: who}, "program", "127.0.0.1")
	must(t, err)
	return given
}

func TestAnAccessTokenLivesAQuarterOfAnHour(t *testing.T) {
	w := newFixture(t)
	now := w.useFakeClock()
	given := w.issueTokens(t, w.addUser(t, "Ana"))
	session, user, err := w.SessionByBearerToken(t.Context(), given.Access)
	must(t, err)
	wantEqual(t, "whose", user.Name, "Ana")
	wantEqual(t, "kind", session.Kind, chat.ProgramSession)
	now.advance(chat.AccessTokenLifetime - time.Second)
	wantEqual(t, "before its end", w.tokenIsValid(t, given.Access), true)
	now.advance(time.Second)
	wantEqual(t, "at its end", w.tokenIsValid(t, given.Access), false)
	fresh, err := w.RefreshTokens(t.Context(), given.Refresh)
	must(t, err)
	wantEqual(t, "a new one", w.tokenIsValid(t, fresh.Access), true)
	wantEqual(t, "1 MB", w.tokenIsValid(t, strings.Repeat("A", 1<<20)), false)
}

func TestARefreshTokenIsGoodForOneUse(t *testing.T) {
	w := newFixture(t)
	now := w.useFakeClock()
	ana := w.addUser(t, "Ana")
	first := w.issueTokens(t, ana)
	refresh := func(token string) (chat.Tokens, error) { return w.RefreshTokens(t.Context(), token) }
	second, err := refresh(first.Refresh)
	must(t, err)
	now.advance(time.Minute)
	again, err := refresh(first.Refresh)
	must(t, err)
	wantEqual(t, "the successor after a lost answer", again.Refresh, second.Refresh)
	wantEqual(t, "sessions that ended", len(w.recorder.ended()), 0)

	now.advance(time.Second)
	_, err = refresh(first.Refresh)
	wantEqual(t, "a minute later", err, error(chat.ErrBadToken))
	wantEqual(t, "sessions that ended", len(w.recorder.ended()), 1)
	_, err = refresh(second.Refresh)
	wantEqual(t, "its successor", err, error(chat.ErrBadToken))
	wantEqual(t, "the access token", w.tokenIsValid(t, second.Access), false)

	first = w.issueTokens(t, ana)
	second, err = refresh(first.Refresh)
	must(t, err)
	_, err = refresh(second.Refresh)
	must(t, err)
	_, err = refresh(first.Refresh)
	wantEqual(t, "once its successor was used", err, error(chat.ErrBadToken))

	idle := w.issueTokens(t, ana)
	now.advance(29 * 24 * time.Hour)
	renewed, err := refresh(idle.Refresh)
	must(t, err)
	now.advance(29 * 24 * time.Hour)
	renewed, err = refresh(renewed.Refresh)
	must(t, err)
	now.advance(31 * 24 * time.Hour)
	_, err = refresh(renewed.Refresh)
	wantEqual(t, "a month unused", err, error(chat.ErrBadToken))
}

// Threads of one program, or a program and its own retry, may renew at once.
func TestManyRefreshAtOnce(t *testing.T) {
	for name, store := range map[string]func(testing.TB) chat.Store{
		"sqlite":   func(t testing.TB) chat.Store { return dbtest.OpenSQLite(t) },
		"postgres": func(t testing.TB) chat.Store { return dbtest.OpenPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newFixtureOn(t, store(t))
			first := w.issueTokens(t, w.addUser(t, "Ana"))
			var all sync.WaitGroup
			got := make([]chat.Tokens, 8)
			for i := range got {
				all.Go(func() {
					var err error
					if got[i], err = w.RefreshTokens(t.Context(), first.Refresh); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			for _, g := range got {
				wantEqual(t, "the successor", g.Refresh, got[0].Refresh)
			}
			_, err := w.RefreshTokens(t.Context(), got[0].Refresh)
			must(t, err)
		})
	}
}

func TestKeysAreRotatedByAge(t *testing.T) {
	w := newFixture(t)
	now := w.useFakeClock()
	ana := w.addUser(t, "Ana")
	old := w.issueTokens(t, ana)
	now.advance(29 * 24 * time.Hour)
	keys := func() string {
		keys, err := w.store.SigningKeys(t.Context())
		must(t, err)
		names := ""
		for _, k := range keys {
			names += string(rune('0' + k.ID))
		}
		return names
	}
	old, err := w.RefreshTokens(t.Context(), old.Refresh)
	must(t, err)
	wantEqual(t, "keys", keys(), "1")
	now.advance(24*time.Hour + time.Second)
	last := w.issueTokens(t, ana) // by the second key
	wantEqual(t, "keys", keys(), "21")
	must(t, w.RotateSigningKeys(t.Context()))
	wantEqual(t, "keys", keys(), "32")
	wantEqual(t, "by the key before", w.tokenIsValid(t, last.Access), true)
	must(t, w.RotateSigningKeys(t.Context()))
	wantEqual(t, "by a forgotten key", w.tokenIsValid(t, last.Access), false)
	fresh, err := w.RefreshTokens(t.Context(), last.Refresh) // nobody is logged out
	must(t, err)
	wantEqual(t, "by the present key", w.tokenIsValid(t, fresh.Access), true)
	_, err = w.RefreshTokens(t.Context(), old.Refresh)
	must(t, err)
}

// FuzzRefresh holds that no text but a token that was given renews anything, ends anything or makes Charla panic.
func FuzzRefresh(f *testing.F) {
	w := newFixture(f)
	for _, token := range []string{"", "x", strings.Repeat("A", 64), strings.Repeat("-_", 32), "é", "\x00", strings.Repeat("A", 63) + "\n"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := w.RefreshTokens(t.Context(), token); err != chat.ErrBadToken || got != (chat.Tokens{}) {
			t.Fatalf("%q: %v, %v", token, got, err)
		}
	})
}
