package chat

import (
	"context"
	"crypto/rand"
)

// SecretWriter stores the secrets that all nodes share.
type SecretWriter interface {
	// EnsureSecret stores a secret unless a secret with this name exists, and returns the stored one.
	EnsureSecret(ctx context.Context, name string, value []byte) ([]byte, error)
}

// Secret returns the secret with this name: 64 random bytes that all nodes share. The first call creates the secret.
func (s *Service) Secret(ctx context.Context, name string) (value []byte, err error) {
	fresh := make([]byte, 64)
	rand.Read(fresh)
	err = s.store.InTx(ctx, func(tx Tx) error {
		value, err = tx.EnsureSecret(ctx, name, fresh)
		return err
	})
	return value, err
}
