//go:build unix

package live

import "syscall"

// writeNonblocking writes what a nonblocking descriptor takes now.
func writeNonblocking(fd uintptr, b []byte) int {
	n, err := syscall.Write(int(fd), b)
	if err != nil {
		return 0
	}
	return n
}
