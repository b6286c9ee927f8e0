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
	// SigningKeys lists at most limit keys, newest first.
	SigningKeys(ctx context.Context, limit int) ([]SigningKey, error)
}

// SigningKeyWriter stores the keys that sign access tokens.
type SigningKeyWriter interface {
	// InsertSigningKey adds a key and deletes all but the newest keep keys. It adds nothing if another node has already
	// added a key with the same id.
	InsertSigningKey(ctx context.Context, k SigningKey, keep int) error
}

// SigningKey is a key that signs access tokens. A token carries the id of its key.
type SigningKey struct {
	ID        int64     `db:"id"`
	Value     []byte    `db:"value"`
	CreatedAt Timestamp `db:"created_at"`
}

// keyID returns the id of the key as it stands in the "kid" header of a token.
func (k SigningKey) keyID() string { return strconv.FormatInt(k.ID, 10) }

// The lifetime and the size of a key. A key signs tokens for 30 days. It has 256 random bits, as RFC 7518 section 3.2
// requires for HS256.
const (
	keyLifetime = Timestamp(30 * 24 * time.Hour / time.Microsecond)
	keyBytes    = 32
)

// keptSigningKeys is how many keys are kept: the one that signs, and the one before it, whose tokens are still valid.
const keptSigningKeys = 2

// How old a node's cached keys may be before the node reads them again: at most maxKeyAge when it signs or verifies a
// token, and at most maxUnknownKeyAge before it rejects a token because its key is unknown.
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

// fresh returns the cached keys, and whether they were read at most maxAge ago.
func (r *keyCache) fresh(now time.Time, maxAge time.Duration) ([]SigningKey, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys, now.Sub(r.readAt) < maxAge
}

// store puts new keys into the cache.
func (r *keyCache) store(keys []SigningKey, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.readAt = keys, now
}

// signingKeys returns the keys, newest first. It uses the cache if the cached keys were read at most maxAge ago, and
// otherwise reads them from the store.
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
	keys, err := s.store.SigningKeys(ctx, keptSigningKeys)
	if err != nil {
		return nil, err
	}
	s.keys.store(keys, now)
	return keys, nil
}

// signingKey returns the newest key, which signs new tokens. It creates a key if there is none or the newest one is
// older than keyLifetime.
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

// RotateSigningKeys creates a new key for signing access tokens. Tokens that the previous key signed stay valid; tokens
// of earlier keys do not. Other nodes learn the new key when they see its first token, and sign with it within
// maxKeyAge.
func (s *Service) RotateSigningKeys(ctx context.Context) error {
	keys, err := s.store.SigningKeys(ctx, keptSigningKeys)
	if err != nil {
		return err
	}
	next := SigningKey{ID: 1, Value: make([]byte, keyBytes), CreatedAt: s.now()}
	rand.Read(next.Value)
	if len(keys) > 0 {
		next.ID = keys[0].ID + 1
	}
	if err := s.store.InTx(
		ctx, func(tx Tx) error { return tx.InsertSigningKey(ctx, next, keptSigningKeys) },
	); err != nil {
		return err
	}
	_, err = s.readSigningKeys(ctx)
	return err
}
