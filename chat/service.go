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
	media  Media // set before anybody asks
	keys   keyCache
	clock  func() time.Time

	blobs      BlobStore
	fileLimits FileLimits
	uploads    uploadLimiter
}

// NewService returns the product over a store. Days are cut in zone. Events are published after they are committed. Files
// need UseBlobStore.
func NewService(store Store, events Publisher, zone *time.Location) *Service {
	return &Service{store: store, events: events, zone: zone, hasher: newHasher(), clock: time.Now}
}

func (s *Service) now() Timestamp { return TimestampOf(s.clock()) }
