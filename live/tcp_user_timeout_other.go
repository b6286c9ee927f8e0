//go:build !linux

package live

import "time"

// setTCPUserTimeout does nothing here: TCP's own limit stays.
func setTCPUserTimeout(uintptr, time.Duration) {}
