package chat

import (
	"context"
	"time"
)

// Every calls f at once and then once per interval, until ctx is done. A call that takes longer than the interval
// delays the next one; calls never overlap.
func Every(ctx context.Context, interval time.Duration, f func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		f()
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
