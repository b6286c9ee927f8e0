package chat_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// fakeClock is a clock that a test moves.
type fakeClock struct{ at time.Time }

func (w fixture) useFakeClock() *fakeClock {
	c := &fakeClock{time.Now()}
	w.SetClock(func() time.Time { return c.at })
	return c
}

func (c *fakeClock) advance(d time.Duration) { c.at = c.at.Add(d) }

// tokenIsValid reports whether a bearer token is valid.
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
	tokens, err := w.IssueTokens(t.Context(), chat.Credentials{User: who}, "program", "127.0.0.1")
	must(t, err)
	return tokens
}

func TestAccessTokenExpires(t *testing.T) {
	w := newFixture(t)
	now := w.useFakeClock()
	tokens := w.issueTokens(t, w.addUser(t, "Ana"))
	session, user, err := w.SessionByBearerToken(t.Context(), tokens.Access)
	must(t, err)
	wantEqual(t, "user of the token", user.Name, "Ana")
	wantEqual(t, "session kind", session.Kind, chat.ProgramSession)
	now.advance(chat.AccessTokenLifetime - time.Second)
	wantEqual(t, "valid one second before it expires", w.tokenIsValid(t, tokens.Access), true)
	now.advance(time.Second)
	wantEqual(t, "valid when it expires", w.tokenIsValid(t, tokens.Access), false)
	fresh, err := w.RefreshTokens(t.Context(), tokens.Refresh)
	must(t, err)
	wantEqual(t, "new token is valid", w.tokenIsValid(t, fresh.Access), true)
	wantEqual(t, "token of 1 MB is valid", w.tokenIsValid(t, strings.Repeat("A", 1<<20)), false)
}

// reuseBy returns the id of the user in an error for a stolen refresh token, or zero for any other error.
func reuseBy(err error) int64 {
	var reuse chat.TokenReuse
	if errors.Is(err, chat.ErrBadToken) && errors.As(err, &reuse) {
		return reuse.User
	}
	return 0
}

func TestRefreshTokenIsValidForOneUse(t *testing.T) {
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
	wantEqual(t, "successor returned to a retry", again.Refresh, second.Refresh)
	wantEqual(t, "sessions that ended", len(w.recorder.ended()), 0)

	now.advance(time.Second)
	_, err = refresh(first.Refresh)
	wantEqual(t, "retry after a minute", reuseBy(err), ana.ID)
	wantEqual(t, "sessions that ended", len(w.recorder.ended()), 1)
	_, err = refresh(second.Refresh)
	wantEqual(t, "its successor after the session ended", err, error(chat.ErrBadToken))
	wantEqual(t, "access token after the session ended is valid", w.tokenIsValid(t, second.Access), false)

	first = w.issueTokens(t, ana)
	second, err = refresh(first.Refresh)
	must(t, err)
	_, err = refresh(second.Refresh)
	must(t, err)
	_, err = refresh(first.Refresh)
	wantEqual(t, "retry after its successor was used", reuseBy(err), ana.ID)

	idle := w.issueTokens(t, ana)
	now.advance(29 * 24 * time.Hour)
	renewed, err := refresh(idle.Refresh)
	must(t, err)
	now.advance(29 * 24 * time.Hour)
	renewed, err = refresh(renewed.Refresh)
	must(t, err)
	now.advance(31 * 24 * time.Hour)
	_, err = refresh(renewed.Refresh)
	wantEqual(t, "token unused for a month", err, error(chat.ErrBadToken))
}

// TestConcurrentRefresh covers a program whose threads, or retries, refresh the same token at the same time.
func TestConcurrentRefresh(t *testing.T) {
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

func TestSigningKeyRotation(t *testing.T) {
	w := newFixture(t)
	now := w.useFakeClock()
	ana := w.addUser(t, "Ana")
	old := w.issueTokens(t, ana)
	now.advance(29 * 24 * time.Hour)
	keys := func() string {
		keys, err := w.store.SigningKeys(t.Context(), 2)
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
	last := w.issueTokens(t, ana) // signed with the second key
	wantEqual(t, "keys", keys(), "21")
	must(t, w.RotateSigningKeys(t.Context()))
	wantEqual(t, "keys", keys(), "32")
	wantEqual(t, "token signed with the previous key is valid", w.tokenIsValid(t, last.Access), true)
	must(t, w.RotateSigningKeys(t.Context()))
	wantEqual(t, "token signed with a deleted key is valid", w.tokenIsValid(t, last.Access), false)
	fresh, err := w.RefreshTokens(t.Context(), last.Refresh) // the refresh token is still valid
	must(t, err)
	wantEqual(t, "token signed with the current key is valid", w.tokenIsValid(t, fresh.Access), true)
	_, err = w.RefreshTokens(t.Context(), old.Refresh)
	must(t, err)
}

// FuzzRefresh checks that a token that was not issued refreshes nothing and does not cause a panic.
func FuzzRefresh(f *testing.F) {
	w := newFixture(f)
	for _, token := range []string{
		"", "x", strings.Repeat("A", 64), strings.Repeat("-_", 32), "é", "\x00", strings.Repeat("A", 63) + "\n",
	} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := w.RefreshTokens(t.Context(), token); err != chat.ErrBadToken || got != (chat.Tokens{}) {
			t.Fatalf("%q: %v, %v", token, got, err)
		}
	})
}
