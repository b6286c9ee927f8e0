package chat_test

import (
	"testing"

	"charla/chat"
)

// BenchmarkAuthentication measures finding the user of a request by browser cookie, by bot token, and by access token,
// which is verified and then looked up.
func BenchmarkAuthentication(b *testing.B) {
	w := newFixture(b)
	var ana chat.User
	var cookie string
	err := w.SeedUsers(b.Context(), 1, func(by chat.User, token string) error {
		ana, cookie = by, token
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	_, bot, err := w.CreateBot(b.Context(), ana, "Robot")
	if err != nil {
		b.Fatal(err)
	}
	given, err := w.IssueTokens(b.Context(), chat.Credentials{User: ana}, "", "")
	if err != nil {
		b.Fatal(err)
	}
	for name, ask := range map[string]func() (chat.Session, chat.User, error){
		"cookie": func() (chat.Session, chat.User, error) { return w.Session(b.Context(), cookie) },
		"bot":    func() (chat.Session, chat.User, error) { return w.SessionByBearerToken(b.Context(), bot) },
		"access": func() (chat.Session, chat.User, error) { return w.SessionByBearerToken(b.Context(), given.Access) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
