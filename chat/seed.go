package chat

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// seedBatchSize is how many users one transaction creates. Many users then share the cost of a commit, but General is
// not locked for long while a server is running.
const seedBatchSize = 500

// seedUser is a user to create, together with the created user and their session token.
type seedUser struct {
	account NewUser
	token   string
	user    User
	joined  MemberJoined
}

// SeedUsers creates n users for measurements. Each is a member of General and has a live session, but no password, so
// that nobody can log in as them. After each commit it calls the function each for every new user, in the order of
// their ids, with the token of their session.
func (s *Service) SeedUsers(ctx context.Context, n int, each func(by User, token string) error) error {
	for made := 0; made < n; made += seedBatchSize {
		batch := s.newSeedUsers(made, min(n-made, seedBatchSize))
		if err := s.store.InTx(ctx, func(tx Tx) error { return s.insertSeedUsers(ctx, tx, batch) }); err != nil {
			return err
		}
		for _, p := range batch {
			s.events.Publish(p.joined)
			if err := each(p.user, p.token); err != nil {
				return err
			}
		}
	}
	return nil
}

// newSeedUsers prepares n users. It makes their random values outside the transaction, which may run more than once.
// Their empty password hash matches no password.
func (s *Service) newSeedUsers(from, n int) []seedUser {
	batch := make([]seedUser, n)
	for i := range batch {
		name := fmt.Sprintf("Person %d", from+i+1)
		email := strings.ToLower(rand.Text()) + "@seed.invalid"
		batch[i].token = newToken()
		batch[i].account = NewUser{
			Name: name, NameKey: NameKey(name), Email: email, EmailKey: email, CreatedAt: s.now(),
		}
	}
	return batch
}

// insertSeedUsers creates the users of a batch with their sessions.
func (s *Service) insertSeedUsers(ctx context.Context, tx Tx, batch []seedUser) (err error) {
	for i := range batch {
		p := &batch[i]
		if p.user, p.joined, err = createUser(ctx, tx, p.account); err != nil {
			return err
		}
		session := newSession(p.user.ID, BrowserSession, p.account.CreatedAt)
		if _, err = tx.InsertSession(ctx, session, hashToken(p.token)); err != nil {
			return err
		}
	}
	return nil
}
