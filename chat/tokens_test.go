package chat_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (w world) clock() *clock {
	c := &clock{time.Now()}
	w.SetClock(func() time.Time { return c.at })
	return c
}

func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

// bearer tells whether a token is good.
func (w world) bearer(t *testing.T, token string) bool {
	t.Helper()
	_, _, err := w.Bearer(t.Context(), token)
	if err != nil && err != chat.ErrBadToken {
		t.Fatal(err)
	}
	return err == nil
}

func (w world) tokens(t *testing.T, who chat.User) chat.Tokens {
	t.Helper()
	given, err := w.IssueTokens(t.Context(), who, "program", "127.0.0.1")
	must(t, err)
	return given
}

func TestAnAccessTokenLivesAQuarterOfAnHour(t *testing.T) {
	w := newWorld(t)
	now := w.clock()
	given := w.tokens(t, w.person(t, "Ana"))
	session, user, err := w.Bearer(t.Context(), given.Access)
	must(t, err)
	same(t, "whose", user.Name, "Ana")
	same(t, "kind", session.Kind, chat.Program)
	now.pass(chat.AccessLife - time.Second)
	same(t, "before its end", w.bearer(t, given.Access), true)
	now.pass(time.Second)
	same(t, "at its end", w.bearer(t, given.Access), false)
	fresh, err := w.RefreshTokens(t.Context(), given.Refresh)
	must(t, err)
	same(t, "a new one", w.bearer(t, fresh.Access), true)
	same(t, "1 MB", w.bearer(t, strings.Repeat("A", 1<<20)), false)
}

func TestARefreshTokenIsGoodForOneUse(t *testing.T) {
	w := newWorld(t)
	now := w.clock()
	ana := w.person(t, "Ana")
	first := w.tokens(t, ana)
	refresh := func(token string) (chat.Tokens, error) { return w.RefreshTokens(t.Context(), token) }
	second, err := refresh(first.Refresh)
	must(t, err)
	now.pass(time.Minute)
	again, err := refresh(first.Refresh)
	must(t, err)
	same(t, "the successor after a lost answer", again.Refresh, second.Refresh)
	same(t, "sessions that ended", len(w.diary.ended()), 0)

	now.pass(time.Second)
	_, err = refresh(first.Refresh)
	same(t, "a minute later", err, error(chat.ErrBadToken))
	same(t, "sessions that ended", len(w.diary.ended()), 1)
	_, err = refresh(second.Refresh)
	same(t, "its successor", err, error(chat.ErrBadToken))
	same(t, "the access token", w.bearer(t, second.Access), false)

	first = w.tokens(t, ana)
	second, err = refresh(first.Refresh)
	must(t, err)
	_, err = refresh(second.Refresh)
	must(t, err)
	_, err = refresh(first.Refresh)
	same(t, "once its successor was used", err, error(chat.ErrBadToken))

	idle := w.tokens(t, ana)
	now.pass(29 * 24 * time.Hour)
	renewed, err := refresh(idle.Refresh)
	must(t, err)
	now.pass(29 * 24 * time.Hour)
	renewed, err = refresh(renewed.Refresh)
	must(t, err)
	now.pass(31 * 24 * time.Hour)
	_, err = refresh(renewed.Refresh)
	same(t, "a month unused", err, error(chat.ErrBadToken))
}

// Threads of one program, or a program and its own retry, may renew at once.
func TestManyRefreshAtOnce(t *testing.T) {
	for name, store := range map[string]func(testing.TB) chat.Store{
		"sqlite":   func(t testing.TB) chat.Store { return dbtest.SQLite(t) },
		"postgres": func(t testing.TB) chat.Store { return dbtest.OpenPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s, d := store(t), &diary{}
			w := world{Service: chat.NewService(s, d, time.UTC), diary: d, store: s}
			first := w.tokens(t, w.person(t, "Ana"))
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
				same(t, "the successor", g.Refresh, got[0].Refresh)
			}
			_, err := w.RefreshTokens(t.Context(), got[0].Refresh)
			must(t, err)
		})
	}
}

func TestKeysAreRotatedByAge(t *testing.T) {
	w := newWorld(t)
	now := w.clock()
	ana := w.person(t, "Ana")
	old := w.tokens(t, ana)
	now.pass(29 * 24 * time.Hour)
	keys := func() string {
		keys, err := w.store.TokenKeys(t.Context())
		must(t, err)
		names := ""
		for _, k := range keys {
			names += string(rune('0' + k.ID))
		}
		return names
	}
	old, err := w.RefreshTokens(t.Context(), old.Refresh)
	must(t, err)
	same(t, "keys", keys(), "1")
	now.pass(24*time.Hour + time.Second)
	last := w.tokens(t, ana) // by the second key
	same(t, "keys", keys(), "21")
	must(t, w.RotateKeys(t.Context()))
	same(t, "keys", keys(), "32")
	same(t, "by the key before", w.bearer(t, last.Access), true)
	must(t, w.RotateKeys(t.Context()))
	same(t, "by a forgotten key", w.bearer(t, last.Access), false)
	fresh, err := w.RefreshTokens(t.Context(), last.Refresh) // nobody is logged out
	must(t, err)
	same(t, "by the present key", w.bearer(t, fresh.Access), true)
	_, err = w.RefreshTokens(t.Context(), old.Refresh)
	must(t, err)
}

// FuzzRefresh holds that no text but a token that was given renews anything, ends anything or makes Charla panic.
func FuzzRefresh(f *testing.F) {
	store, d := dbtest.SQLite(f), &diary{}
	w := world{Service: chat.NewService(store, d, time.UTC), diary: d, store: store}
	for _, token := range []string{"", "x", strings.Repeat("A", 64), strings.Repeat("-_", 32), "é", "\x00", strings.Repeat("A", 63) + "\n"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := w.RefreshTokens(t.Context(), token); err != chat.ErrBadToken || got != (chat.Tokens{}) {
			t.Fatalf("%q: %v, %v", token, got, err)
		}
	})
}
