//go:build !linux

package live

import "time"

// limitSilence does nothing here: TCP's own limit stays.
func limitSilence(uintptr, time.Duration) {}
