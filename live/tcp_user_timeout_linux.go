package live

import (
	"syscall"
	"time"
)

// optTCPUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, which package syscall does not name.
const optTCPUserTimeout = 18

// setTCPUserTimeout ends a connection when what was sent is not confirmed for d. Where that fails, TCP's own limit stays.
func setTCPUserTimeout(fd uintptr, d time.Duration) {
	syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, optTCPUserTimeout, int(d.Milliseconds()))
}
