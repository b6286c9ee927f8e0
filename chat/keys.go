package chat

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"time"
)

// TokenKey signs access tokens. Tokens name it by its id.
type TokenKey struct {
	ID        int64  `db:"id"`
	Value     []byte `db:"value"`
	CreatedAt Micros `db:"created_at"`
}

func (k TokenKey) name() string { return strconv.FormatInt(k.ID, 10) }

// A key signs for a month and is 256 bits of chance, as long as the hash that it keys (RFC 7518 section 3.2).
const (
	keyLife  = Micros(30 * 24 * time.Hour / time.Microsecond)
	keyBytes = 32
)

// How old what a node knows of the keys may be: to sign and to verify, and to turn away a token of a key that it does not
// know.
const (
	keysFresh   = 5 * time.Second
	keysUnknown = time.Second
)

// keyring keeps the keys in memory, so that a token costs no look at them.
type keyring struct {
	mu   sync.Mutex // guards all below
	keys []TokenKey // the newest first
	read time.Time
}

// known returns the keys, unless they were read too long ago.
func (r *keyring) known(now time.Time, age time.Duration) ([]TokenKey, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys, now.Sub(r.read) < age
}

func (r *keyring) keep(keys []TokenKey, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.read = keys, now
}

// tokenKeys returns the keys as they were within age.
func (s *Service) tokenKeys(ctx context.Context, age time.Duration) ([]TokenKey, error) {
	now := s.now()
	if keys, ok := s.keys.known(now, age); ok {
		return keys, nil
	}
	keys, err := s.store.TokenKeys(ctx)
	if err == nil {
		s.keys.keep(keys, now)
	}
	return keys, err
}

// signingKey returns the newest key. The first, and the next after a month, is made when it is asked for.
func (s *Service) signingKey(ctx context.Context) (TokenKey, error) {
	keys, err := s.tokenKeys(ctx, keysFresh)
	if err == nil && (len(keys) == 0 || s.micros()-keys[0].CreatedAt > keyLife) {
		if err = s.RotateKeys(ctx); err == nil {
			keys, err = s.tokenKeys(ctx, keysFresh)
		}
	}
	if err != nil {
		return TokenKey{}, err
	}
	return keys[0], nil
}

// RotateKeys makes a new key to sign access tokens with. The one before it still verifies; those before that do no more.
// Other nodes know it when they meet its first token, and sign with it within seconds.
func (s *Service) RotateKeys(ctx context.Context) error {
	keys, err := s.store.TokenKeys(ctx)
	if err != nil {
		return err
	}
	next := TokenKey{ID: 1, Value: make([]byte, keyBytes), CreatedAt: s.micros()}
	rand.Read(next.Value)
	if len(keys) > 0 {
		next.ID = keys[0].ID + 1
	}
	if err := s.store.InTx(ctx, func(tx Tx) error { return tx.InsertTokenKey(ctx, next) }); err != nil {
		return err
	}
	keys, err = s.store.TokenKeys(ctx)
	if err == nil {
		s.keys.keep(keys, s.now())
	}
	return err
}
