package chat

import (
	"sync"
	"time"
)

// Service has a method for each thing that people and programs can do. The acting user is always an argument. The
// context carries only deadlines and the request id.
type Service struct {
	store      Store
	events     Publisher
	blobs      BlobStore
	zone       *time.Location
	fileLimits FileLimits
	media      Media

	hasher     *hasher
	keys       keyCache
	community  communityCache
	setupMu    sync.Mutex // held while the first account is made
	needsSetup bool
	uploads    uploadLimiter
	clock      func() time.Time
}

// Options are the dependencies and the configuration of a Service. Store and Events are required.
type Options struct {
	Store      Store
	Events     Publisher      // gets every event after the transaction that caused it has committed
	Blobs      BlobStore      // required only by methods that upload, open or delete files
	TimeZone   *time.Location // the zone in which days begin; nil means UTC
	FileLimits FileLimits     // the zero value means DefaultFileLimits
	Media      Media          // how users who are away can be notified
	NeedsSetup bool           // the first account is made with the set-up link, not by registering
}

// NewService returns a Service with these options.
func NewService(o Options) *Service {
	if o.TimeZone == nil {
		o.TimeZone = time.UTC
	}
	if o.FileLimits == (FileLimits{}) {
		o.FileLimits = DefaultFileLimits
	}
	return &Service{
		store: o.Store, events: o.Events, blobs: o.Blobs, zone: o.TimeZone, fileLimits: o.FileLimits, media: o.Media,
		needsSetup: o.NeedsSetup, hasher: newHasher(), clock: time.Now,
	}
}

func (s *Service) now() Timestamp { return TimestampOf(s.clock()) }
