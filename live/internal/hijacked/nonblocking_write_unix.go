//go:build unix

package hijacked

import "syscall"

// writeNonblocking writes as many bytes of b as the file descriptor fd accepts without blocking, and returns their
// number.
func writeNonblocking(fd uintptr, b []byte) int {
	n, err := syscall.Write(int(fd), b)
	if err != nil {
		return 0
	}
	return n
}
