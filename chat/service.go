package chat

import (
	"time"
)

// Service is what people can do. The acting person is always an argument; the context carries only deadlines.
type Service struct {
	store  Store
	events Publisher
	zone   *time.Location
	hasher *hasher
	reach  Reach // set before anybody asks
	keys   keyring
	now    func() time.Time

	vault   Vault
	limits  FileLimits
	uploads busy
}

// NewService returns the product over a store. Days are cut in zone. Events are published after they are committed. Files
// need UseVault.
func NewService(store Store, events Publisher, zone *time.Location) *Service {
	return &Service{store: store, events: events, zone: zone, hasher: newHasher(), now: time.Now}
}

func (s *Service) micros() Micros { return At(s.now()) }
