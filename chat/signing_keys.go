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

// SigningKey is a key that signs access tokens. A token carries the id of its key.
type SigningKey struct {
	ID        int64     `db:"id"`
	Value     []byte    `db:"value"`
	CreatedAt Timestamp `db:"created_at"`
}

// keyID returns the id as the "kid" header of a token has it.
func (k SigningKey) keyID() string { return strconv.FormatInt(k.ID, 10) }

// A key signs tokens for 30 days. It has 256 random bits, as RFC 7518 section 3.2 requires for HS256.
const (
	keyLifetime = Timestamp(30 * 24 * time.Hour / time.Microsecond)
	keyBytes    = 32
)

// How old the cached keys of a node may be. It signs and verifies with keys up to maxKeyAge; before it rejects a token
// because its key is unknown, it reads keys that are older than maxUnknownKeyAge again.
const (
	maxKeyAge        = 5 * time.Second
	maxUnknownKeyAge = time.Second
)

// keyCache caches the signing keys, so that checking a token needs no query.
type keyCache struct {
	mu     sync.Mutex   // guards the fields below
	keys   []SigningKey // newest first
	readAt time.Time
}

// fresh returns the cached keys, and whether they were read within maxAge.
func (r *keyCache) fresh(now time.Time, maxAge time.Duration) ([]SigningKey, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys, now.Sub(r.readAt) < maxAge
}

// store replaces the cached keys.
func (r *keyCache) store(keys []SigningKey, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.readAt = keys, now
}

// signingKeys returns the keys, newest first. It reads them from the store if the cached ones are older than maxAge.
func (s *Service) signingKeys(ctx context.Context, maxAge time.Duration) ([]SigningKey, error) {
	now := s.clock()
	if keys, ok := s.keys.fresh(now, maxAge); ok {
		return keys, nil
	}
	return s.readSigningKeys(ctx)
}

// readSigningKeys reads the keys from the store into the cache.
func (s *Service) readSigningKeys(ctx context.Context) ([]SigningKey, error) {
	now := s.clock()
	keys, err := s.store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	s.keys.store(keys, now)
	return keys, nil
}

// signingKey returns the newest key. It creates one if there is none or the newest has reached its lifetime.
func (s *Service) signingKey(ctx context.Context) (SigningKey, error) {
	keys, err := s.signingKeys(ctx, maxKeyAge)
	if err != nil {
		return SigningKey{}, err
	}
	if len(keys) > 0 && s.now()-keys[0].CreatedAt <= keyLifetime {
		return keys[0], nil
	}
	if err := s.RotateSigningKeys(ctx); err != nil {
		return SigningKey{}, err
	}
	if keys, err = s.signingKeys(ctx, maxKeyAge); err != nil {
		return SigningKey{}, err
	}
	return keys[0], nil
}

// RotateSigningKeys creates a new key for signing access tokens. The previous key still verifies tokens; older ones do
// not. Other nodes learn the new key when they see its first token, and sign with it within maxKeyAge.
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
	_, err = s.readSigningKeys(ctx)
	return err
}
