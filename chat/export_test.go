package chat

import "time"

// SetClock sets the clock of the service.
func (s *Service) SetClock(now func() time.Time) { s.clock = now }
