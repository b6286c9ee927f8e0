package chat_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db/dbtest"
)

// TestChangedRightsActAtOnce uses a session, changes what it may do, and uses it again at once. The second use must not
// get what was read for the first. Each case signs in anew, because most of them end the session.
func TestChangedRightsActAtOnce(t *testing.T) {
	for engine, store := range map[string]chat.Store{
		"sqlite": dbtest.OpenSQLite(t), "postgres": dbtest.OpenPostgres(t),
	} {
		w := newFixtureOn(t, store)
		admin := w.addUser(t, "Admin")
		ctx := t.Context()
		for i, c := range []struct {
			name   string
			change func(ben chat.User, used, other chat.Session) error
			want   string
		}{
			{"signing out", func(_ chat.User, used, _ chat.Session) error { return w.EndSession(ctx, used) }, "ended"},
			{"ending one session", func(ben chat.User, used, _ chat.Session) error {
				return w.EndSessionByID(ctx, ben, used.ID)
			}, "ended"},
			{"ending the other sessions", func(ben chat.User, _, other chat.Session) error {
				return w.EndOtherSessions(ctx, ben, other)
			}, "ended"},
			{"changing the password", func(ben chat.User, _, other chat.Session) error {
				return w.ChangePassword(ctx, ben, other, "tortilla-y-pan", "arepa-con-queso")
			}, "ended"},
			{"resetting the password", func(ben chat.User, _, _ chat.Session) error {
				_, token, err := w.CreateResetLink(ctx, ben.Email)
				must(t, err)
				_, err = w.ResetPassword(ctx, token, "arepa-con-queso")
				return err
			}, "ended"},
			{"disabling", func(ben chat.User, _, _ chat.Session) error {
				return w.DisableUser(ctx, admin, ben.ID)
			}, "ended"},
			{"deleting the account", func(ben chat.User, _, _ chat.Session) error {
				return w.DeleteAccount(ctx, ben, "tortilla-y-pan", chat.KeepMessages)
			}, "ended"},
			{"changing the role", func(ben chat.User, _, _ chat.Session) error {
				return w.SetRole(ctx, admin, ben.ID, chat.RoleModerator)
			}, "Ben, moderator"},
			{"making an admin", func(ben chat.User, _, _ chat.Session) error {
				_, err := w.MakeAdminByEmail(ctx, ben.Email)
				return err
			}, "Ben, admin"},
			{"renaming", func(ben chat.User, _, _ chat.Session) error {
				_, err := w.Rename(ctx, ben, "Benjamín")
				return err
			}, "Benjamín, member"},
		} {
			email := fmt.Sprintf("ben%d@example.org", i)
			ben, err := w.Register(ctx, chat.Registration{Name: "Ben", Email: email, Password: "tortilla-y-pan"})
			must(t, err)
			used, token := w.signIn(t, ben)
			other, _ := w.signIn(t, ben)
			rights := func() string {
				_, user, err := w.Session(ctx, token)
				if chat.CodeOf(err) == chat.NotFound {
					return "ended"
				}
				must(t, err)
				return user.Name + ", " + string(user.Role)
			}
			wantEqual(t, engine+": before "+c.name, rights(), "Ben, member")
			must(t, c.change(ben, used, other))
			wantEqual(t, engine+": after "+c.name, rights(), c.want)
		}
		testChangedBotTokens(t, w, admin)
	}
}

// testChangedBotTokens does the same with the tokens of bots.
func testChangedBotTokens(t *testing.T, w fixture, admin chat.User) {
	bot, token, err := w.CreateBot(t.Context(), admin, "Bot")
	must(t, err)
	wantEqual(t, "the token of a new bot is valid", w.tokenIsValid(t, token), true)
	_, next, err := w.RotateBotToken(t.Context(), admin, bot.ID)
	must(t, err)
	wantEqual(t, "the replaced token is valid", w.tokenIsValid(t, token), false)
	wantEqual(t, "the new token is valid", w.tokenIsValid(t, next), true)
	must(t, w.RemoveBot(t.Context(), admin, bot.ID))
	wantEqual(t, "the token of a removed bot is valid", w.tokenIsValid(t, next), false)
}
