package hijacked

import (
	"syscall"
	"time"
)

// optTCPUserTimeout is TCP_USER_TIMEOUT from linux/tcp.h, which package syscall does not define.
const optTCPUserTimeout = 18

// setTCPUserTimeout makes the kernel close a connection if sent bytes stay unacknowledged for d. If setting the option
// fails, the much longer default of TCP applies.
func setTCPUserTimeout(fd uintptr, d time.Duration) {
	syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, optTCPUserTimeout, int(d.Milliseconds()))
}
