package chat

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"time"
)

// SigningKeyReader reads the keys that sign access tokens.
type SigningKeyReader interface {
	// SigningKeys lists the two newest keys, newest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
}

// SigningKeyWriter stores the keys that sign access tokens.
type SigningKeyWriter interface {
	// InsertSigningKey adds a key and deletes all others except the one before it. It does nothing if another node has
	// already added a key with this id.
	InsertSigningKey(ctx context.Context, k SigningKey) error
}

// SigningKey signs access tokens. Tokens name it by its id.
type SigningKey struct {
	ID        int64     `db:"id"`
	Value     []byte    `db:"value"`
	CreatedAt Timestamp `db:"created_at"`
}

func (k SigningKey) keyID() string { return strconv.FormatInt(k.ID, 10) }

// A key signs for a month and is 256 bits of chance, as long as the hash that it keys (RFC 7518 section 3.2).
const (
	keyLifetime = Timestamp(30 * 24 * time.Hour / time.Microsecond)
	keyBytes    = 32
)

// How old what a node knows of the keys may be: to sign and to verify, and to turn away a token of a key that it does not
// know.
const (
	maxKeyAge        = 5 * time.Second
	maxUnknownKeyAge = time.Second
)

// keyCache keeps the keys in memory, so that a token costs no look at them.
type keyCache struct {
	mu     sync.Mutex   // guards all below
	keys   []SigningKey // the newest first
	readAt time.Time
}

// replayPosted returns the keys, unless they were read too long ago.
func (r *keyCache) fresh(now time.Time, age time.Duration) ([]SigningKey, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys, now.Sub(r.readAt) < age
}

func (r *keyCache) store(keys []SigningKey, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.readAt = keys, now
}

// signingKeys returns the keys as they were within age.
func (s *Service) signingKeys(ctx context.Context, age time.Duration) ([]SigningKey, error) {
	now := s.clock()
	if keys, ok := s.keys.fresh(now, age); ok {
		return keys, nil
	}
	keys, err := s.store.SigningKeys(ctx)
	if err == nil {
		s.keys.store(keys, now)
	}
	return keys, err
}

// signingKey returns the newest key. The first, and the next after a month, is made when it is asked for.
func (s *Service) signingKey(ctx context.Context) (SigningKey, error) {
	keys, err := s.signingKeys(ctx, maxKeyAge)
	if err == nil && (len(keys) == 0 || s.now()-keys[0].CreatedAt > keyLifetime) {
		if err = s.RotateSigningKeys(ctx); err == nil {
			keys, err = s.signingKeys(ctx, maxKeyAge)
		}
	}
	if err != nil {
		return SigningKey{}, err
	}
	return keys[0], nil
}

// RotateSigningKeys makes a new key to sign access tokens with. The one before it still verifies; those before that do no more.
// Other nodes know it when they meet its first token, and sign with it within seconds.
func (s *Service) RotateSigningKeys(ctx context.Context) error {
	keys, err := s.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	next := SigningKey{ID: 1, Value: make([]byte, keyBytes), CreatedAt: s.now()}
	rand.Read(next.Value)
	if len(keys) > 0 {
		next.ID = keys[0].ID + 1
	}
	if err := s.store.InTx(ctx, func(tx Tx) error { return tx.InsertSigningKey(ctx, next) }); err != nil {
		return err
	}
	keys, err = s.store.SigningKeys(ctx)
	if err == nil {
		s.keys.store(keys, s.clock())
	}
	return err
}
