package chat

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// seedBatchSize is how many people share a transaction: the commit costs each of them little, and General is not locked for
// long on a server that runs.
const seedBatchSize = 500

// seedUser is a person in the making: what the transaction does not decide.
type seedUser struct {
	account NewUser
	token   string
	user    User
	joined  MemberJoined
}

// SeedUsers makes n people to measure with: members of General, each with a live session and with a password that nobody can
// type. It calls each with a person and the token of their session after they are committed, in the order of their ids.
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

// newSeedUsers draws what is random outside the transaction, which may run again. An empty hash matches no password.
func (s *Service) newSeedUsers(from, n int) []seedUser {
	batch := make([]seedUser, n)
	for i := range batch {
		name, email := fmt.Sprintf("Person %d", from+i+1), strings.ToLower(rand.Text())+"@seed.invalid"
		batch[i].token = newToken()
		batch[i].account = NewUser{Name: name, NameKey: NameKey(name), Email: email, EmailKey: email, CreatedAt: s.now()}
	}
	return batch
}

func (s *Service) insertSeedUsers(ctx context.Context, tx Tx, batch []seedUser) (err error) {
	for i := range batch {
		p := &batch[i]
		if p.user, p.joined, err = createUser(ctx, tx, p.account); err != nil {
			return err
		}
		if _, err = tx.InsertSession(ctx, newSession(p.user.ID, BrowserSession, p.account.CreatedAt), hashToken(p.token)); err != nil {
			return err
		}
	}
	return nil
}
