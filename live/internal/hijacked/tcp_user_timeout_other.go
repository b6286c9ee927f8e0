//go:build !linux

package hijacked

import "time"

// setTCPUserTimeout does nothing on this platform: the default timeout of TCP applies.
func setTCPUserTimeout(uintptr, time.Duration) {}
